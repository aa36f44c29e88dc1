//! A container's cgroup, read directly: what the kernel itself counts, and the limits that it enforces.
//!
//! Version 1 has a hierarchy for each controller, version 2 one for all; the drivers `cgroupfs` and `systemd` differ in the
//! path alone (<https://docs.kernel.org/admin-guide/cgroup-v2.html>, <https://docs.kernel.org/admin-guide/cgroup-v1/>).

use std::path::{Path, PathBuf};

use thiserror::Error;

/// The folders of a cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cgroup {
    /// A folder for each controller.
    V1 {
        /// Of the controller `cpu`.
        cpu: PathBuf,
        /// Of the controller `cpuacct`.
        cpuacct: PathBuf,
        /// Of the controller `memory`.
        memory: PathBuf,
    },
    /// One folder.
    V2(PathBuf),
}

/// What a cgroup used and may use. A field is `None` where the kernel does not say, or sets no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CgroupUsage {
    /// CPU time, user and system, in seconds.
    pub cpu_seconds: Option<f64>,
    /// Memory in use, page cache included, in bytes.
    pub memory_bytes: Option<u64>,
    /// Periods of the CPU quota in which it was used up.
    pub throttled_periods: Option<u64>,
    /// Time for which its tasks had to wait for the next period, in seconds.
    pub throttled_seconds: Option<f64>,
    /// CPUs that it may use.
    pub cpu_quota: Option<f64>,
    /// Memory that it may use, in bytes.
    pub memory_limit_bytes: Option<u64>,
    /// Processes that were killed for lack of memory.
    pub oom_kills: Option<u64>,
}

/// Why a cgroup cannot be read.
#[derive(Debug, Error)]
pub enum CgroupError {
    /// /proc/PID/cgroup names none that has CPU and memory.
    #[error("no cgroup with CPU and memory in `{text}`")]
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
        let cgroup = match (v1(root, proc_cgroup), v2(root, proc_cgroup)) {
            (Some(v1), _) => v1,
            (None, Some(v2)) => v2,
            (None, None) => return Err(CgroupError::NoController { text: proc_cgroup.trim().to_owned() }),
        };
        let folders = match &cgroup {
            Self::V1 { cpu, cpuacct, memory } => vec![cpu, cpuacct, memory],
            Self::V2(folder) => vec![folder],
        };
        match folders.into_iter().find(|folder| !folder.is_dir()) {
            Some(gone) => Err(CgroupError::Gone { path: gone.clone() }),
            None => Ok(cgroup),
        }
    }

    /// What it used so far, and its limits.
    #[must_use]
    pub fn read(&self) -> CgroupUsage {
        match self {
            Self::V1 { cpu, cpuacct, memory } => CgroupUsage {
                cpu_seconds: number(&cpuacct.join("cpuacct.usage")).map(|ns: u64| ns as f64 / 1e9),
                memory_bytes: number(&memory.join("memory.usage_in_bytes")),
                throttled_periods: entry(&cpu.join("cpu.stat"), "nr_throttled"),
                throttled_seconds: entry(&cpu.join("cpu.stat"), "throttled_time").map(|ns| ns as f64 / 1e9),
                // -1 is no quota, and no number of this type.
                cpu_quota: quota(number(&cpu.join("cpu.cfs_quota_us")), number(&cpu.join("cpu.cfs_period_us"))),
                memory_limit_bytes: number(&memory.join("memory.limit_in_bytes")).filter(|limit| *limit < V1_UNLIMITED),
                oom_kills: entry(&memory.join("memory.oom_control"), "oom_kill"),
            },
            Self::V2(folder) => {
                let max = text(&folder.join("cpu.max")).unwrap_or_default();
                let mut max = max.split_whitespace().map(str::parse::<u64>);
                let mut next = || max.next().and_then(Result::ok);
                CgroupUsage {
                    cpu_seconds: entry(&folder.join("cpu.stat"), "usage_usec").map(|us| us as f64 / 1e6),
                    memory_bytes: number(&folder.join("memory.current")),
                    throttled_periods: entry(&folder.join("cpu.stat"), "nr_throttled"),
                    throttled_seconds: entry(&folder.join("cpu.stat"), "throttled_usec").map(|us| us as f64 / 1e6),
                    cpu_quota: quota(next(), next()),
                    // `max` is no limit, and no number.
                    memory_limit_bytes: number(&folder.join("memory.max")),
                    oom_kills: entry(&folder.join("memory.events"), "oom_kill"),
                }
            }
        }
    }
}

/// The least value that means no limit: the largest multiple of a page in a signed 64-bit number, for pages of up to 64 KiB.
const V1_UNLIMITED: u64 = (i64::MAX as u64) & !0xFFFF;

/// Lines are `number:controllers:path`. A hierarchy is mounted under its controller's name, or under all of their names.
fn v1(root: &Path, proc_cgroup: &str) -> Option<Cgroup> {
    let hierarchies = proc_cgroup.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let folder = |controller: &str| {
        let is_its = |(names, _): &(&str, &str)| names.split(',').any(|name| name == controller);
        let (names, path) = hierarchies.clone().find(is_its)?;
        let own = root.join(controller);
        Some(below(&if own.is_dir() { own } else { root.join(names) }, path))
    };
    Some(Cgroup::V1 { cpu: folder("cpu")?, cpuacct: folder("cpuacct")?, memory: folder("memory")? })
}

fn v2(root: &Path, proc_cgroup: &str) -> Option<Cgroup> {
    let path = proc_cgroup.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(Cgroup::V2(below(root, path)))
}

fn below(root: &Path, path: &str) -> PathBuf {
    root.join(path.trim_start_matches('/'))
}

fn quota(quota_us: Option<u64>, period_us: Option<u64>) -> Option<f64> {
    let period_us = period_us.filter(|period_us| *period_us > 0)?;
    Some(quota_us? as f64 / period_us as f64)
}

fn text(file: &Path) -> Option<String> {
    std::fs::read_to_string(file).ok()
}

fn number(file: &Path) -> Option<u64> {
    text(file)?.trim().parse().ok()
}

/// The value behind a name in a file of `name value` lines.
fn entry(file: &Path, name: &str) -> Option<u64> {
    text(file)?.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}
