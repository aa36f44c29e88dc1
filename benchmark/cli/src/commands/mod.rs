//! The commands, one file each.

mod calibrate;
mod compare;
mod completions;
mod conform;
mod doctor;
mod get_results;
mod images;
mod list;
mod new;
mod origin;
mod rank;
mod reach;
mod resume;
mod run;
mod run_suite;

use std::ffi::OsString;

use anyhow::Result;
use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::campaign::Resumed;
use crate::exit::{Exit, Usage, sentence};
use crate::output::{self, tell};
use crate::plan::LoadOptions;

const EXAMPLES: &str = "\
Examples:
  benchmark run-all --quick                      every library and the core tests, a few seconds each
  benchmark get-results out.csv                  what was measured, as CSV
  benchmark run-test reqwest fetch_range --concurrency 64 --param request_size=1MiB
  benchmark run-all --test call_api --param delay=350ms --requests 1000 --concurrency 1000
  benchmark run-test hyper fetch_range --inject latency=bimodal:1ms,150ms,0.1
  benchmark compare last~1 last                  is the last campaign slower than the one before?
  benchmark run ranges --dry-run                 what a suite would do, and how long that takes
  benchmark list                                 libraries, tests and parameters

Exit codes: 0 good, 1 database or output file failed, 2 usage, 3 some run is invalid, 4 something needed is missing,
5 compare found something slower, 130 interrupted.";

/// Which HTTP or object-store client should carry the load, called in which pattern, and what does it cost?
#[derive(Debug, Parser)]
#[command(name = "benchmark", version, after_help = EXAMPLES, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show libraries, versions, tests and parameters, or what the database holds
    List(list::List),
    /// Run one test of one library
    RunTest(run::RunTest),
    /// Run every test of every library
    RunAll(run::RunAll),
    /// Run an experiment that a TOML file describes
    Run(run_suite::RunSuite),
    /// Write what was measured as CSV, JSON or Markdown
    GetResults(get_results::GetResults),
    /// Hold what each library reports against latencies that are known
    Calibrate(calibrate::Calibrate),
    /// Compare two campaigns, or two libraries of one: faster, slower, same or undecided
    Compare(compare::Compare),
    /// Rank the libraries of a campaign, ties marked
    Rank(rank::Rank),
    /// Hold every library against servers that misbehave: are all judged alike?
    Conform(conform::Conform),
    /// Make a library's folder from another one's: a new library, or another version of the same crate
    New(new::New),
    /// Build the images of libraries and of the origin, for docker-compose.yaml by hand
    Images(images::Images),
    /// Look whether this machine has what is needed, and say what is missing
    Doctor(doctor::Doctor),
    /// Serve the origin alone, for a test or another load generator
    Origin(origin::Origin),
    /// Connect to addresses and leave: what `doctor` runs in a container
    #[command(hide = true)]
    Reach(reach::Reach),
    /// Print completions for a shell
    Completions(completions::Completions),
}

/// Parses the command line and does what it says.
#[must_use]
pub fn run() -> Exit {
    let cli = parse();
    let filter = EnvFilter::try_from_env("BENCHMARK_LOG").unwrap_or_else(|_| EnvFilter::new("warn,s3s=off"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time();
    // A log that nobody reads any more is no error, least of all one to be logged.
    log.with_ansi(output::has_colours(&std::io::stderr())).log_internal_errors(false).init();
    match dispatch(cli.command) {
        Ok(exit) => match output::lost() {
            Some(error) if exit == Exit::Good => {
                tell!("error: cannot write to the standard output: {error}");
                Exit::Failed
            }
            _ => exit,
        },
        Err(error) => {
            tell!("error: {}", sentence(error.as_ref()));
            Exit::of(&error)
        }
    }
}

/// The command line; what is wrong with it, and help, is said at once, with colours where those are wanted.
fn parse() -> Cli {
    let colours =
        if output::wants_colours(|name| std::env::var(name).ok()) { ColorChoice::Auto } else { ColorChoice::Never };
    let command = Cli::command().color(colours);
    // What clap itself has let pass fits.
    Cli::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

fn dispatch(command: Command) -> Result<Exit> {
    match command {
        Command::List(list) => blocking(list.run()),
        Command::RunTest(run_test) => blocking(run_test.run(None)),
        Command::RunAll(run_all) => match run_all.resumes() {
            Some((campaign, take_over, options)) => blocking(go_on(campaign, take_over, options)),
            None => blocking(run_all.run(None)),
        },
        Command::Run(run_suite) => blocking(run_suite.run(None)),
        Command::GetResults(get_results) => blocking(get_results.run()),
        Command::Calibrate(calibrate) => blocking(calibrate.run()),
        Command::Compare(compare) => blocking(compare.run()),
        Command::Rank(rank) => blocking(rank.run()),
        Command::Conform(conform) => blocking(conform.run()),
        Command::New(new) => blocking(new.run()),
        Command::Images(images) => blocking(images.run()),
        Command::Doctor(doctor) => blocking(doctor.run()),
        Command::Origin(origin) => blocking(origin.run()),
        Command::Reach(reach) => reach.run(),
        Command::Completions(completions) => Ok(completions.run()),
    }
}

/// Goes on with a campaign that stopped, as the command that started it would.
async fn go_on(campaign: &str, take_over: bool, options: &LoadOptions) -> Result<Exit> {
    let database = &options.database();
    resume::check_alone(std::env::args().skip(1))?;
    let (campaign_id, arguments) = resume::command_of(campaign, database).await?;
    let mut arguments = resume::with_headers(&campaign_id, arguments, &options.headers())?;
    if options.terms().sweep && !arguments.iter().any(|argument| argument == "--sweep") {
        arguments.push("--sweep".to_owned());
    }
    let resumed = Resumed { campaign_id, take_over };
    // The folder may be another one by now: the database is the one that was found.
    let path = database.path().into_os_string();
    let arguments = ["benchmark".into()].into_iter().chain(arguments.into_iter().map(OsString::from));
    match Cli::try_parse_from(arguments.chain(["--db".into(), path]))?.command {
        Command::RunTest(run_test) => run_test.run(Some(&resumed)).await,
        Command::RunAll(run_all) => run_all.run(Some(&resumed)).await,
        Command::Run(run_suite) => run_suite.run(Some(&resumed)).await,
        _ => Err(Usage(format!("campaign {} was not started by a command that can go on", resumed.campaign_id)).into()),
    }
}

/// One thread is enough: the harness must not cost what it measures.
fn blocking(command: impl Future<Output = Result<Exit>>) -> Result<Exit> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}
