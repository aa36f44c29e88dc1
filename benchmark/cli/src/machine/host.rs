//! The facts of this machine.

use std::fs;

/// The machine of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The host's name.
    pub name: String,
    /// The CPU's model.
    pub cpu_model: String,
    /// CPUs that this process may use: those of its affinity mask, or fewer where its control group has a quota.
    pub cpus: u32,
    /// Main memory, in bytes.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The source of CLOCK_MONOTONIC.
    pub clock_source: Option<String>,
    /// The frequency governor of the first CPU.
    pub governor: Option<String>,
    /// `v1` or `v2`.
    pub cgroup: Option<String>,
}

impl Host {
    /// What makes figures incomparable where it differs: each fact with its name.
    #[must_use]
    pub fn facts(&self) -> [(&'static str, String); 6] {
        // In whole GB: what the kernel keeps for itself differs by some MB from boot to boot.
        let memory = format!("{:.0} GB", self.memory_bytes as f64 / 1e9);
        [
            ("host", self.name.clone()),
            ("CPU", self.cpu_model.clone()),
            ("CPUs", self.cpus.to_string()),
            ("memory", memory),
            ("kernel", self.kernel.clone()),
            ("governor", self.governor.clone().unwrap_or_else(|| "-".to_owned())),
        ]
    }

    /// The facts in which another machine differs: name, this one's value and the other one's.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<(&'static str, String, String)> {
        let facts = self.facts().into_iter().zip(other.facts());
        facts.filter(|(own, other)| own.1 != other.1).map(|((name, own), (_, other))| (name, own, other)).collect()
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
