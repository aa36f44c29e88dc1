//! `fetch_range` with object_store.

mod client;

use std::process::ExitCode;

fn main() -> ExitCode {
    benchmark_sdk::run_async::<client::Client>(benchmark_sdk::program!("object_store", FetchRange))
}
