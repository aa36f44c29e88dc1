//! The command line: parse, dispatch, exit code.

#![warn(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;

use benchmark::commands;

fn main() -> ExitCode {
    commands::run().into()
}
