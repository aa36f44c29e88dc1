//! The product of a matrix, as checked cases: tests outermost, then the axes in the order of the file, libraries innermost, so
//! that a campaign of one block measures libraries under the same conditions one after the other.

use std::collections::{BTreeMap, HashMap, HashSet};

use benchmark_protocol::tests::Test;

use super::axis::{Axis, Given};
use super::problem::Problems;
use super::read::{Document, Matrix};
use crate::case::{Case, Header, OPTIONS, case_key};
use crate::library::{self, Library};
use crate::plan::{self, LoadOptions, Refused};

/// The most cases that a suite may have.
const MOST_CASES: u128 = 10_000;

/// Cases that were left out, as their library does not support what they ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// How many.
    pub cases: usize,
    /// Why, with the library and the option.
    pub reason: String,
}

/// What became of a document.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// Every case, once.
    pub(super) cases: Vec<Case>,
    /// What was left out.
    pub(super) skipped: Vec<Skipped>,
}

/// The cases of every matrix; equal ones are merged. Where the file has problems already, only those are added that stand at a
/// value: a bad value was left out, and what is said of the rest as a whole might be made up.
pub(super) fn expand(document: &Document, libraries: &[Library], problems: &mut Problems) -> Expanded {
    let campaign = document.campaign.iter().map(|(key, given)| (key.name, given));
    let campaign: Vec<(&str, &str)> =
        campaign.flat_map(|(name, given)| given.texts.iter().map(move |text| (name, text.as_str()))).collect();
    let good = problems.is_empty();
    let mut expansion = Expansion {
        libraries,
        good,
        campaign,
        problems,
        known: HashMap::new(),
        cases: Vec::new(),
        skipped: BTreeMap::new(),
        idle: BTreeMap::new(),
        used: HashSet::new(),
    };
    let mut total = 0;
    for matrix in &document.matrices {
        total += expansion.count(matrix);
        if total > MOST_CASES {
            let text = format!("the suite has {total} cases up to here: {MOST_CASES} are the most");
            expansion.problems.add(matrix.at, text);
            break;
        }
        expansion.matrix(matrix);
    }
    let Expansion { cases, skipped, idle, used, problems, .. } = expansion;
    idle.into_iter().filter(|(at, _)| good && !used.contains(at)).for_each(|(at, text)| problems.add(at, text));
    Expanded { cases, skipped: skipped.into_iter().map(|(reason, cases)| Skipped { cases, reason }).collect() }
}

struct Expansion<'a> {
    libraries: &'a [Library],
    /// Whether the file had no problems before.
    good: bool,
    campaign: Vec<(&'a str, &'a str)>,
    problems: &'a mut Problems,
    /// Keys of the cases so far, with their place.
    known: HashMap<String, usize>,
    cases: Vec<Case>,
    skipped: BTreeMap<String, usize>,
    /// What had no effect in some matrix: where it stands, and why. Those of `[defaults]` may have one in another.
    idle: BTreeMap<usize, String>,
    used: HashSet<usize>,
}

/// A value of each axis.
type Combination<'a> = Vec<(&'a str, &'a Given)>;

