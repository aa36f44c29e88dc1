//! CPU time, as the kernel books it: of another process, and of whole CPUs.

use std::fs;

use nix::unistd::{SysconfVar, sysconf};

use super::cpus::Cpus;
use super::process::stat_fields;

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
    fn busy_time_leaves_out_idle_and_interrupts() {
        let stat = "cpu  1 1 1 1\ncpu0 10 20 30 1000 5 6 7 8 0 0\ncpu1 1 0 0 0 0 0 0 0 0 0\n";
        assert_eq!(busy_ticks(stat, 0), Some(68));
        assert_eq!(busy_ticks(stat, 1), Some(1));
    }
}
