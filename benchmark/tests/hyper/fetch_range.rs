//! `fetch_range` with hyper.

mod client;

use std::process::ExitCode;

fn main() -> ExitCode {
    benchmark_sdk::run_async::<client::Client>(benchmark_sdk::program!("hyper", FetchRange))
}
