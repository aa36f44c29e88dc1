//! A campaign as it is kept.

use crate::machine::ProcessIdentity;

/// All runs of one command.
#[derive(Clone, Debug, PartialEq)]
pub struct Campaign {
    /// UUIDv7.
    pub campaign_id: String,
    /// Wall clock at its start, in microseconds since the epoch.
    pub started_us: i64,
    /// The exact command that repeats it.
    pub command: String,
    /// The command's arguments, to plan it again.
    pub arguments: Vec<String>,
    /// The level of the intervals that are shown of it: 0.99, or higher where it may end early.
    pub interval_level: f64,
    /// Sources of noise that were found at its start, each with the way out.
    pub noise: Vec<String>,
    /// The seed that every draw comes from.
    pub seed: u64,
    /// Version and revision of the harness, with `-dirty` where the tree had changes.
    pub harness: String,
    /// Who runs it: lets another harness tell a dead campaign from a living one.
    pub process: ProcessIdentity,
}
