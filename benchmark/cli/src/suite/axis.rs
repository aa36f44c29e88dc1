//! An axis of a matrix: a key and its values, read from a value, a list or a range.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problems, excerpt};
use super::range::{self, Pace};
use super::scalar::{self, Quantity};
use crate::case::Kind;
use crate::library::suggestion;

/// A key and its values.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    /// The key, or the parameter.
    pub(super) name: String,
    /// Where the key stands, as an offset in bytes.
    pub(super) at: usize,
    /// What it may be; never empty in a good file.
    pub(super) values: Vec<Given>,
}

/// One value of an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Given {
    /// What its flag is given: one text, none where the option is left out, several for a flag that repeats.
    pub(super) texts: Vec<String>,
    /// Where it stands, as an offset in bytes.
    pub(super) at: usize,
}

/// How the values of a key are read.
pub(super) struct Reading<'a> {
    /// The key's name.
    pub(super) name: &'a str,
    /// What each value looks like.
    pub(super) kind: Kind,
    /// Whether `"none"` leaves it out.
    pub(super) optional: bool,
    /// Whether there may be several values.
    pub(super) many: bool,
    /// What is wrong with a text of the right type, if anything.
    pub(super) check: &'a mut dyn FnMut(&[String]) -> Result<(), String>,
    /// The file's text.
    pub(super) file: &'a str,
    /// Where problems go.
    pub(super) problems: &'a mut Problems,
}

