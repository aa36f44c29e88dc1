//! `benchmark completions SHELL`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::exit::Exit;
use crate::output::say;

/// Options of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Example: benchmark completions bash > /etc/bash_completion.d/benchmark")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::Cli::command(), "benchmark", &mut script);
        say!("{}", String::from_utf8_lossy(&script).trim_end());
        Exit::Good
    }
}
