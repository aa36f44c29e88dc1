//! `benchmark list`.

use anyhow::Result;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::Test;
use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use crate::exit::Exit;
use crate::library;
use crate::output::say;
use crate::plan::Database;
use crate::store::Store;
use crate::suite;

/// Options of `list`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  benchmark list\n  benchmark list --suites\n  benchmark list --campaigns --db other.db"
)]
pub(super) struct List {
    /// Show the campaigns that the database holds instead
    #[arg(long)]
    campaigns: bool,
    /// Show the suites of this checkout alone
    #[arg(long, conflicts_with = "campaigns")]
    suites: bool,
    #[command(flatten)]
    database: Database,
}

impl List {
    pub(super) async fn run(self) -> Result<Exit> {
        if self.campaigns {
            say!("{}", campaigns(&Store::open_existing(&self.database.path()).await?).await?);
        } else if self.suites {
            say!("{}", suites_table(&suite::list(&library::root()?)?));
        } else {
            let root = library::root()?;
            let libraries = library::catalogue(&root)?;
            say!("{}\n\n{}\n\n{}", libraries_table(&libraries), tests_table(), parameters_table());
            for library in &libraries {
                for (option, reason) in &library.unsupported {
                    say!("unsupported: {} {option}: {reason}", library.name);
                }
                for (mode, declared) in &library.conformance {
                    say!("differs: {} in {mode}: {}, as {}", library.name, declared.does, declared.why);
                }
            }
            say!("\n{}", suites_table(&suite::list(&root)?));
        }
        Ok(Exit::Good)
    }
}

fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic).set_header(header);
    table
}

fn libraries_table(libraries: &[library::Library]) -> Table {
    let mut table =
        new_table(&["library", "version", "operations", "tests", "XML read by", "unsupported", "what it is"]);
    let tests: Vec<&str> = Test::all().map(Test::name).collect();
    for library in libraries {
        let own: Vec<&str> = library.tests.iter().map(|test| test.name()).collect();
        let operations: Vec<&str> = library.operations.iter().map(|operation| operation.name()).collect();
        let unsupported: Vec<&str> = library.unsupported.keys().map(String::as_str).collect();
        table.add_row([
            &library.name,
            &library.version,
            &of_all(&operations, &Operation::ALL.map(Operation::name)),
            &of_all(&own, &tests),
            reader(library),
            &unsupported.join(", "),
            &library.summary,
        ]);
    }
    table
}

/// Names out of all there are, by what lacks where that is less to read.
fn of_all(names: &[&str], all: &[&str]) -> String {
    let lacking: Vec<&str> = all.iter().copied().filter(|name| !names.contains(name)).collect();
    match lacking.len() {
        0 => "all".to_owned(),
        lacks if lacks < names.len() => format!("all but {}", lacking.join(", ")),
        _ => names.join(", "),
    }
}

/// Who reads a library's XML answers, where it has operations with such.
fn reader(library: &library::Library) -> &'static str {
    match library.operations.iter().any(|operation| operation.is_answered_in_xml()) {
        false => "-",
        true if library.parses => "library",
        true => "SDK",
    }
}

fn tests_table() -> Table {
    let mut table = new_table(&["test", "operations", "--quick", "what a call is"]);
    for test in Test::all() {
        let operations: Vec<&str> = test.operations().iter().map(|operation| operation.name()).collect();
        let quick = if test.is_core() { "yes" } else { "-" };
        table.add_row([test.name(), &operations.join(", "), quick, test.summary()]);
    }
    table
}

fn parameters_table() -> Table {
    let mut table = new_table(&["test", "parameter", "type", "range", "default", "unit", "meaning"]);
    for test in Test::all() {
        for parameter in test.parameters() {
            table.add_row([
                test.name(),
                parameter.name,
                parameter.type_name(),
                &parameter.range(),
                parameter.default,
                parameter.unit().unwrap_or("-"),
                parameter.help,
            ]);
        }
    }
    table
}

fn suites_table(suites: &[suite::Listed]) -> Table {
    let mut table = new_table(&["suite", "what it is (`benchmark run SUITE`)"]);
    for suite in suites {
        table.add_row([&suite.name, suite.description.as_deref().unwrap_or("-")]);
    }
    table
}

async fn campaigns(store: &Store) -> Result<Table> {
    let mut table = new_table(&["campaign", "started", "status", "valid", "invalid", "interrupted", "command"]);
    for campaign in store.campaigns().await? {
        let started =
            jiff::Timestamp::from_microsecond(campaign.started_us)?.strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        table.add_row([
            campaign.campaign_id,
            started,
            campaign.status.name().to_owned(),
            campaign.valid.to_string(),
            campaign.invalid.to_string(),
            campaign.interrupted.to_string(),
            campaign.command,
        ]);
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_said_by_what_lacks_where_that_is_shorter() {
        let all = ["get", "head", "put", "list"];
        assert_eq!(of_all(&all, &all), "all");
        assert_eq!(of_all(&["get", "put", "list"], &all), "all but head");
        assert_eq!(of_all(&["get", "put"], &all), "get, put");
        assert_eq!(of_all(&[], &all), "");
    }
}
