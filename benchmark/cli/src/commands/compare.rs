//! `benchmark compare`.

use anyhow::Result;
use clap::Args;

use crate::compare::{Request, Sides, compare};
use crate::exit::{Exit, Usage};
use crate::plan::Database;
use crate::report::{self, Style};
use crate::stats::comparison::Metric;
use crate::store::Store;

/// Options of `compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
A and B are campaigns (an id, its beginning, `last`, `last~1` for the one before), or libraries of one campaign. Libraries are paired block by
block; campaigns have no block in common, and what changed on the machine between them counts as a difference.

faster, slower: B relative to A, the whole 99 % interval beyond 1 %; same: all of it within; undecided: anything else, and below 5 trials.

Exit codes: 0 nothing is slower, 5 something is, 2 usage and what may not be compared without --force.

Examples:
  benchmark compare last~1 last                         the last campaign against the one before
  benchmark compare reqwest hyper --campaign last       two libraries
  benchmark compare 0193 last --by cpu --format markdown > comment.md")]
pub(super) struct Compare {
    /// What B is held against: a campaign, or a library
    a: String,
    /// What is judged: a campaign, or a library
    b: String,
    /// The campaign of which A and B are libraries [default: last]
    #[arg(long)]
    campaign: Option<String>,
    /// Only by this metric; repeatable [default: all three]
    #[arg(long, value_enum)]
    by: Vec<Metric>,
    /// Only this test
    #[arg(long)]
    test: Option<String>,
    /// Only this library (of two campaigns)
    #[arg(long)]
    library: Option<String>,
    /// How to write it
    #[arg(long, value_enum, default_value = "text")]
    format: Style,
    /// Compare what differs in host or parameters, or has invalid runs (these are left out), with a warning
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: Database,
}

impl Compare {
    pub(super) async fn run(self) -> Result<Exit> {
        let store = Store::open_existing(&self.database.path()).await?;
        let sides = Sides::resolve(&store, &self.a, &self.b, self.campaign.as_deref()).await?;
        if let (Sides::Libraries { .. }, Some(library)) = (&sides, &self.library) {
            return Err(Usage(format!(
                "`--library {library}` narrows a comparison of campaigns; `{}` and `{}` are libraries",
                self.a, self.b
            ))
            .into());
        }
        let metrics = if self.by.is_empty() { Metric::ALL.to_vec() } else { self.by };
        let request = Request { sides, metrics, test: self.test, library: self.library, force: self.force };
        let compared = compare(&store, &request).await?;
        println!("{}", report::comparison(&compared, self.format));
        Ok(if compared.is_slower() { Exit::Slower } else { Exit::Good })
    }
}
