//! The text of a suite as tables of axes, every key known and every value good by itself.

use benchmark_protocol::inject;
use benchmark_protocol::tests::Test;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::axis::{Axis, Given, Reading};
use super::file::Source;
use super::problem::{Problems, excerpt};
use crate::case::{CaseOption, Kind, OPTIONS, Suites, Value, check_together, named};
use crate::library::{self, Library, suggestion};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// `[suite]` name.
    pub(super) name: Option<String>,
    /// `[suite]` description.
    pub(super) description: Option<String>,
    /// The options of the whole campaign.
    pub(super) campaign: Vec<(&'static CaseOption, Given)>,
    /// Each `[[matrix]]`, with what `[defaults]` adds.
    pub(super) matrices: Vec<Matrix>,
}

/// A product of axes.
#[derive(Clone, Debug, Default)]
pub(super) struct Matrix {
    /// Where it begins, as an offset in bytes.
    pub(super) at: usize,
    /// `library`, `test`, and every option that shapes the load.
    pub(super) axes: Vec<Axis>,
    /// Parameters of tests.
    pub(super) params: Vec<Axis>,
    /// Whether what a library does not support is left out, where it is said.
    pub(super) skip_unsupported: Option<bool>,
}

/// Keys of `[defaults]` and `[[matrix]]` that are no flags of a load.
pub(super) const SELECTION: [&str; 4] = ["library", "test", "params", "skip_unsupported"];

/// The tables of a file.
const TABLES: [&str; 3] = ["suite", "defaults", "matrix"];

/// The option of a key, wherever it may stand.
fn of_suites(name: &str) -> Option<&'static CaseOption> {
    named(name).filter(|option| option.suites != Suites::Nowhere)
}

/// The options that may stand once for the campaign, or in a matrix.
pub(super) fn keys(once: bool) -> impl Iterator<Item = &'static CaseOption> {
    OPTIONS.iter().filter(move |option| option.suites != Suites::Nowhere && (option.suites == Suites::Once) == once)
}

/// Reads a file.
pub(super) fn read(source: &Source, libraries: &[Library], problems: &mut Problems) -> Document {
    let (table, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        problems.add(at, format!("not TOML: {}", error.message().replace('\n', ", ")));
    }
    if !errors.is_empty() {
        return Document::default();
    }
    Reader { file: &source.text, libraries, problems }.document(table.get_ref())
}

