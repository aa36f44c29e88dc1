//! `benchmark run-test` and `benchmark run-all`.

use anyhow::Result;
use clap::Args;

use crate::campaign;
use crate::compare::{self, Contender};
use crate::exit::Exit;
use crate::library;
use crate::plan::{LoadOptions, Selection, plan};
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
    #[command(flatten)]
    options: LoadOptions,
}

impl RunTest {
    pub(super) async fn run(self) -> Result<Exit> {
        run(Selection { libraries: vec![self.library], tests: vec![self.test] }, &self.options).await
    }
}

impl RunAll {
    pub(super) async fn run(self) -> Result<Exit> {
        run(Selection { libraries: self.libraries, tests: self.tests }, &self.options).await
    }
}

async fn run(selection: Selection, options: &LoadOptions) -> Result<Exit> {
    let root = library::root()?;
    let libraries = library::catalogue(&root)?;
    let plan = plan(&libraries, &selection, options)?;
    let mut progress = report::progress();
    let outcome = campaign::run(&root, &libraries, plan, &options.database.path(), &mut *progress).await?;
    if !outcome.finished.is_empty() {
        println!("{}", report::table(&outcome.finished));
        let (contenders, _) = compare::twins(Contender::of_finished(&outcome.finished));
        println!("{}", report::ranking(&contenders, &Metric::ALL, Style::Text));
    }
    for problem in report::problems(&outcome.finished) {
        println!("{problem}");
    }
    let invalid = outcome.finished.iter().filter(|(run, _)| !run.invalid_reasons.is_empty()).count();
    if outcome.interrupted {
        println!("interrupted: {} finished runs of campaign {} are kept", outcome.finished.len(), outcome.campaign_id);
        return Ok(Exit::Interrupted);
    }
    if invalid > 0 {
        println!("{invalid} of {} runs are invalid: their figures rank nowhere", outcome.finished.len());
        return Ok(Exit::Invalid);
    }
    Ok(Exit::Good)
}
