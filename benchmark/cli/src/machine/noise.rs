//! What may make figures of this machine noise: named before a campaign begins, each with the way out.

use std::fs;
use std::path::Path;

use super::cpus::Cpus;

/// Runnable tasks, on average over the last minute and for each CPU, from which on other load is worth a word.
const LOAD: f64 = 0.25;

/// Share of the time that the hypervisor may keep to itself.
const STEAL: f64 = 0.01;

/// The sources of noise that can be seen now: a sentence each, with the way out.
#[must_use]
pub fn sources() -> Vec<String> {
    sources_below(Path::new("/"))
}

/// The same, of a machine whose /proc and /sys are below this folder.
fn sources_below(root: &Path) -> Vec<String> {
    let read = |path: &str| fs::read_to_string(root.join(path)).ok().map(|text| text.trim().to_owned());
    let cpus = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    [
        read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor").filter(|governor| governor != "performance").map(
            |governor| {
                format!("frequency governor `{governor}`: runs differ with temperature and load; `cpupower frequency-set -g performance`")
            },
        ),
        read("sys/devices/system/clocksource/clocksource0/current_clocksource").filter(|source| !is_cheap(source)).map(
            |source| {
                format!("clock source `{source}`: each reading of the clock is slow; `tsc` on a machine whose kernel trusts it")
            },
        ),
        read("proc/loadavg")
            .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
            .filter(|load| load / cpus > LOAD)
            .map(|load| format!("other load: {load:.1} runnable tasks over the last minute; end what else runs, and wait a minute")),
        read("proc/stat").as_deref().and_then(stolen).filter(|share| *share > STEAL).map(|share| {
            format!("the hypervisor took {:.1} % of the CPU time since boot: a machine of its own has none of that", share * 100.0)
        }),
        throttle_count(root).filter(|count| *count > 0).map(|count| {
            format!("the CPUs were throttled for heat {count} times since boot: see to the cooling, or lower the frequency")
        }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Clock sources that are read without a system call.
pub(crate) fn is_cheap(source: &str) -> bool {
    matches!(source, "tsc" | "arch_sys_counter" | "kvm-clock" | "hyperv_clocksource_tsc_page")
}

/// Steal as a share of all time since boot, of the line `cpu user nice system idle iowait irq softirq steal ...`.
fn stolen(stat: &str) -> Option<f64> {
    let fields: Vec<f64> =
        stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    let all: f64 = fields.iter().take(8).sum();
    (all > 0.0).then(|| fields.get(7).map(|steal| steal / all))?
}

/// How often the cores were throttled for heat since boot; `None` where the kernel does not count it.
fn throttle_count(root: &Path) -> Option<u64> {
    let cpus = Cpus::allowed();
    let counts = cpus.iter().filter_map(|cpu| {
        let path = root.join(format!("sys/devices/system/cpu/cpu{cpu}/thermal_throttle/core_throttle_count"));
        fs::read_to_string(path).ok()?.trim().parse::<u64>().ok()
    });
    counts.reduce(|a, b| a + b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        sources_below(folder.path())
    }

    #[test]
    fn each_source_is_named_with_the_way_out() {
        let cpu = Cpus::allowed().iter().next().unwrap();
        let throttled = format!("sys/devices/system/cpu/cpu{cpu}/thermal_throttle/core_throttle_count");
        let sources = of(&[
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
            ("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n"),
            ("proc/loadavg", "900.00 1.00 1.00 9/99 1234\n"),
            ("proc/stat", "cpu  100 0 100 700 0 0 0 100 0 0\n"),
            (&throttled, "3\n"),
        ]);
        assert_eq!(sources.len(), 5, "{sources:?}");
        for (source, words) in
            sources.iter().zip(["`powersave`", "`hpet`", "900.0 runnable", "took 10.0 %", "heat 3 times"])
        {
            assert!(source.contains(words), "{source}");
        }
    }

    #[test]
    fn a_quiet_machine_has_none() {
        let quiet = [
            ("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n"),
            ("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"),
            ("proc/loadavg", "0.01 1.00 1.00 9/99 1234\n"),
            ("proc/stat", "cpu  100 0 100 800 0 0 0 1 0 0\n"),
        ];
        assert_eq!(of(&quiet), Vec::<String>::new());
        assert_eq!(of(&[]), Vec::<String>::new());
    }
}
