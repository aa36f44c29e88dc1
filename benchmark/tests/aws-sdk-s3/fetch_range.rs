//! `fetch_range` with aws-sdk-s3.

mod client;

use std::process::ExitCode;

fn main() -> ExitCode {
    benchmark_sdk::run_async::<client::Client>(benchmark_sdk::program!("aws-sdk-s3", FetchRange))
}
