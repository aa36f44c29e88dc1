//! `benchmark run`.

use anyhow::Result;
use clap::Args;

use super::run::conduct;
use crate::campaign::Resumed;
use crate::exit::Exit;
use crate::library::{self, Library};
use crate::output::say;
use crate::plan::{LoadOptions, Selection};
use crate::report;
use crate::suite::{self, Planned};

/// Options of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  benchmark run quick                          suites/quick.toml of the checkout
  benchmark run suites/ranges.toml --dry-run   what it would do, and how long that takes
  benchmark run rates --library baseline --library reqwest --trials 5
  benchmark run my.toml --quick --runner process --db my.db
  benchmark run --schema                       the JSON Schema of suites, for editors

A flag takes the place of what the suite says, in every matrix; defaults shown here hold where neither says anything.
`benchmark list --suites` names the suites of the checkout, docs/SUITES.md explains the format.")]
pub(super) struct RunSuite {
    /// A suite: a .toml file, or the name of one in the checkout's folder `suites`
    #[arg(required_unless_present = "schema")]
    suite: Option<String>,
    /// Print the plan and how long it takes, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print the JSON Schema of suites
    #[arg(long, conflicts_with = "suite")]
    schema: bool,
    /// Only cases of this library; repeatable
    #[arg(long = "library", value_name = "LIBRARY")]
    libraries: Vec<String>,
    /// Only cases of this test; repeatable
    #[arg(long = "test", value_name = "TEST")]
    tests: Vec<String>,
    #[command(flatten)]
    flags: LoadOptions,
}

impl RunSuite {
    pub(super) async fn run(self, resumed: Option<&Resumed>) -> Result<Exit> {
        let libraries = library::catalogue(&library::root()?)?;
        let Some(asked) = &self.suite else {
            say!("{:#}", suite::schema(&libraries));
            return Ok(Exit::Good);
        };
        let planned = self.plan(asked, &libraries)?;
        if self.dry_run {
            say!("{}", report::dry_run(&planned).trim_end());
            return Ok(Exit::Good);
        }
        conduct(&libraries, planned.plan, &planned.database, resumed).await
    }

    fn plan(&self, asked: &str, libraries: &[Library]) -> Result<Planned> {
        let source = suite::find(&library::root()?, asked)?;
        let narrowed = Selection { libraries: self.libraries.clone(), tests: self.tests.clone() };
        Ok(suite::plan(&source, libraries, &narrowed, &self.flags)?)
    }
}
