//! `benchmark get-results`.

use anyhow::Result;
use clap::Args;

use crate::exit::{Exit, Usage};
use crate::metrics::Prometheus;
use crate::output::tell;
use crate::plan::Database;
use crate::results::{CampaignFilter, Error, Filter, Format, Output, Refreshed, refresh, write};
use crate::store::Store;

/// Options of `get-results`.
#[derive(Debug, Args)]
#[command(after_help = "\
One row for each case and campaign, its trials pooled, and behind it one for each operation where the test has several (column
`operation`); every column is explained in docs/RESULTS.md. What was not measured is empty.

Examples:
  benchmark get-results out.csv
  benchmark get-results - --campaign last --format markdown
  benchmark get-results replicas.csv --per-replica --library reqwest
  benchmark get-results out.csv --refresh        totals that Prometheus did not have in time")]
pub(super) struct GetResults {
    /// The file to write; `-` is stdout
    out: String,
    /// One row for each replica of each run
    #[arg(long)]
    per_replica: bool,
    /// csv, json or markdown
    #[arg(long, default_value = "csv")]
    format: Format,
    /// A campaign's id, `last`, or `all`
    #[arg(long, default_value = "all")]
    campaign: CampaignFilter,
    /// Only this library
    #[arg(long)]
    library: Option<String>,
    /// Only this test
    #[arg(long)]
    test: Option<String>,
    /// Ask Prometheus again about runs that lack its totals
    #[arg(long)]
    refresh: bool,
    /// The Prometheus to ask
    #[arg(long, env = "BENCHMARK_PROMETHEUS", value_name = "URL", default_value = "http://127.0.0.1:9090")]
    prometheus: String,
    #[command(flatten)]
    database: Database,
}

impl GetResults {
    pub(super) async fn run(self) -> Result<Exit> {
        let store = Store::open_existing(&self.database.path()).await?;
        let filter = Filter { campaign: self.campaign, library: self.library, test: self.test };
        if self.refresh && self.prometheus == "off" {
            tell!("warning: nothing refreshed: Prometheus is `off` (name one with --prometheus)");
        } else if self.refresh {
            let prometheus = Prometheus::new(&self.prometheus).map_err(|error| Usage(error.to_string()))?;
            match refresh(&store, &filter, &prometheus).await {
                Ok(Refreshed { asked, found }) => {
                    tell!("Prometheus has the totals of {found} of the {asked} runs that lacked them");
                }
                // What is stored is worth as much as before.
                Err(Error::Metrics(error)) => tell!("warning: nothing refreshed: {error}"),
                Err(error) => return Err(error.into()),
            }
        }
        let out = Output::from(self.out.as_str());
        let rows = write(&store, &filter, self.format, self.per_replica, &out).await.map_err(|error| {
            if error.is_usage() { anyhow::Error::from(Usage(error.to_string())) } else { error.into() }
        })?;
        if let Output::File(path) = &out {
            let noun = if rows == 1 { "row" } else { "rows" };
            tell!("{rows} {noun} written to {}", path.display());
        }
        Ok(Exit::Good)
    }
}
