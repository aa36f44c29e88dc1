//! Suites from their text to a plan, a schema, and the command as its users run it.

mod axes;
mod command;
mod plans;
mod problems;
mod schema;
mod sweep;

use std::path::PathBuf;

use benchmark::library::{Library, catalogue, root};
use benchmark::plan::{LoadOptions, Selection};
use benchmark::suite::{Planned, Source, find, plan};
use clap::Parser;

#[derive(Parser)]
#[command(no_binary_name = true)]
struct Flags {
    #[command(flatten)]
    given: LoadOptions,
}

fn libraries() -> Vec<Library> {
    catalogue(&root().unwrap()).unwrap()
}

fn flags(flags: &[&str]) -> LoadOptions {
    // What the caller's environment says must not show.
    Flags::try_parse_from([&["--runner", "process"], flags].concat()).unwrap().given
}

/// The plan of a text under these flags, or what is wrong.
fn planned_with(text: &str, given: &[&str], narrowed: &Selection) -> Result<Planned, String> {
    let source = Source { path: PathBuf::from("trial.toml"), text: text.to_owned() };
    plan(&source, &libraries(), narrowed, &flags(given)).map_err(|refused| refused.0)
}

fn planned(text: &str) -> Result<Planned, String> {
    planned_with(text, &[], &Selection::default())
}

/// Every problem of a text.
fn problems(text: &str) -> Vec<String> {
    let refused = planned(text).expect_err("a problem");
    refused.lines().skip(1).map(str::to_owned).collect()
}

/// One of the checkout's suites.
fn example(name: &str) -> Source {
    find(&root().unwrap(), name).unwrap()
}

/// The names of the checkout's suites.
const EXAMPLES: [&str; 3] = ["quick", "ranges", "rates"];
