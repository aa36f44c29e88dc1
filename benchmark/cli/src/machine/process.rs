//! Who runs: a process, told from any other.

use std::fs;

/// A process that can be told from any other, even after its pid was given away again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessIdentity {
    /// The boot's id.
    pub boot_id: String,
    /// The process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot (field 22 of /proc/PID/stat).
    pub start_ticks: u64,
}

/// This process, as another harness will look for it.
#[must_use]
pub fn this_process() -> ProcessIdentity {
    let pid = std::process::id();
    ProcessIdentity { boot_id: boot_id(), pid, start_ticks: start_ticks(pid).unwrap_or(0) }
}

/// Whether that very process still runs.
#[must_use]
pub fn is_alive(process: &ProcessIdentity) -> bool {
    process.boot_id == boot_id() && start_ticks(process.pid) == Some(process.start_ticks)
}

fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}

/// Fields of /proc/PID/stat from the state on: the name before them may hold spaces.
pub(super) fn stat_fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// Field 22 of /proc/PID/stat; `None` for a process that is gone or waits to be buried.
fn start_ticks(pid: u32) -> Option<u64> {
    let fields = stat_fields(pid)?;
    if fields.first().is_some_and(|state| state == "Z") { None } else { fields.get(19)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_its_successor_is_not() {
        let mut process = this_process();
        assert!(is_alive(&process));
        process.start_ticks += 1;
        assert!(!is_alive(&process));
    }
}