impl Reading<'_> {
    /// The values of an axis; those that are no good are left out and named.
    pub(super) fn axis(mut self, at: usize, value: &Spanned<DeValue<'_>>) -> Axis {
        let values = match value.get_ref() {
            DeValue::Array(list) if list.is_empty() => {
                self.problems.add(value.span().start, format!("`{}` is an empty list: it needs a value", self.name));
                Vec::new()
            }
            DeValue::Array(list) => self.list(list),
            DeValue::Table(table) if self.kind.has_ranges() => self.range(table, value.span()),
            _ => self.one(value).into_iter().collect(),
        };
        Axis { name: self.name.to_owned(), at, values }
    }

    /// The one value of a key that takes no list.
    pub(super) fn single(mut self, value: &Spanned<DeValue<'_>>) -> Option<Given> {
        if matches!(value.get_ref(), DeValue::Array(_) | DeValue::Table(_)) {
            let value_text = self.excerpt(value.span());
            let text =
                format!("`{}` is one for the whole campaign: {}, not `{value_text}`", self.name, self.kind.wanted());
            self.problems.add(value.span().start, text);
            return None;
        }
        self.one(value)
    }

    fn list(&mut self, list: &[Spanned<DeValue<'_>>]) -> Vec<Given> {
        let mut values: Vec<Given> = Vec::new();
        for value in list {
            let Some(given) = self.one(value) else { continue };
            if values.iter().any(|known| known.texts == given.texts) {
                let text = format!("`{}` is in the list of `{}` already", self.excerpt(value.span()), self.name);
                self.problems.add(given.at, text);
            }
            values.push(given);
        }
        values
    }

    fn one(&mut self, value: &Spanned<DeValue<'_>>) -> Option<Given> {
        let at = value.span().start;
        if self.optional && value.get_ref().as_str() == Some("none") {
            return Some(Given { texts: Vec::new(), at });
        }
        let texts = match value.get_ref() {
            DeValue::Array(specs) if self.kind.repeats() => {
                specs.iter().map(|spec| self.text(spec)).collect::<Option<Vec<_>>>()?
            }
            _ => vec![self.text(value)?],
        };
        match (self.check)(&texts) {
            Ok(()) => Some(Given { texts, at }),
            Err(problem) => {
                self.problems.add(at, problem);
                None
            }
        }
    }

    /// A value of the right type and within its bounds.
    fn text(&mut self, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let at = value.span().start;
        let Some(text) = scalar::text(self.kind, value.get_ref()) else {
            self.problems.add(at, self.wrong_type(value));
            return None;
        };
        if let (Kind::Count { .. }, Err(problem)) = (self.kind, self.kind.parse(self.name, &text)) {
            self.problems.add(at, problem);
            return None;
        }
        Some(text)
    }

    /// A value as the file has it, unless it is kept nowhere.
    fn excerpt(&self, span: Range<usize>) -> String {
        if self.kind == Kind::Headers { "***".to_owned() } else { excerpt(self.file, span) }
    }

    fn wrong_type(&self, value: &Spanned<DeValue<'_>>) -> String {
        let kind = match value.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "a boolean",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list in a list",
            DeValue::Table(_) => "a table",
        };
        let more = match (self.many, self.kind.has_ranges()) {
            (false, _) => "",
            (true, false) => ", or a list",
            (true, true) => ", a list, or a range",
        };
        let value = self.excerpt(value.span());
        format!("`{value}` is {kind}: `{}` takes {}{more}", self.name, self.kind.wanted())
    }

    fn range(&mut self, table: &DeTable<'_>, span: Range<usize>) -> Vec<Given> {
        const PARTS: [&str; 4] = ["from", "to", "factor", "step"];
        let mut whole = true;
        for (key, _) in table.iter().filter(|(key, _)| !PARTS.contains(&key.get_ref().as_ref())) {
            let (part, near) = (key.get_ref(), suggestion(key.get_ref(), &PARTS));
            self.problems
                .add(key.span().start, format!("unknown part `{part}` of a range{near} (known: {})", PARTS.join(", ")));
            whole = false;
        }
        let paces = [table.get("factor"), table.get("step")].into_iter().flatten().count();
        if paces != 1 || table.get("from").is_none() || table.get("to").is_none() {
            let text = format!(
                "`{}` is no range: it has `from`, `to`, and either `factor` or `step`",
                self.excerpt(span.clone())
            );
            self.problems.add(span.start, text);
            whole = false;
        }
        if !whole {
            return Vec::new();
        }
        let end = |reading: &mut Self, part: &str| {
            let given = reading.one(table.get(part)?)?;
            let quantity = given.texts.first().and_then(|text| scalar::quantity(reading.kind, text));
            if quantity.is_none() {
                reading.problems.add(given.at, format!("`{part}` of a range must be {}", reading.kind.wanted()));
            }
            quantity
        };
        let (from, to) = (end(self, "from"), end(self, "to"));
        let pace = self.pace(table);
        let (Some(from), Some(to), Some((pace, percent))) = (from, to, pace) else { return Vec::new() };
        if from.percent != to.percent || percent.is_some_and(|percent| percent != from.percent) {
            self.problems.add(span.start, "a range is either of rates or of percentages, not of both");
            return Vec::new();
        }
        let integral = matches!(self.kind, Kind::Count { .. } | Kind::Size { .. } | Kind::Duration { .. });
        match range::values(from.number, to.number, pace, integral) {
            Ok(numbers) => numbers
                .into_iter()
                .map(|number| scalar::write(self.kind, Quantity { number, percent: from.percent }))
                .map(|text| Given { texts: vec![text], at: span.start })
                .collect(),
            Err(problem) => {
                self.problems.add(span.start, format!("`{}`: {problem}", self.excerpt(span.clone())));
                Vec::new()
            }
        }
    }

    /// How a range goes on, and whether its step is a percentage.
    fn pace(&mut self, table: &DeTable<'_>) -> Option<(Pace, Option<bool>)> {
        let factor = Kind::Number { of: "times" };
        let (part, kind) = if table.contains_key("factor") { ("factor", factor) } else { ("step", self.kind) };
        let value = table.get(part)?;
        let quantity = scalar::text(kind, value.get_ref()).and_then(|text| scalar::quantity(kind, &text));
        let Some(quantity) = quantity.filter(|quantity| quantity.number.is_finite()) else {
            let text = format!("`{}`: `{part}` must be {}", self.excerpt(value.span()), kind.wanted());
            self.problems.add(value.span().start, text);
            return None;
        };
        Some(match part {
            "factor" => (Pace::Factor(quantity.number), None),
            _ => (Pace::Step(quantity.number), Some(quantity.percent)),
        })
    }
}
