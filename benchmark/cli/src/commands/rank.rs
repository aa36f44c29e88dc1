//! `benchmark rank`.

use anyhow::Result;
use clap::Args;

use crate::compare::{campaign_named, read, twins};
use crate::exit::{Exit, Usage};
use crate::output::say;
use crate::plan::Database;
use crate::report::{self, Style};
use crate::stats::comparison::Metric;
use crate::store::{Selection, Store};

/// Options of `rank`.
#[derive(Debug, Args)]
#[command(after_help = "\
A rank is 1 + the number of libraries that are decidedly faster, paired block by block at 99 % and beyond 1 %; `2=` is a tie. It needs 5 trials.

Examples:
  benchmark rank
  benchmark rank last~1 --by cpu --test fetch_range --format markdown")]
pub(super) struct Rank {
    /// The campaign: an id, its beginning, `last`, or `last~1` for the one before
    #[arg(default_value = "last")]
    campaign: String,
    /// Only by this metric; repeatable [default: all three]
    #[arg(long, value_enum)]
    by: Vec<Metric>,
    /// Only this test
    #[arg(long)]
    test: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value = "text")]
    format: Style,
    #[command(flatten)]
    database: Database,
}

impl Rank {
    pub(super) async fn run(self) -> Result<Exit> {
        let store = Store::open_existing(&self.database.path()).await?;
        let campaign = campaign_named(&self.campaign, &store.known().await?.campaigns, store.path())?;
        let selection = Selection { campaign_id: Some(campaign.clone()), test: self.test, ..Selection::default() };
        let (contenders, _) = twins(read(&store, &selection).await?.0);
        if contenders.is_empty() {
            let test = selection.test.map(|test| format!(" of test `{test}`")).unwrap_or_default();
            return Err(Usage(format!("no finished run{test} in campaign `{campaign}`")).into());
        }
        let metrics = if self.by.is_empty() { Metric::ALL.to_vec() } else { self.by };
        say!("{}", report::ranking(&contenders, &metrics, self.format));
        Ok(Exit::Good)
    }
}
