//! `fetch_range` with reqwest.

mod client;

use std::process::ExitCode;

fn main() -> ExitCode {
    benchmark_sdk::run_async::<client::Client>(benchmark_sdk::program!("reqwest", FetchRange))
}
