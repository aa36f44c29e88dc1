//! CPUs, and how origin and replicas share them out.

use std::fs;
use std::str::FromStr;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use super::shares::Shares;

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

    /// These, sorted and each once.
    pub(super) const fn new(sorted: Vec<usize>) -> Self {
        Self(sorted)
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

    /// The CPUs of each replica of a run, of which each has so many threads.
    #[must_use]
    pub fn of_replicas(&self, replicas: u32, threads: u32) -> Shares {
        Shares::of(&self.clients, replicas, threads)
    }

    /// Whether origin and replicas share a CPU.
    #[must_use]
    pub fn shared(&self) -> bool {
        self.origin.overlaps(&self.clients)
    }
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
}
