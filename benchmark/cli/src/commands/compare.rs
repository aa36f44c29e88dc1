//! `benchmark compare`.

use anyhow::Result;
use clap::Args;

use crate::compare::{Request, Sides, compare};
use crate::exit::{Exit, Usage};
use crate::output::say;
use crate::plan::Database;
use crate::report::{self, Style};
use crate::stats::comparison::Metric;
use crate::store::Store;

/// Options of `compare`.
#[derive(Debug, Args)]
#[command(after_help = "\
A and B are campaigns (an id, its beginning, `last`, `last~1` for the one before), or cases of one campaign: a library, or KEY=VALUE[,...] with
the keys and values of suites and with parameters of the test; `none` is what an option is without. What neither names must be equal. Cases of one
campaign are paired block by block; campaigns have no block in common, and what changed on the machine between them counts as a difference.

faster, slower: B relative to A, the whole 99 % interval beyond 1 %; same: all of it within; undecided: anything else, and below 5 trials.

Exit codes: 0 nothing is slower, 5 something is, 2 usage and what may not be compared without --force.

Examples:
  benchmark compare last~1 last                         the last campaign against the one before
  benchmark compare reqwest hyper --campaign last       two libraries
  benchmark compare concurrency=8 concurrency=64 --library reqwest
  benchmark compare library=reqwest,rate=50% library=hyper,rate=50%
  benchmark compare 0193 last --by cpu --format markdown > comment.md")]
pub(super) struct Compare {
    /// What B is held against: a campaign, a library, or KEY=VALUE[,...]
    a: String,
    /// What is judged: a campaign, a library, or KEY=VALUE[,...]
    b: String,
    /// The campaign of whose cases A and B are, where they are no campaigns [default: last]
    #[arg(long)]
    campaign: Option<String>,
    /// Only by this metric; repeatable [default: all three]
    #[arg(long, value_enum)]
    by: Vec<Metric>,
    /// Only this test
    #[arg(long)]
    test: Option<String>,
    /// Only this library, where A and B name none
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
        for (key, flag) in [("library", &self.library), ("test", &self.test)] {
            if let (true, Some(name)) = (sides.named().contains(key), flag) {
                return Err(Usage(format!(
                    "`--{key} {name}` narrows what has that {key} in A and B alike: leave it out where A or B names one"
                ))
                .into());
            }
        }
        let metrics = if self.by.is_empty() { Metric::ALL.to_vec() } else { self.by };
        let request = Request { sides, metrics, test: self.test, library: self.library, force: self.force };
        let compared = compare(&store, &request).await?;
        say!("{}", report::comparison(&compared, self.format));
        Ok(if compared.is_slower() { Exit::Slower } else { Exit::Good })
    }
}
