//! `benchmark list`.

use anyhow::Result;
use benchmark_protocol::tests::Test;
use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use crate::exit::Exit;
use crate::library;
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
            println!("{}", campaigns(&Store::open_existing(&self.database.path()).await?).await?);
        } else if self.suites {
            println!("{}", suites_table(&suite::list(&library::root()?)?));
        } else {
            let root = library::root()?;
            let libraries = library::catalogue(&root)?;
            println!("{}\n\n{}", libraries_table(&libraries), parameters_table());
            for library in &libraries {
                for (option, reason) in &library.unsupported {
                    println!("unsupported: {} {option}: {reason}", library.name);
                }
            }
            println!("\n{}", suites_table(&suite::list(&root)?));
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
    let mut table = new_table(&["library", "version", "operations", "tests", "unsupported", "what it is"]);
    for library in libraries {
        let tests: Vec<&str> = library.tests.iter().map(|test| test.name()).collect();
        let unsupported: Vec<&str> = library.unsupported.keys().map(String::as_str).collect();
        let unsupported = unsupported.join(", ");
        let operations: Vec<&str> = library.operations.iter().map(|operation| operation.name()).collect();
        let [operations, tests] = [operations, tests].map(|names| names.join(", "));
        table.add_row([&library.name, &library.version, &operations, &tests, &unsupported, &library.summary]);
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
