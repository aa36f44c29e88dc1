//! The machine: its facts, its CPUs and how they are shared out, and who runs on it.

use std::fs;
use std::str::FromStr;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Pid, SysconfVar, sysconf};

use crate::record::{Host, ProcessIdentity};

/// A set of CPUs, as `taskset -c` writes it: `0-3,6`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cpus(Vec<usize>);

impl Cpus {
    /// The CPUs that this process may use.
    #[must_use]
    pub fn allowed() -> Self {
        let set = sched_getaffinity(Pid::from_raw(0)).unwrap_or_default();
        Self((0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().copied()
    }

    /// Whether some CPU is in both sets.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.iter().any(|cpu| other.0.contains(cpu))
    }

    /// Confines a process (0: the calling thread) to these CPUs. What it starts afterwards inherits them.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn confine(&self, pid: i32) -> nix::Result<()> {
        let mut set = CpuSet::new();
        self.0.iter().try_for_each(|cpu| set.set(*cpu))?;
        sched_setaffinity(Pid::from_raw(pid), &set)
    }

    /// Confines every thread of this process.
    pub fn confine_all_threads(&self) {
        let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        for thread in threads.filter_map(|entry| entry.file_name().to_str()?.parse().ok()) {
            // A thread that has just ended needs no confining.
            let _ = self.confine(thread);
        }
    }
}

impl FromStr for Cpus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("`{text}` is no list of CPUs (examples: `0`, `0-3`, `0,2-3`)");
        let mut cpus = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first: usize = first.trim().parse().map_err(|_| malformed())?;
            let last: usize = last.trim().parse().map_err(|_| malformed())?;
            if first > last || last >= CpuSet::count() {
                return Err(malformed());
            }
            cpus.extend(first..=last);
        }
        cpus.sort_unstable();
        cpus.dedup();
        Ok(Self(cpus))
    }
}

impl std::fmt::Display for Cpus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for cpu in &self.0 {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == *cpu => *last = *cpu,
                _ => runs.push((*cpu, *cpu)),
            }
        }
        let texts = runs.iter().map(|(a, b)| if a == b { a.to_string() } else { format!("{a}-{b}") });
        f.write_str(&texts.collect::<Vec<_>>().join(","))
    }
}

/// Who runs where: the origin and the harness on one set of CPUs, the replicas on another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuSplit {
    /// For the origin and the harness.
    pub origin: Cpus,
    /// For the replicas.
    pub clients: Cpus,
}

impl CpuSplit {
    /// What was asked for; by default the first half of the allowed CPUs for the origin and the rest for the replicas, or the one
    /// there is for both.
    ///
    /// # Errors
    /// A sentence that names a CPU that this process may not use.
    pub fn new(origin: Option<Cpus>, clients: Option<Cpus>) -> Result<Self, String> {
        let allowed = Cpus::allowed();
        for asked in [&origin, &clients].into_iter().flatten() {
            if let Some(cpu) = asked.iter().find(|cpu| !allowed.0.contains(cpu)) {
                return Err(format!("CPU {cpu} is not one that this process may use ({allowed})"));
            }
        }
        let without = |taken: &Cpus| {
            let rest: Vec<usize> = allowed.iter().filter(|cpu| !taken.0.contains(cpu)).collect();
            if rest.is_empty() { allowed.clone() } else { Cpus(rest) }
        };
        let first_half = || Cpus(allowed.iter().take(allowed.count().div_ceil(2)).collect());
        Ok(match (origin, clients) {
            (Some(origin), Some(clients)) => Self { origin, clients },
            (Some(origin), None) => Self { clients: without(&origin), origin },
            (None, Some(clients)) => Self { origin: without(&clients), clients },
            (None, None) => Self { clients: without(&first_half()), origin: first_half() },
        })
    }

    /// Whether origin and replicas share a CPU.
    #[must_use]
    pub fn shared(&self) -> bool {
        self.origin.overlaps(&self.clients)
    }
}

