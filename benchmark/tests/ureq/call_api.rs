//! `call_api` with ureq.

mod client;

use std::process::ExitCode;

fn main() -> ExitCode {
    benchmark_sdk::run_blocking::<client::Client>(benchmark_sdk::program!("ureq", CallApi))
}