struct Reader<'a> {
    file: &'a str,
    libraries: &'a [Library],
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn document(mut self, file: &DeTable<'_>) -> Document {
        for (key, _) in file.iter().filter(|(key, _)| !TABLES.contains(&key.get_ref().as_ref())) {
            let (name, near) = (key.get_ref(), suggestion(key.get_ref(), &TABLES));
            let text = format!("unknown table or key `{name}`{near} (a suite has [suite], [defaults] and [[matrix]])");
            self.problems.add(key.span().start, text);
        }
        let mut document = Document::default();
        if let Some(suite) = file.get("suite") {
            self.suite(suite, &mut document);
        }
        let defaults = file.get("defaults").map(|defaults| self.matrix(defaults, "[defaults]")).unwrap_or_default();
        match file.get("matrix").map(|matrix| (matrix, matrix.get_ref())) {
            Some((_, DeValue::Array(list))) if !list.is_empty() => {
                document.matrices = list.iter().map(|matrix| self.matrix(matrix, "[[matrix]]")).collect();
            }
            Some((matrix, DeValue::Table(_))) => {
                self.problems.add(matrix.span().start, "write `[[matrix]]` with two brackets: there may be several");
            }
            Some((matrix, _)) => self.problems.add(matrix.span().start, "`matrix` must be a table, `[[matrix]]`"),
            None => self.problems.add(
                self.file.len(),
                "a suite has at least one `[[matrix]]`; an empty one is every library and the core tests",
            ),
        }
        document.matrices.iter_mut().for_each(|matrix| matrix.complete(&defaults));
        document
    }

    fn suite(&mut self, suite: &Spanned<DeValue<'_>>, document: &mut Document) {
        let Some(table) = self.table(suite, "[suite]") else { return };
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            match (name, of_suites(name)) {
                ("name" | "description", _) => match value.get_ref().as_str() {
                    Some(text) if name == "name" => document.name = Some(text.to_owned()),
                    Some(text) => document.description = Some(text.to_owned()),
                    None => self.problems.add(
                        value.span().start,
                        format!("`{}`: `{name}` takes a text in quotes", excerpt(self.file, value.span())),
                    ),
                },
                (_, Some(known)) if known.suites == Suites::Once => {
                    let given = self.reading(known, |reading| reading.single(value));
                    document.campaign.extend(given.map(|given| (known, given)));
                }
                (_, Some(_)) => self
                    .problems
                    .add(key.span().start, format!("`{name}` shapes the load: it goes into [defaults] or [[matrix]]")),
                (_, None) if SELECTION.contains(&name) => {
                    self.problems.add(key.span().start, format!("`{name}` goes into [defaults] or [[matrix]]"));
                }
                (_, None) => {
                    let known = ["name", "description"].into_iter().chain(keys(true).map(|key| key.name));
                    self.unknown(key, "[suite]", &known.collect::<Vec<_>>());
                }
            }
        }
    }

    fn matrix(&mut self, matrix: &Spanned<DeValue<'_>>, title: &str) -> Matrix {
        let mut read = Matrix { at: matrix.span().start, ..Matrix::default() };
        let Some(table) = self.table(matrix, title) else { return read };
        for (key, value) in table {
            let (name, at) = (key.get_ref().as_ref(), key.span().start);
            match (name, of_suites(name)) {
                ("library" | "test", _) => read.axes.push(self.selected(name, at, value)),
                ("params", _) => read.params = self.params(value),
                ("skip_unsupported", _) => match value.get_ref().as_bool() {
                    Some(skip) => read.skip_unsupported = Some(skip),
                    None => self.problems.add(
                        value.span().start,
                        format!("`{}`: `{name}` takes `true` or `false`", excerpt(self.file, value.span())),
                    ),
                },
                (_, Some(known)) if known.suites != Suites::Once => {
                    let axis = self.reading(known, |reading| reading.axis(at, value));
                    read.axes.push(axis);
                }
                (_, Some(_)) => {
                    let text = format!("`{name}` is one for the whole campaign: it goes into [suite], as one value");
                    self.problems.add(at, text);
                }
                (_, None) => {
                    let known = SELECTION.into_iter().chain(keys(false).map(|key| key.name));
                    self.unknown(key, title, &known.collect::<Vec<_>>());
                }
            }
        }
        let at_of = |name: &str| read.axes.iter().find(|axis| axis.name == name).map(|axis| axis.at);
        if let (Some(_), Some(at)) = (at_of("duration"), at_of("requests")) {
            self.problems.add(at, "`requests` and `duration` both end the window: name one of them");
        }
        read
    }

    fn table<'a, 'b>(&mut self, value: &'a Spanned<DeValue<'b>>, title: &str) -> Option<&'a DeTable<'b>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            let text = format!("`{}` is no table: write {title}", excerpt(self.file, value.span()));
            self.problems.add(value.span().start, text);
        }
        table
    }

    fn unknown(&mut self, key: &Spanned<toml::de::DeString<'_>>, place: &str, known: &[&str]) {
        let name = key.get_ref();
        let parameter = Test::all().find(|test| test.parameters().iter().any(|known| known.name == *name));
        let text = match parameter {
            Some(test) if place != "[suite]" => {
                format!("`{name}` is a parameter of {}: write `params = {{ {name} = ... }}`", test.name())
            }
            _ => format!("unknown key `{name}` in {place}{} (known: {})", suggestion(name, known), known.join(", ")),
        };
        self.problems.add(key.span().start, text);
    }

    fn reading<T>(&mut self, key: &'static CaseOption, read: impl FnOnce(Reading<'_>) -> T) -> T {
        let mut check = |texts: &[String]| {
            texts.iter().try_for_each(|text| key.parse(text).map(drop))?;
            let values: Vec<Value> = texts.iter().filter_map(|text| key.parse(text).ok()).collect();
            match Value::together(&values) {
                Some(Value::Specs(specs)) => inject::check_together(&specs)?,
                Some(Value::Headers(headers)) => check_together(&headers)?,
                _ => {}
            }
            Ok(())
        };
        let (name, kind, optional) = (key.name, key.kind, key.suites == Suites::OptionalAxis);
        let many = key.suites != Suites::Once;
        read(Reading { name, kind, optional, many, check: &mut check, file: self.file, problems: self.problems })
    }

    fn selected(&mut self, name: &str, at: usize, value: &Spanned<DeValue<'_>>) -> Axis {
        let libraries = self.libraries;
        let mut check = |texts: &[String]| {
            texts.iter().try_for_each(|text| match name {
                "library" => library::named(libraries, text).map(drop).map_err(|refused| refused.0),
                _ => library::test_named(text).map(drop).map_err(|refused| refused.0),
            })
        };
        let (file, problems) = (self.file, &mut *self.problems);
        Reading { name, kind: Kind::Text, optional: false, many: true, check: &mut check, file, problems }
            .axis(at, value)
    }

    fn params(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<Axis> {
        let Some(table) = self.table(value, "`params = { name = value }`") else { return Vec::new() };
        let mut axes = Vec::new();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            let every = || Test::all().flat_map(Test::parameters);
            let Some(parameter) = every().find(|parameter| parameter.name == name) else {
                let names: Vec<&str> = every().map(|parameter| parameter.name).collect();
                let text =
                    format!("unknown parameter `{name}`{} (known: {})", suggestion(name, &names), names.join(", "));
                self.problems.add(key.span().start, text);
                continue;
            };
            // Tests may share a name: what one of them takes is good, and which do is seen where cases are made.
            let takes = |text: &String| {
                let read: Vec<_> =
                    every().filter(|known| known.name == name).map(|known| known.normalise(text)).collect();
                read.iter().find(|read| read.is_ok()).or(read.first()).cloned().unwrap_or(Ok(String::new())).map(drop)
            };
            let mut check = |texts: &[String]| texts.iter().try_for_each(takes);
            let (file, problems, kind) = (self.file, &mut *self.problems, Kind::of(parameter.kind));
            let reading = Reading { name, kind, optional: false, many: true, check: &mut check, file, problems };
            axes.push(reading.axis(key.span().start, value));
        }
        axes
    }
}

