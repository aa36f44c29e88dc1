//! For how long a container was held back at its CPU limit, by its cgroup: what only the kernel counts.
//!
//! Version 1 has a hierarchy for each controller, version 2 one for all; the drivers `cgroupfs` and `systemd` differ in the
//! path alone (<https://docs.kernel.org/admin-guide/cgroup-v2.html>, <https://docs.kernel.org/admin-guide/cgroup-v1/>).

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The folder of a cgroup that has its `cpu.stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cgroup {
    /// Of the controller `cpu`.
    V1(PathBuf),
    /// Of all controllers.
    V2(PathBuf),
}

/// Why a cgroup cannot be read.
#[derive(Debug, Error)]
pub enum CgroupError {
    /// /proc/PID/cgroup names none that counts CPU time.
    #[error("no cgroup with CPU in `{text}`")]
    NoController {
        /// What it says.
        text: String,
    },
    /// The folder is not there: the container has ended, or /sys/fs/cgroup is that of another namespace.
    #[error("no cgroup at `{}`: the container has ended, or this is another cgroup namespace", path.display())]
    Gone {
        /// Where it was looked for.
        path: PathBuf,
    },
}

impl Cgroup {
    /// The cgroup of a process, from the text of its /proc/PID/cgroup and the folder that /sys/fs/cgroup is.
    ///
    /// # Errors
    /// When the text names none, or the folder is not there.
    pub fn of(root: &Path, proc_cgroup: &str) -> Result<Self, CgroupError> {
        let cgroup = v1(root, proc_cgroup).map(Self::V1).or_else(|| v2(root, proc_cgroup).map(Self::V2));
        let cgroup = cgroup.ok_or_else(|| CgroupError::NoController { text: proc_cgroup.trim().to_owned() })?;
        let (Self::V1(folder) | Self::V2(folder)) = &cgroup;
        if folder.is_dir() { Ok(cgroup) } else { Err(CgroupError::Gone { path: folder.clone() }) }
    }

    /// Time for which its tasks have had to wait for the next period of their quota, in seconds; `None` where the kernel does not say.
    #[must_use]
    pub fn throttled_seconds(&self) -> Option<f64> {
        match self {
            Self::V1(folder) => entry(&folder.join("cpu.stat"), "throttled_time").map(|ns| ns as f64 / 1e9),
            Self::V2(folder) => entry(&folder.join("cpu.stat"), "throttled_usec").map(|us| us as f64 / 1e6),
        }
    }
}

/// Lines are `number:controllers:path`. A hierarchy is mounted under its controller's name, or under all of their names.
fn v1(root: &Path, proc_cgroup: &str) -> Option<PathBuf> {
    let mut hierarchies = proc_cgroup.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let (names, path) = hierarchies.find(|(names, _)| names.split(',').any(|name| name == "cpu"))?;
    let own = root.join("cpu");
    Some(below(&if own.is_dir() { own } else { root.join(names) }, path))
}

fn v2(root: &Path, proc_cgroup: &str) -> Option<PathBuf> {
    let path = proc_cgroup.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(below(root, path))
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

/// The value behind a name in a file of `name value` lines.
fn entry(file: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}
