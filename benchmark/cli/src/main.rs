//! The command line: parse, dispatch, exit code.

use std::process::ExitCode;

use benchmark::commands;

fn main() -> ExitCode {
    commands::run().into()
}