/// The facts of this machine.
#[must_use]
pub fn host() -> Host {
    let read = |path: &str| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let cpu_info = read("/proc/cpuinfo").unwrap_or_default();
    let model = cpu_info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let memory = read("/proc/meminfo").unwrap_or_default();
    let total =
        memory.lines().find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok());
    Host {
        name: read("/proc/sys/kernel/hostname").unwrap_or_default(),
        cpu_model: model.map(|(_, model)| model.trim().to_owned()).unwrap_or_default(),
        cpus: std::thread::available_parallelism().map_or(1, |count| count.get() as u32),
        memory_bytes: total.unwrap_or(0) * 1024,
        kernel: read("/proc/sys/kernel/osrelease").unwrap_or_default(),
        clock_source: read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        cgroup: cgroup_version(),
    }
}

fn cgroup_version() -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    let v1 = mounts.lines().any(|line| line.split_whitespace().nth(2) == Some("cgroup"));
    let v2 = mounts.lines().any(|line| line.split_whitespace().nth(2) == Some("cgroup2"));
    if v1 { Some("v1".into()) } else { v2.then(|| "v2".into()) }
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
fn stat_fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

/// Field 22 of /proc/PID/stat; `None` for a process that is gone or waits to be buried.
fn start_ticks(pid: u32) -> Option<u64> {
    let fields = stat_fields(pid)?;
    if fields.first().is_some_and(|state| state == "Z") { None } else { fields.get(19)?.parse().ok() }
}

/// User and system CPU time of another process so far, in seconds: fields 14 and 15, in clock ticks of some 10 ms.
#[must_use]
pub fn cpu_seconds_of(pid: u32) -> Option<f64> {
    let fields = stat_fields(pid)?;
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(ticks as f64 / ticks_per_second())
}

/// What these CPUs spent so far on programs of any kind or had taken away by the hypervisor, in seconds. Interrupts are
/// left out: the kernel's work for our own packages is booked there.
#[must_use]
pub fn busy_seconds(cpus: &Cpus) -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let ticks: u64 = cpus.iter().filter_map(|cpu| busy_ticks(&stat, cpu)).sum();
    Some(ticks as f64 / ticks_per_second())
}

/// Of a line `cpuN user nice system idle iowait irq softirq steal ...`: user, nice, system and steal.
fn busy_ticks(stat: &str, cpu: usize) -> Option<u64> {
    let name = format!("cpu{cpu} ");
    let fields: Vec<u64> = stat
        .lines()
        .find_map(|line| line.strip_prefix(&name))?
        .split_whitespace()
        .filter_map(|f| f.parse().ok())
        .collect();
    Some(fields.iter().take(3).sum::<u64>() + fields.get(7).copied().unwrap_or(0))
}

fn ticks_per_second() -> f64 {
    sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_lists_read_and_write_like_taskset() {
        assert_eq!("0-2,5".parse::<Cpus>().unwrap(), Cpus(vec![0, 1, 2, 5]));
        assert_eq!(Cpus(vec![0, 1, 2, 5]).to_string(), "0-2,5");
        for text in ["", "a", "3-1", "0,,1", "100000"] {
            assert!(text.parse::<Cpus>().is_err(), "{text}");
        }
    }

    #[test]
    fn origin_and_clients_share_no_cpu_where_there_are_two() {
        let split = CpuSplit::new(None, None).unwrap();
        assert_eq!(split.shared(), Cpus::allowed().count() < 2);
        assert!(CpuSplit::new(Some(Cpus(vec![1000])), None).unwrap_err().contains("CPU 1000"));
    }

    #[test]
    fn this_process_is_alive_and_its_successor_is_not() {
        let mut process = this_process();
        assert!(is_alive(&process));
        process.start_ticks += 1;
        assert!(!is_alive(&process));
    }

    #[test]
    fn busy_time_leaves_out_idle_and_interrupts() {
        let stat = "cpu  1 1 1 1\ncpu0 10 20 30 1000 5 6 7 8 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\n";
        assert_eq!(busy_ticks(stat, 0), Some(68));
        assert_eq!(busy_ticks(stat, 1), Some(1));
    }
}
