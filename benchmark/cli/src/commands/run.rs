//! `benchmark run-test` and `benchmark run-all`.

use anyhow::Result;
use clap::Args;

use crate::campaign;
use crate::compare::{self, Contender};
use crate::exit::Exit;
use crate::library::{self, Library};
use crate::plan::{Database, LoadOptions, Plan, Selection, plan};
use crate::report::{self, Style};
use crate::stats::comparison::Metric;

/// Options of `run-test`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  benchmark run-test reqwest fetch_range
  benchmark run-test ureq call_api --param delay=20ms --concurrency 16 --duration 30s
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
    #[command(flatten)]
    options: LoadOptions,
}

impl RunTest {
    pub(super) async fn run(self, resumed: Option<&str>) -> Result<Exit> {
        let selection = Selection { libraries: vec![self.library], tests: vec![self.test] };
        let libraries = library::catalogue(&library::root()?)?;
        let plan = plan(&libraries, &selection, &self.options, 1)?;
        conduct(&libraries, plan, &self.options.database, resumed).await
    }
}

impl RunAll {
    pub(super) async fn run(self, resumed: Option<&str>) -> Result<Exit> {
        let selection = Selection { libraries: self.libraries, tests: self.tests };
        let libraries = library::catalogue(&library::root()?)?;
        let mut plan = plan(&libraries, &selection, &self.options, USUAL_TRIALS)?;
        plan.add_references(&libraries);
        conduct(&libraries, plan, &self.options.database, resumed).await
    }

    /// The campaign to go on with, and where it is recorded.
    pub(super) fn resumes(&self) -> Option<(&str, &Database)> {
        self.resume.as_deref().map(|campaign| (campaign, &self.options.database))
    }
}

/// Runs of each case that a ranking needs.
const USUAL_TRIALS: u32 = 5;

/// Conducts a plan, shows what came of it, and says how it ended.
pub(super) async fn conduct(
    libraries: &[Library],
    plan: Plan,
    database: &Database,
    resumed: Option<&str>,
) -> Result<Exit> {
    let mut progress = report::progress();
    let outcome = campaign::run(&library::root()?, libraries, plan, &database.path(), resumed, &mut *progress).await?;
    if !outcome.finished.is_empty() {
        println!("{}", report::table(&outcome.finished, outcome.interval_level));
        let (contenders, _) = compare::twins(Contender::of_finished(&outcome.finished));
        if contenders.len() > 1 {
            println!("{}", report::ranking(&contenders, &Metric::ALL, Style::Text));
        }
    }
    if let Some(sweep) = report::sweep(&outcome.finished) {
        println!("{sweep}");
    }
    for problem in report::problems(&outcome.finished) {
        println!("{problem}");
    }
    println!("{}", report::cost(&outcome));
    let invalid = outcome.finished.iter().filter(|(run, _)| !run.invalid_reasons.is_empty()).count();
    if outcome.interrupted {
        println!(
            "interrupted: {} finished runs are kept; go on with `benchmark run-all --resume {}`",
            outcome.finished.len(),
            outcome.campaign_id
        );
        return Ok(Exit::Interrupted);
    }
    if invalid > 0 {
        println!("{invalid} of {} runs are invalid: their figures rank nowhere", outcome.finished.len());
        return Ok(Exit::Invalid);
    }
    Ok(Exit::Good)
}
