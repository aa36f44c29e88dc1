//! `benchmark run-test` and `benchmark run-all`.

use std::path::Path;

use anyhow::Result;
use clap::Args;

use super::resume;
use crate::campaign::{self, Outcome, Resumed};
use crate::case::case_key;
use crate::compare;
use crate::exit::Exit;
use crate::library::{self, Library};
use crate::output::say;
use crate::plan::{Database, LoadOptions, Plan, Selection, plan};
use crate::report::{self, Style};
use crate::results::{CampaignRow, of_campaign};
use crate::stats::comparison::Metric;
use crate::store::Store;

/// Options of `run-test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  benchmark run-test reqwest fetch_range
  benchmark run-test ureq call_api --param delay=20ms --concurrency 16 --duration 30s
  benchmark run-test hyper mixed --param get=70 --param list=0        figures of each operation as well
  benchmark run-test object_store fetch_range --target s3://bucket --endpoint http://127.0.0.1:5000

--concurrency, --pool-size and --requests are per replica: more replicas, more load.")]
pub(super) struct RunTest {
    /// The library (see `benchmark list`)
    library: String,
    /// The test (see `benchmark list`)
    test: String,
    #[command(flatten)]
    options: LoadOptions,
}

/// Options of `run-all`.
#[derive(Debug, Args)]
#[command(after_help = "\
Every test that a library has the operations for; with --quick the core ones (see `benchmark list`).

Examples:
  benchmark run-all --quick
  benchmark run-all --library reqwest --library hyper --library baseline --test fetch_range
  benchmark run-all --replicas 4 --duration 30s --trials 5

--concurrency, --pool-size and --requests are per replica: more replicas, more load.")]
pub(super) struct RunAll {
    /// Only this library; repeatable
    #[arg(long = "library", value_name = "LIBRARY")]
    libraries: Vec<String>,
    /// Only this test; repeatable
    #[arg(long = "test", value_name = "TEST")]
    tests: Vec<String>,
    /// Go on with a campaign that stopped, as it was planned: its id, the beginning of it, or `last`
    #[arg(long, value_name = "CAMPAIGN", conflicts_with_all = ["libraries", "tests"])]
    resume: Option<String>,
    /// With --resume: the campaign's harness is dead for certain, though that cannot be seen from this container or machine
    #[arg(long, requires = "resume")]
    take_over: bool,
    #[command(flatten)]
    options: LoadOptions,
}

impl RunTest {
    pub(super) async fn run(self, resumed: Option<&Resumed>) -> Result<Exit> {
        let selection = Selection { libraries: vec![self.library], tests: vec![self.test] };
        let libraries = library::catalogue(&library::root()?)?;
        let plan = plan(&libraries, &selection, &self.options, 1)?;
        conduct(&libraries, plan, &self.options.database(), resumed).await
    }
}

impl RunAll {
    pub(super) async fn run(self, resumed: Option<&Resumed>) -> Result<Exit> {
        let selection = Selection { libraries: self.libraries, tests: self.tests };
        let libraries = library::catalogue(&library::root()?)?;
        let mut plan = plan(&libraries, &selection, &self.options, USUAL_TRIALS)?;
        plan.add_references(&libraries);
        conduct(&libraries, plan, &self.options.database(), resumed).await
    }

    /// The campaign to go on with, whether it is taken over, and what else is said: where it is recorded, and headers.
    pub(super) fn resumes(&self) -> Option<(&str, bool, &LoadOptions)> {
        self.resume.as_deref().map(|campaign| (campaign, self.take_over, &self.options))
    }
}

/// Runs of each case that a ranking needs.
const USUAL_TRIALS: u32 = 5;

/// Conducts a plan, shows what came of it, and says how it ended.
pub(super) async fn conduct(
    libraries: &[Library],
    plan: Plan,
    database: &Database,
    resumed: Option<&Resumed>,
) -> Result<Exit> {
    let (path, mut progress) = (database.path(), report::progress());
    let outcome = campaign::run(&library::root()?, libraries, plan, &path, resumed, &mut *progress).await?;
    let rows = read_back(&outcome, &path).await?;
    if !rows.is_empty() {
        say!("{}", report::table(&rows));
        let (contenders, _) = compare::twins(compare::contenders(rows.iter().map(|row| &*row.row.case)));
        if contenders.len() > 1 {
            say!("{}", report::ranking(&contenders, &Metric::ALL, Style::Text));
        }
    }
    if let Some(sweep) = report::sweep(&rows) {
        say!("{sweep}");
    }
    for problem in report::problems(&rows) {
        say!("{problem}");
    }
    say!("{}", report::cost(&rows, outcome.own_cost.as_ref()));
    if outcome.interrupted {
        say!(
            "interrupted: {} finished runs are kept; go on with `{}`",
            rows.iter().map(|row| row.row.case.runs.len()).sum::<usize>(),
            resume::command_for(&outcome.campaign_id, std::env::args(), &path)
        );
        return Ok(Exit::Interrupted);
    }
    let runs = || rows.iter().flat_map(|row| row.row.runs());
    let invalid = runs().filter(|run| !run.invalid_reasons.is_empty()).count();
    if invalid > 0 {
        say!("{invalid} of {} runs are invalid: their figures rank nowhere", runs().count());
        return Ok(Exit::Invalid);
    }
    Ok(Exit::Good)
}

/// What the campaign's database holds of it, in the order in which it was asked for.
async fn read_back(outcome: &Outcome, database: &Path) -> Result<Vec<CampaignRow>> {
    let store = Store::open_existing(database).await?;
    let mut rows = of_campaign(&store, &outcome.campaign_id).await?;
    let asked: Vec<String> = outcome.cases.iter().map(case_key).collect();
    rows.sort_by_key(|row| asked.iter().position(|key| *key == row.row.case.case_key));
    Ok(rows)
}
