//! A pause between runs while closed connections pile up: a run that finds no free port measures the run before it.

use std::fs;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::campaign::{Event, Listener};

/// Share of the ephemeral ports that may be in TIME_WAIT as a run begins.
const TIME_WAIT_SHARE: f64 = 0.25;

/// Linux keeps a closed connection for 60 s: after that the pile can only be somebody else's, made anew all the time.
const LONGEST: Duration = Duration::from_secs(65);

/// Waits until enough ports are free, or a signal comes.
pub(super) async fn cool_down(interrupts: &mut watch::Receiver<u32>, listener: &mut dyn Listener) {
    let most = (ephemeral_ports() as f64 * TIME_WAIT_SHARE) as u64;
    let begun = Instant::now();
    while let Some(sockets) = time_wait_sockets().filter(|sockets| *sockets > most) {
        if begun.elapsed() > LONGEST || *interrupts.borrow() > 0 {
            return;
        }
        listener.on(&Event::Cooling { sockets, most });
        tokio::select! {
            () = sleep(Duration::from_secs(1)) => {}
            _ = interrupts.changed() => {}
        }
    }
}

/// Ports that connections may be opened from.
fn ephemeral_ports() -> u64 {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let edges: Vec<u64> = text.split_whitespace().filter_map(|edge| edge.parse().ok()).collect();
    if let [first, last] = edges.as_slice() { last.saturating_sub(*first) + 1 } else { 28_232 }
}

fn time_wait_sockets() -> Option<u64> {
    of_sockstat(&fs::read_to_string("/proc/net/sockstat").ok()?)
}

/// The number after `tw` in the line `TCP: inuse 5 orphan 0 tw 12 alloc 7 mem 1`.
fn of_sockstat(text: &str) -> Option<u64> {
    let mut words = text.lines().find_map(|line| line.strip_prefix("TCP:"))?.split_whitespace();
    words.find(|word| *word == "tw")?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_in_time_wait_are_read_from_the_kernel_s_own_count() {
        assert_eq!(
            of_sockstat("sockets: used 99\nTCP: inuse 5 orphan 0 tw 12345 alloc 7 mem 1\nUDP: inuse 1 mem 0\n"),
            Some(12_345)
        );
        assert_eq!(of_sockstat("UDP: inuse 1 mem 0\n"), None);
        assert!(time_wait_sockets().is_some());
        assert!(ephemeral_ports() > 1_000);
    }
}
