//! `benchmark new`.

use anyhow::Result;
use clap::Args;

use crate::campaign::Interrupts;
use crate::exit::Exit;
use crate::library::{self, Copied};
use crate::output::say;

/// Options of `new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  benchmark new isahc --from reqwest                                    a library like reqwest, to be changed
  benchmark new reqwest-0-13-4 --from reqwest --crate-version 0.13.4    the same crate at another version, beside it

Either is a folder below benchmark/tests; to be rid of it, remove that folder (and, of another version, its line in Cargo.toml).")]
pub(super) struct New {
    /// Name of the new library: lower-case letters, digits, - and _
    library: String,
    /// The library to copy (see `benchmark list`)
    #[arg(long, value_name = "LIBRARY")]
    from: String,
    /// Version of the crate that the copy measures [default: as the library that is copied]
    #[arg(long, value_name = "VERSION")]
    crate_version: Option<String>,
}

impl New {
    pub(super) async fn run(self) -> Result<Exit> {
        let root = library::root()?;
        let mut interrupts = Interrupts::listen()?;
        let copied = tokio::select! {
            copied = library::copy(&root, &self.from, &self.library, self.crate_version.as_deref()) => copied?,
            () = interrupts.first() => return Ok(Exit::Interrupted),
        };
        say!("{}", said(&copied));
        Ok(Exit::Good)
    }
}

/// What there is now, and what comes next.
fn said(Copied { library, from, folder }: &Copied) -> String {
    let (name, of, version) = (&library.name, &library.measured, &library.version);
    let test = library.tests.first().map_or("TEST", |test| test.name());
    let made = format!("made {folder}: a copy of `{}` that measures {of} {version}\n\nnext:", from.name);
    let edits = if library.version == from.version {
        format!(
            "\n  edit {folder}/Cargo.toml      the crate that is measured, pinned exactly, and the package's version: the same\n  \
             edit {folder}/library.toml    `crate`, its summary, its operations, whether it reads XML answers (`parses`), what it cannot honour\n  \
             edit {folder}/client.rs       how its client is constructed and does a request\n  \
             edit {folder}/README.md       what is configured, and why\n  \
             cargo update --workspace"
        )
    } else {
        format!("\n  edit {folder}/client.rs       only where {of} {version} is called otherwise")
    };
    format!(
        "{made}{edits}\n  benchmark run-test {name} {test} --quick\n  benchmark run-all --library {} --library {name} --trials 5\n  \
         benchmark compare {} {name}",
        from.name, from.name
    )
}
