//! The process's own counters: rusage, resident set, network devices.

use std::fs;

use benchmark_protocol::message::Ports;
use benchmark_protocol::resources::{Network, Resources};
use nix::sys::resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit};
use nix::sys::time::TimeVal;

use crate::clock::now_ns;

/// Reads this process's counters now. The network devices only where the namespace is the process's own: elsewhere they count
/// the whole host.
pub(crate) fn read(own_network: bool) -> Resources {
    let mut resources = Resources { at_ns: now_ns(), ..Resources::default() };
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        resources.cpu_user_us = microseconds(usage.user_time());
        resources.cpu_system_us = microseconds(usage.system_time());
        resources.voluntary_switches = usage.voluntary_context_switches().unsigned_abs();
        resources.involuntary_switches = usage.involuntary_context_switches().unsigned_abs();
    }
    // Not rusage's maximum: that one begins with what the parent had resident as it forked.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    resources.rss_bytes = status_bytes(&status, "VmRSS:").unwrap_or(0);
    resources.peak_rss_bytes = status_bytes(&status, "VmHWM:").unwrap_or(0);
    resources.network =
        if own_network { fs::read_to_string("/proc/self/net/dev").ok().map(|text| network(&text)) } else { None };
    resources
}

/// The CPUs that this process may run on, as the kernel lists them.
pub(crate) fn cpu_list() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    Some(status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?.trim().to_owned())
}

/// The ports of this process's network namespace, of which so many requests found none free.
pub(crate) fn ports(refused: u64) -> Ports {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let sockets = fs::read_to_string("/proc/self/net/sockstat").unwrap_or_default();
    Ports { refused, all: range_length(&range), waiting: time_wait(&sockets) }
}

/// How many ports there are from the first to the last, in a text that has both.
fn range_length(range: &str) -> Option<u64> {
    let (first, last) = range.trim().split_once(char::is_whitespace)?;
    last.trim().parse::<u64>().ok()?.checked_sub(first.parse().ok()?).map(|length| length + 1)
}

/// The number after `tw` in the line `TCP: inuse 5 orphan 0 tw 12 alloc 7 mem 1`.
fn time_wait(sockets: &str) -> Option<u64> {
    let mut words = sockets.lines().find_map(|line| line.strip_prefix("TCP:"))?.split_whitespace();
    words.find(|word| *word == "tw")?;
    words.next()?.parse().ok()
}

/// Raises the soft limit of open files to the hard one, and says so on stderr where even that is too low for this many sockets.
pub(crate) fn raise_open_files(sockets: u64) {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    if soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_err() {
        eprintln!("warning: could not raise the limit of open files from {soft} to {hard}");
    }
    let needed = sockets + 64;
    if hard < needed {
        eprintln!(
            "warning: {sockets} sockets need some {needed} open files, and the hard limit is {hard} (see `ulimit -Hn`)"
        );
    }
}

/// A line of /proc/self/status that holds a size, as `VmHWM:     1234 kB`, in bytes.
fn status_bytes(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

/// Sums /proc/net/dev over every device but the loopback: after the name, field 1 is bytes received, field 9 bytes sent.
fn network(text: &str) -> Network {
    let mut sum = Network::default();
    for (name, fields) in text.lines().filter_map(|line| line.split_once(':')) {
        if name.trim() == "lo" {
            continue;
        }
        let fields: Vec<u64> = fields.split_whitespace().filter_map(|field| field.parse().ok()).collect();
        sum.received_bytes += fields.first().unwrap_or(&0);
        sum.sent_bytes += fields.get(8).unwrap_or(&0);
    }
    sum
}

fn microseconds(time: TimeVal) -> u64 {
    time.tv_sec().unsigned_abs() * 1_000_000 + time.tv_usec().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_but_the_loopback_are_summed() {
        let text = "Inter-|   Receive                                                |  Transmit\n \
            face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
            lo: 500 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n  \
            eth0: 1000 9 0 0 0 0 0 0 2000 8 0 0 0 0 0 0\n  eth1:1 1 0 0 0 0 0 0 2 1 0 0 0 0 0 0\n";
        assert_eq!(network(text), Network { received_bytes: 1001, sent_bytes: 2002 });
    }

    #[test]
    fn ports_are_counted_from_first_to_last_and_closed_connections_by_the_kernel() {
        assert_eq!(range_length("32768\t60999\n"), Some(28_232));
        assert_eq!((range_length(""), range_length("2 1")), (None, None));
        assert_eq!(time_wait("sockets: used 9\nTCP: inuse 5 orphan 0 tw 12 alloc 7 mem 1\n"), Some(12));
        assert_eq!(time_wait("UDP: inuse 1 mem 0\n"), None);
        let Ports { refused: 3, all: Some(1..), waiting: Some(_) } = ports(3) else { panic!("{:?}", ports(3)) };
    }

    #[test]
    fn the_cpus_of_this_process_are_listed_as_taskset_does() {
        let list = cpu_list().unwrap();
        assert!(list.starts_with(|digit: char| digit.is_ascii_digit()), "{list}");
    }

    #[test]
    fn counters_of_this_process_rise() {
        let before = read(false);
        let burnt: u64 = (0..50_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        let after = read(false);
        assert!(after.cpu_us() > before.cpu_us(), "{burnt}");
        assert!(after.at_ns > before.at_ns && after.rss_bytes > 0 && after.peak_rss_bytes >= after.rss_bytes);
    }
}