impl Expansion<'_> {
    fn matrix(&mut self, matrix: &Matrix) {
        self.look_for_idle(matrix);
        for test in matrix.tests() {
            let axes = axes(matrix, test);
            let libraries = self.having(matrix, test);
            for combination in product(&axes) {
                let Some(options) = self.options(matrix, &combination) else { continue };
                for library in &libraries {
                    self.case(matrix, &combination, library, test, &options);
                }
            }
        }
    }

    /// How many cases a matrix has, before equal ones are merged.
    fn count(&self, matrix: &Matrix) -> u128 {
        let of_test = |test: Test| {
            let values = axes(matrix, test).into_iter().map(|axis| axis.values.len() as u128);
            values.fold(self.having(matrix, test).len() as u128, u128::saturating_mul)
        };
        matrix.tests().into_iter().map(of_test).fold(0, u128::saturating_add)
    }

    /// The libraries of a matrix that have a test, in the order of the file.
    fn having(&self, matrix: &Matrix, test: Test) -> Vec<Library> {
        let chosen: Vec<&Library> = match matrix.axis("library") {
            None => self.libraries.iter().collect(),
            Some(axis) => {
                let names = axis.values.iter().flat_map(|given| &given.texts);
                names.filter_map(|name| library::named(self.libraries, name).ok()).collect()
            }
        };
        chosen.into_iter().filter(|library| library.tests.contains(&test)).cloned().collect()
    }

    /// Notes what a matrix says to no effect.
    fn look_for_idle(&mut self, matrix: &Matrix) {
        let tests = matrix.tests();
        let names = || tests.iter().map(|test| test.name()).collect::<Vec<_>>().join(", ");
        let mut note = |at: usize, used: bool, text: String| {
            if used {
                self.used.insert(at);
            } else {
                self.idle.insert(at, text);
            }
        };
        for axis in &matrix.params {
            let known = |test: &Test| test.parameters().iter().any(|parameter| parameter.name == axis.name);
            note(axis.at, tests.iter().any(known), format!("parameter `{}` is none of {}", axis.name, names()));
        }
        for given in matrix.axis("library").into_iter().flat_map(|axis| &axis.values) {
            let Some(library) = given.texts.first().and_then(|name| library::named(self.libraries, name).ok()) else {
                continue;
            };
            let used = library.tests.iter().any(|test| tests.contains(test));
            note(given.at, used, format!("`{}` has no test `{}` (see `benchmark list`)", library.name, names()));
        }
        for (option, needed) in needs() {
            let given = matrix.axis(needed).is_some_and(|axis| axis.values.iter().any(|given| !given.texts.is_empty()));
            if let Some(axis) = matrix.axis(option) {
                note(axis.at, given, format!("`{option}` has no effect without a `{needed}`"));
            }
        }
    }

    /// The options of a combination.
    fn options(&mut self, matrix: &Matrix, combination: &Combination<'_>) -> Option<LoadOptions> {
        let given = |name: &str| combination.iter().any(|(known, given)| *known == name && !given.texts.is_empty());
        let has_effect = |name: &str| needs().all(|(option, needed)| option != name || given(needed));
        let flags = combination
            .iter()
            .filter(|(name, _)| is_option(matrix, name) && has_effect(name))
            .flat_map(|(name, given)| given.texts.iter().map(move |text| (*name, text.as_str())));
        match LoadOptions::read(self.campaign.iter().copied().chain(flags)) {
            Ok(options) => Some(options),
            Err(text) => {
                if self.good {
                    self.problems.add(matrix.at, text);
                }
                None
            }
        }
    }

    fn case(
        &mut self,
        matrix: &Matrix,
        combination: &Combination<'_>,
        library: &Library,
        test: Test,
        options: &LoadOptions,
    ) {
        let params: Vec<(&str, &str)> = combination
            .iter()
            .filter(|(name, _)| !is_option(matrix, name))
            .flat_map(|(name, given)| given.texts.iter().map(move |text| (*name, text.as_str())))
            .collect();
        match plan::case(library, test, &params, options) {
            Ok(case) => match self.known.get(&case_key(&case)) {
                None => {
                    self.known.insert(case_key(&case), self.cases.len());
                    self.cases.push(case);
                }
                Some(known) if !said_alike(&self.cases[*known], &case) => {
                    let text = "two values of a header have the same digest, so that their figures could not be told apart: run them \
                                    in suites of their own";
                    self.problems.add(matrix.at, text);
                }
                Some(_) => {}
            },
            Err(refused)
                if matrix.skip_unsupported == Some(true) && refused.iter().all(|refused| refused.unsupported) =>
            {
                let reason = |option: &str| library.unsupported.get(option).map_or("", String::as_str);
                let reasons = refused.iter().map(|Refused { option, .. }| format!("`{option}`: {}", reason(option)));
                let reasons = reasons.collect::<Vec<_>>().join("; ");
                let reason = format!("`{}` does not support {reasons}", library.name);
                *self.skipped.entry(reason).or_default() += 1;
            }
            Err(refused) => refused.into_iter().for_each(|refused| self.refused(matrix, combination, refused)),
        }
    }

    /// Adds a problem where the value stands that it is about.
    fn refused(&mut self, matrix: &Matrix, combination: &Combination<'_>, refused: Refused) {
        let Refused { option, unsupported, text } = refused;
        // What a target asks for is said by no key of its own.
        let option = if ["tls", "plain_path", "query", "encoded_path"].contains(&option) { "target" } else { option };
        let said = combination.iter().find(|(name, _)| *name == option);
        let text = if unsupported { format!("{text}; `skip_unsupported = true` leaves it out") } else { text };
        if self.good || said.is_some() {
            self.problems.add(said.map_or(matrix.at, |(_, given)| given.at), text);
        }
    }
}

/// Whether two cases of one key have the same headers, and not just the same digests.
fn said_alike(a: &Case, b: &Case) -> bool {
    a.headers.iter().map(Header::value).eq(b.headers.iter().map(Header::value))
}

/// Options that have an effect beside others alone, with those.
fn needs() -> impl Iterator<Item = (&'static str, &'static str)> {
    OPTIONS.iter().filter_map(|option| Some((option.name, option.needs?)))
}

fn is_option(matrix: &Matrix, name: &str) -> bool {
    matrix.axes.iter().any(|axis| axis.name == name)
}

/// The axes whose product the cases of a test are, in the order of the file.
fn axes(matrix: &Matrix, test: Test) -> Vec<&Axis> {
    let options = matrix.axes.iter().filter(|axis| !["library", "test"].contains(&axis.name.as_str()));
    let known = |axis: &&Axis| test.parameters().iter().any(|parameter| parameter.name == axis.name);
    let all = options.chain(matrix.params.iter().filter(known));
    // An axis without a good value is as if it were not there: the others are looked at all the same.
    let mut axes: Vec<&Axis> = all.filter(|axis| !axis.values.is_empty()).collect();
    axes.sort_by_key(|axis| axis.at);
    axes
}

/// Every combination of a value of each axis, the last axis changing first.
fn product<'a>(axes: &[&'a Axis]) -> Vec<Combination<'a>> {
    axes.iter().fold(vec![Vec::new()], |combinations, axis| {
        let longer = |combination: &Combination<'a>| {
            let combination = combination.clone();
            axis.values.iter().map(move |given| {
                let mut longer = combination.clone();
                longer.push((axis.name.as_str(), given));
                longer
            })
        };
        combinations.iter().flat_map(longer).collect()
    })
}
