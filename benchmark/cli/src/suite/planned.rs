//! A suite's plan: the file and the flags over it, checked as a whole.

use super::expand::{Skipped, expand};
use super::file::Source;
use super::overlay::overlay;
use super::problem::Problems;
use super::read::read;
use crate::exit::Usage;
use crate::library::{self, Library};
use crate::plan::{Database, LoadOptions, Plan, Selection, assemble};

/// Runs of each case, unless told otherwise: what a ranking needs.
const USUAL_TRIALS: u32 = 5;

/// A suite that is ready to run.
#[derive(Debug)]
pub struct Planned {
    /// What it calls itself, else its file's name.
    pub name: String,
    /// What it says of itself.
    pub description: Option<String>,
    /// What will be done.
    pub plan: Plan,
    /// How many of the plan's cases are the suite's own; the baseline and its twin stand behind them.
    pub own_cases: usize,
    /// What was left out.
    pub skipped: Vec<Skipped>,
    /// Where runs are recorded.
    pub database: Database,
}

/// Plans a suite, with what the command line says over it.
///
/// # Errors
/// [`Usage`]: every problem of the file with its line and column, else what is wrong with the flags.
pub fn plan(
    source: &Source,
    libraries: &[Library],
    narrowed: &Selection,
    flags: &LoadOptions,
) -> Result<Planned, Usage> {
    let mut problems = Problems::default();
    let mut document = read(source, libraries, &mut problems);
    if problems.is_empty() {
        overlay(&mut document, flags)?;
    }
    let mut expanded = expand(&document, libraries, &mut problems);
    problems.check(source)?;
    narrow(&mut expanded.cases, libraries, narrowed)?;
    let campaign =
        document.campaign.iter().flat_map(|(key, given)| given.texts.iter().map(|text| (key.name, text.as_str())));
    let options = LoadOptions::read(campaign).map_err(Usage)?;
    let own_cases = expanded.cases.len();
    let mut plan = assemble(expanded.cases, &options, USUAL_TRIALS)?;
    plan.add_references(libraries);
    Ok(Planned {
        name: document.name.unwrap_or_else(|| source.name()),
        description: document.description,
        plan,
        own_cases,
        skipped: expanded.skipped,
        database: options.database(),
    })
}

/// Keeps the cases of some libraries and tests.
fn narrow(cases: &mut Vec<crate::case::Case>, libraries: &[Library], narrowed: &Selection) -> Result<(), Usage> {
    let Selection { libraries: names, tests } = narrowed;
    names.iter().try_for_each(|name| library::named(libraries, name).map(drop))?;
    tests.iter().try_for_each(|name| library::test_named(name).map(drop))?;
    cases.retain(|case| {
        (names.is_empty() || names.contains(&case.library))
            && (tests.is_empty() || tests.iter().any(|test| test == case.test.name()))
    });
    if cases.is_empty() {
        let (names, tests) = (names.join(", "), tests.join(", "));
        return Err(Usage(format!(
            "the suite has no case of library `{names}` and test `{tests}`: --dry-run without --library and --test shows its cases"
        )));
    }
    Ok(())
}
