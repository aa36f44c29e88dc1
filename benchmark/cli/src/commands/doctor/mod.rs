//! `benchmark doctor`: what is there, what is missing, and what mends it.

mod containers;

use std::net::TcpListener;

use anyhow::Result;
use clap::Args;
use nix::sys::resource::{Resource, getrlimit};

use crate::exit::{Exit, Missing};
use crate::library;
use crate::library::Builder;
use crate::machine::{self, CpuSplit};
use crate::output::{has_colours, say};
use crate::plan::Database;
use crate::store::{Error, Store};

/// Options of `doctor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: benchmark doctor\n\nEnds with 0 when a campaign can run, with 4 when something needed is missing."
)]
pub(super) struct Doctor {
    /// The Prometheus to look for
    #[arg(long, env = "BENCHMARK_PROMETHEUS", value_name = "URL", default_value = "http://127.0.0.1:9090")]
    prometheus: String,
    #[command(flatten)]
    database: Database,
}

/// What a look came to.
enum Finding {
    Good(String),
    /// A campaign runs all the same, and its figures are worth less.
    Warning(String),
    Missing(String),
}

impl Doctor {
    pub(super) async fn run(self) -> Result<Exit> {
        let mut findings = vec![
            ("libraries", libraries()),
            ("cargo", cargo().await),
            ("cpus", cpus()),
            ("open files", open_files()),
            ("clock", clock()),
            ("governor", governor()),
            ("ports", ports()),
            ("database", database(&self.database).await),
        ];
        findings.extend(containers::findings(&self.prometheus).await);
        let mut exit = Exit::Good;
        for (name, finding) in findings {
            let (sign, colour, text) = match finding {
                Finding::Good(text) => ("ok     ", "32", text),
                Finding::Warning(text) => ("warning", "33", text),
                Finding::Missing(text) => {
                    exit = Exit::Missing;
                    ("missing", "31", text)
                }
            };
            if has_colours(&std::io::stdout()) {
                say!("\x1b[{colour}m{sign}\x1b[0m  {name:<11}{text}");
            } else {
                say!("{sign}  {name:<11}{text}");
            }
        }
        Ok(exit)
    }
}

fn libraries() -> Finding {
    match library::root().and_then(|root| Ok((library::catalogue(&root)?, root))) {
        Ok((libraries, root)) => Finding::Good(format!("{} libraries in {}", libraries.len(), root.display())),
        Err(error) => Finding::Missing(format!("{error:#}")),
    }
}

async fn cargo() -> Finding {
    let Ok(root) = library::root() else { return Finding::Missing("no checkout to build in".into()) };
    match Builder::new(&root).await {
        Ok(builder) => Finding::Good(builder.compiler().to_owned()),
        Err(error) if error.is::<Missing>() => Finding::Missing(error.to_string()),
        Err(error) => Finding::Missing(format!("cargo does not work here: {error:#}")),
    }
}

fn cpus() -> Finding {
    match CpuSplit::new(None, None) {
        Ok(split) if split.shared() => Finding::Warning(
            "one CPU only: the origin and the replicas share it, and rows carry the mark shared_cpus".into(),
        ),
        Ok(split) => {
            Finding::Good(format!("origin and harness on CPU {}, replicas on CPU {}", split.origin, split.clients))
        }
        Err(error) => Finding::Missing(error),
    }
}

fn open_files() -> Finding {
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) if hard < 4096 => Finding::Warning(format!(
            "at most {hard} open files: raise the hard limit (`ulimit -Hn 65536` as root) for high concurrency"
        )),
        Ok((_, hard)) => Finding::Good(format!("up to {hard}")),
        Err(error) => Finding::Warning(format!("the limit cannot be read: {error}")),
    }
}

fn clock() -> Finding {
    match machine::host().clock_source {
        Some(source) if machine::is_cheap(&source) => Finding::Good(source),
        Some(source) => {
            Finding::Warning(format!("clock source `{source}`: each reading is slow; `tsc` would be better"))
        }
        None => Finding::Warning("the clock source is not known".into()),
    }
}

fn governor() -> Finding {
    match machine::host().governor {
        Some(governor) if governor != "performance" => Finding::Warning(format!(
            "frequency governor `{governor}`: `cpupower frequency-set -g performance` makes runs alike"
        )),
        Some(governor) => Finding::Good(governor),
        None => Finding::Good("none: the frequency is not ours to set".into()),
    }
}

fn ports() -> Finding {
    match TcpListener::bind(("127.0.0.1", 0)) {
        Ok(_) => Finding::Good("can listen on 127.0.0.1".into()),
        Err(error) => Finding::Missing(format!("cannot listen on 127.0.0.1: {error}")),
    }
}

async fn database(database: &Database) -> Finding {
    let path = database.path();
    match Store::open_existing(&path).await {
        Ok(_) => Finding::Good(path.display().to_string()),
        Err(Error::NotFound { .. }) => Finding::Good(format!("{} will be made by the first campaign", path.display())),
        Err(error) => Finding::Missing(error.to_string()),
    }
}