impl Matrix {
    /// Adds what `[defaults]` says and this matrix does not. The window has one end: either says it.
    fn complete(&mut self, defaults: &Self) {
        let has = |axes: &[Axis], name: &str| axes.iter().any(|axis| axis.name == name);
        for axis in &defaults.axes {
            let ends = ["duration", "requests"];
            let ended = ends.contains(&axis.name.as_str()) && ends.iter().any(|name| has(&self.axes, name));
            if !has(&self.axes, &axis.name) && !ended {
                self.axes.push(axis.clone());
            }
        }
        let missing: Vec<Axis> =
            defaults.params.iter().filter(|axis| !has(&self.params, &axis.name)).cloned().collect();
        self.params.extend(missing);
        self.skip_unsupported = self.skip_unsupported.or(defaults.skip_unsupported);
        self.axes.sort_by_key(|axis| axis.at);
        self.params.sort_by_key(|axis| axis.at);
    }

    /// The axis of this name.
    pub(super) fn axis(&self, name: &str) -> Option<&Axis> {
        self.axes.iter().find(|axis| axis.name == name)
    }

    /// Puts one value in the place of an axis.
    pub(super) fn replace(&mut self, name: &str, texts: Vec<String>) {
        self.remove(name);
        let values = vec![Given { texts, at: self.at }];
        self.axes.push(Axis { name: name.to_owned(), at: self.at, values });
    }

    /// Takes an axis away.
    pub(super) fn remove(&mut self, name: &str) {
        self.axes.retain(|axis| axis.name != name);
    }

    /// The tests that it runs.
    pub(super) fn tests(&self) -> Vec<Test> {
        let named = |axis: &Axis| {
            axis.values.iter().flat_map(|given| &given.texts).filter_map(|name| Test::named(name)).collect()
        };
        self.axis("test").map_or_else(|| Test::all().filter(|test| test.is_core()).collect(), named)
    }
}
