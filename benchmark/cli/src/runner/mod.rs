//! What starts replicas: N copies of a program with an environment. A runner says when they exit and with what, and removes every
//! trace of them when told or when the harness dies. Results come through the protocol, whatever the engine.

mod process;

use std::path::PathBuf;

use anyhow::Result;
use tokio::sync::mpsc::Receiver;

pub use process::Processes;

/// What to start.
#[derive(Clone, Debug)]
pub struct Job {
    /// The test program.
    pub program: PathBuf,
    /// The variables that it gets beside the harness's own environment.
    pub environment: Vec<(String, String)>,
    /// How many copies.
    pub replicas: u32,
}

/// A replica ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Which one.
    pub replica: u32,
    /// How, where it was not good: `exit code 1`, `killed by signal 9`.
    pub failure: Option<String>,
    /// The end of what it printed on stderr.
    pub stderr: String,
}

/// Something that can start replicas.
pub trait Runner {
    /// Its name in commands and results.
    fn name(&self) -> &'static str;

    /// Starts the replicas.
    ///
    /// # Errors
    /// When they cannot be started; then none is left.
    fn start(&self, job: &Job) -> Result<Box<dyn Replicas>>;
}

/// Replicas that were started. Dropping them ends them.
pub trait Replicas {
    /// News of each one that ended; the channel ends after the last.
    fn exits(&mut self) -> &mut Receiver<Exit>;

    /// Ends those that still run, at once.
    fn kill(&mut self);
}
