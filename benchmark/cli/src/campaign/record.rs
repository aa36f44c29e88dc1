//! A campaign as it is kept.

use std::path::Path;

use super::resume::Resumed;
use crate::case::without_values;
use crate::machine::{self, ProcessIdentity};
use crate::plan::Plan;
use crate::shell::quoted;
use crate::stats::comparison::CONFIDENCE;

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

impl Campaign {
    /// Of this process's command, with a new id or that of a campaign that goes on.
    pub(super) async fn new(root: &Path, plan: &Plan, resumed: Option<&Resumed>) -> Self {
        let new_id = || uuid::Uuid::now_v7().to_string();
        Self {
            campaign_id: resumed.map_or_else(new_id, |resumed| resumed.campaign_id.clone()),
            started_us: jiff::Timestamp::now().as_microsecond(),
            command: command_line(),
            arguments: without_values(std::env::args().skip(1)),
            interval_level: plan.early_end().map_or(CONFIDENCE, |until| until.level()),
            noise: machine::noise_sources(),
            seed: plan.seed,
            harness: harness(root).await,
            process: machine::this_process(),
        }
    }
}

/// The command that repeats this campaign, quoted for a shell.
fn command_line() -> String {
    let arguments = without_values(std::env::args().skip(1));
    let arguments = arguments.iter().map(|argument| quoted(argument));
    std::iter::once("benchmark".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Version and revision of the harness, as the checkout knows them.
async fn harness(root: &Path) -> String {
    let git = |arguments: &'static [&'static str]| async move {
        let output = tokio::process::Command::new("git").args(arguments).current_dir(root).output().await.ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let version = env!("CARGO_PKG_VERSION");
    let Some(revision) = git(&["rev-parse", "--short=12", "HEAD"]).await else { return version.to_owned() };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).await.is_some_and(|text| !text.is_empty());
    format!("{version} {revision}{}", if changed { "-dirty" } else { "" })
}
