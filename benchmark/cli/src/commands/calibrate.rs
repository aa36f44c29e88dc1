//! `benchmark calibrate`.

use anyhow::Result;
use benchmark_protocol::inject::Inject;
use clap::{Args, ValueEnum};

use crate::calibrate::{Calibrated, Scope, Tool, cases, check, look, of_campaign, profiles};
use crate::campaign::{self, Interrupts};
use crate::case::{RunnerName, Value};
use crate::exit::Exit;
use crate::library;
use crate::output::{say, tell};
use crate::plan::{LoadOptions, assemble};
use crate::report;
use crate::runner::Engine;
use crate::store::Store;

/// Options of `calibrate`.
#[derive(Debug, Args)]
#[command(after_help = "\
The origin delays responses by a known distribution, or withholds all bytes for a second; what each library reports must lie within 3 % or
0.3 ms (the p99 of the stall: 5 %) of what the origin delivered in that window. Ends with 3 where one does not, three times in a row.

Examples:
  benchmark calibrate --quick
  benchmark calibrate --library reqwest --library ureq --runner process
  benchmark calibrate --inject latency=pareto:2ms,2.2
  benchmark calibrate --library baseline --against wrk,oha")]
pub(super) struct Calibrate {
    /// Only this library; repeatable
    #[arg(long = "library", value_name = "LIBRARY")]
    libraries: Vec<String>,
    /// What starts the replicas: all takes processes, and containers where a Docker Engine answers
    #[arg(long, value_enum, default_value = "all")]
    runner: Runners,
    /// Latencies to inject instead of the usual ones; repeatable
    #[arg(long, value_name = "SPEC")]
    inject: Vec<Inject>,
    /// Requests in flight
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=65536))]
    concurrency: u32,
    /// Seed of what is drawn
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Other load generators to hold against the same truth: wrk, oha
    #[arg(long, value_name = "TOOLS", value_delimiter = ',')]
    against: Vec<Tool>,
    /// A few seconds a library, as processes unless told otherwise: enough for p99
    #[arg(long)]
    quick: bool,
    /// Keep the runs in this database [default: they are not kept]
    #[arg(long, value_name = "FILE")]
    db: Option<std::path::PathBuf>,
}

/// A case outside its bands is looked at so often in all: what disturbs the machine passes, and a ruler that is wrong stays so.
const LOOKS: u32 = 3;

/// Which runners are calibrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Runners {
    All,
    Process,
    Compose,
}

impl Calibrate {
    pub(super) async fn run(self) -> Result<Exit> {
        let root = library::root()?;
        let libraries = library::catalogue(&root)?;
        let scope = Scope { quick: self.quick, inject: self.inject.clone(), concurrency: self.concurrency };
        let profiles = profiles(&scope)?;
        check(&self.against).await?;
        let scratch = Scratch::new();
        let database = self.db.clone().unwrap_or_else(|| scratch.0.join("calibrate.db"));
        let mut calibrated: Vec<Calibrated> = Vec::new();
        for runner in self.runners().await {
            let options = LoadOptions::default()
                .with("runner", [Value::Text(runner.name().to_owned())])
                .with("concurrency", [Value::Count(self.concurrency.into())])
                .with("seed", [Value::Count(self.seed)])
                .with("prometheus", [Value::Text("off".to_owned())]);
            let mut outside = cases(&libraries, &self.libraries, &profiles, &options)?;
            for look in 1..=LOOKS {
                let looked_at = std::mem::take(&mut outside);
                let plan = assemble(looked_at.iter().map(|(case, _)| case.clone()).collect(), &options, 1)?;
                let outcome = campaign::run(&root, &libraries, plan, &database, None, &mut *report::progress()).await?;
                let store = Store::open_existing(&database).await?;
                for (case, seen) in of_campaign(&store, &outcome.campaign_id, looked_at).await? {
                    if look < LOOKS && !seen.inside() {
                        outside.push((case, seen.profile));
                    } else {
                        calibrated.push(Calibrated { look, ..seen });
                    }
                }
                store.close().await;
                if outcome.interrupted {
                    return Ok(Exit::Interrupted);
                }
                if outside.is_empty() {
                    break;
                }
                tell!("{} outside their bands: looking once more", outside.len());
            }
        }
        if !self.against.is_empty() {
            let mut interrupts = Interrupts::listen()?;
            let looked = look(&self.against, &profiles, self.concurrency, self.seed, &scratch.0);
            // What is dropped takes the tool and the origin with it.
            calibrated.extend(tokio::select! {
                looked = looked => looked?,
                () = interrupts.first() => return Ok(Exit::Interrupted),
            });
        }
        say!("{}", report::calibration(&calibrated));
        // Other load generators are looked at, not vouched for.
        let good = calibrated.iter().filter(|case| case.runner.is_some()).all(Calibrated::inside);
        Ok(if good { Exit::Good } else { Exit::Invalid })
    }

    async fn runners(&self) -> Vec<RunnerName> {
        match self.runner {
            Runners::Process => vec![RunnerName::Process],
            Runners::Compose => vec![RunnerName::Compose],
            Runners::All if self.quick => vec![RunnerName::Process],
            Runners::All if Engine::connect().await.is_ok() => vec![RunnerName::Process, RunnerName::Compose],
            Runners::All => {
                tell!("skipped: the libraries in containers (needs a Docker Engine that answers)");
                vec![RunnerName::Process]
            }
        }
    }
}

/// A folder that is gone with the command.
struct Scratch(std::path::PathBuf);

impl Scratch {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("benchmark-{}", uuid::Uuid::now_v7()));
        // A folder that cannot be made is named by whoever writes into it.
        let _ = std::fs::create_dir_all(&folder);
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
