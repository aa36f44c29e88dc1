//! Who runs: a process, told from any other.

use std::fmt;
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
    /// Where that pid means this process: the PID namespace, the host and its machine id. `None` where it was not kept.
    pub place: Option<String>,
}

impl ProcessIdentity {
    /// Reads what [`fmt::Display`] writes; `None` for what is none of it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let (boot_id, pid, start_ticks) = (parts.next()?.to_owned(), parts.next()?, parts.next()?);
        let (pid, start_ticks) = (pid.parse().ok()?, start_ticks.parse().ok()?);
        Some(Self { boot_id, pid, start_ticks, place: Some(parts.next()?.to_owned()) })
    }

    /// The host that it runs on, where that was kept.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.place.as_deref()?.split(':').nth(1)
    }
}

/// In one line: the label of what a harness makes.
impl fmt::Display for ProcessIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { boot_id, pid, start_ticks, place } = self;
        write!(f, "{boot_id}:{pid}:{start_ticks}:{}", place.as_deref().unwrap_or_default())
    }
}

/// This process, as another harness will look for it.
#[must_use]
pub fn this_process() -> ProcessIdentity {
    let pid = std::process::id();
    ProcessIdentity { boot_id: boot_id(), pid, start_ticks: start_ticks(pid).unwrap_or(0), place: Some(place()) }
}

/// Whether that very process is seen to be gone: it ran where this one does, and this is another boot or no such process runs. Of one
/// that cannot be seen from here, in another container or on another machine, nothing is known.
#[must_use]
pub fn is_dead(process: &ProcessIdentity) -> bool {
    is_in_sight(process) && !is_alive(process)
}

/// Whether it can be seen from here. What was kept by a version that did not know the place is taken to be of this one.
#[must_use]
pub fn is_in_sight(process: &ProcessIdentity) -> bool {
    process.place.as_ref().is_none_or(|of| *of == place())
}

fn is_alive(process: &ProcessIdentity) -> bool {
    process.boot_id == boot_id() && start_ticks(process.pid) == Some(process.start_ticks)
}

/// The PID namespace, the host and its machine id: machines of one name are told apart by the last.
fn place() -> String {
    let namespace = fs::read_link("/proc/self/ns/pid").map(|link| link.display().to_string()).unwrap_or_default();
    let line = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().replace(':', "");
    let (host, machine) = (line("/proc/sys/kernel/hostname"), line("/etc/machine-id"));
    format!("{}:{host}:{machine}", namespace.replace(':', ""))
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
        assert!(!is_dead(&process));
        process.start_ticks += 1;
        assert!(is_dead(&process));
        process.place = None;
        assert!(is_dead(&process));
    }

    #[test]
    fn nobody_is_dead_who_cannot_be_seen() {
        let mut process = ProcessIdentity { start_ticks: 1, ..this_process() };
        let here = process.place.clone().unwrap();
        for elsewhere in [here.replacen("pid", "pid1", 1), format!("{here}0"), String::new()] {
            process.place = Some(elsewhere);
            assert!(!is_dead(&process), "{process:?}");
        }
    }

    #[test]
    fn an_identity_reads_back_from_its_line() {
        let process = this_process();
        assert_eq!(ProcessIdentity::parse(&process.to_string()), Some(process));
        for nobody in ["", "somebody else's label", "boot:1:1", "boot:one:1:place"] {
            assert_eq!(ProcessIdentity::parse(nobody), None, "{nobody}");
        }
    }
}
