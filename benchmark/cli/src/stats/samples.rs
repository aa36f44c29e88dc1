//! Samples of the four families: one per replica and second of the window, from its ticks (MEASUREMENT D 19).

use benchmark_protocol::message::{Phase, Tick};

/// An interval shorter than this is too noisy to be a sample of a rate, in nanoseconds.
const SHORTEST_NS: u64 = 500_000_000;

/// The samples of one replica, or of several one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Samples {
    /// Bytes received per second: body bytes of processes, those of the network device of containers.
    pub recv_bytes_per_second: Vec<f64>,
    /// CPU seconds used per second, user and system.
    pub cpu_seconds: Vec<f64>,
    /// The same per CPU second; intervals in which no CPU time was counted have none.
    pub recv_bytes_per_second_per_cpu: Vec<f64>,
    /// Resident set size at the end of the interval, in bytes.
    pub memory_usage_bytes: Vec<f64>,
}

impl Samples {
    /// Of one replica's ticks, in order. Each pair of neighbouring ticks of the window is an interval with its real
    /// length. One shorter than half a second (the rest before the window's end) is left out; where none is longer, the
    /// whole span from the first tick of the window to the last is the only sample.
    #[must_use]
    pub fn of(ticks: &[Tick]) -> Self {
        let window: Vec<&Tick> = ticks.iter().filter(|tick| tick.phase == Phase::Window).collect();
        let mut samples = Self::default();
        for pair in window.windows(2) {
            if pair[1].elapsed_ns.saturating_sub(pair[0].elapsed_ns) >= SHORTEST_NS {
                samples.add(pair[0], pair[1]);
            }
        }
        if let (true, [first, .., last]) = (samples.recv_bytes_per_second.is_empty(), window.as_slice()) {
            samples.add(first, last);
        }
        samples
    }

    /// Adds the samples of another replica or trial.
    pub fn extend(&mut self, other: &Self) {
        self.recv_bytes_per_second.extend(&other.recv_bytes_per_second);
        self.cpu_seconds.extend(&other.cpu_seconds);
        self.recv_bytes_per_second_per_cpu.extend(&other.recv_bytes_per_second_per_cpu);
        self.memory_usage_bytes.extend(&other.memory_usage_bytes);
    }

    fn add(&mut self, from: &Tick, to: &Tick) {
        let seconds = to.elapsed_ns.saturating_sub(from.elapsed_ns) as f64 / 1e9;
        if seconds == 0.0 {
            return;
        }
        // A container's network device is its own, and says what cAdvisor says too.
        let bytes = match (&from.resources.network, &to.resources.network) {
            (Some(from), Some(to)) => to.received_bytes.saturating_sub(from.received_bytes),
            _ => to.received_bytes.saturating_sub(from.received_bytes),
        } as f64;
        let cpu_seconds = to.resources.cpu_us().saturating_sub(from.resources.cpu_us()) as f64 / 1e6;
        self.recv_bytes_per_second.push(bytes / seconds);
        self.cpu_seconds.push(cpu_seconds / seconds);
        if cpu_seconds > 0.0 {
            self.recv_bytes_per_second_per_cpu.push(bytes / cpu_seconds);
        }
        self.memory_usage_bytes.push(to.resources.rss_bytes as f64);
    }
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::counts::Counts;
    use benchmark_protocol::resources::{Network, Resources};

    use super::*;

    /// A tick at so many milliseconds of a phase: bytes received, CPU microseconds (a quarter of them system), RSS.
    fn tick(phase: Phase, elapsed_ms: u64, received_bytes: u64, cpu_us: u64, rss_bytes: u64) -> Tick {
        let resources =
            Resources { cpu_user_us: cpu_us / 4 * 3, cpu_system_us: cpu_us / 4, rss_bytes, ..Resources::default() };
        let counts = Counts::default();
        Tick { phase, elapsed_ns: elapsed_ms * 1_000_000, counts, received_bytes, in_flight: 0, resources }
    }

    #[test]
    fn each_interval_of_the_window_is_a_sample_over_its_real_length() {
        let samples = Samples::of(&[
            tick(Phase::WarmUp, 1_000, 9_000, 80_000, 1),
            tick(Phase::Window, 0, 10_000, 100_000, 2),
            // 1 s: 50,000 bytes and 0.4 CPU s
            tick(Phase::Window, 1_000, 60_000, 500_000, 3),
            // 1.25 s: 100,000 bytes and 0.5 CPU s: 80,000 bytes/s, 0.4 CPU s/s, 200,000 bytes per CPU s
            tick(Phase::Window, 2_250, 160_000, 1_000_000, 4),
            // 0.499 s: left out
            tick(Phase::Window, 2_749, 999_999, 1_400_000, 5),
            tick(Phase::Drain, 1, 1_000_000, 1_500_000, 6),
        ]);
        assert_eq!(samples.recv_bytes_per_second, [50_000.0, 80_000.0]);
        assert_eq!(samples.cpu_seconds, [0.4, 0.4]);
        assert_eq!(samples.recv_bytes_per_second_per_cpu, [125_000.0, 200_000.0]);
        assert_eq!(samples.memory_usage_bytes, [3.0, 4.0]);
    }

    #[test]
    fn a_closing_interval_of_half_a_second_is_a_sample() {
        let at = |ms, bytes| tick(Phase::Window, ms, bytes, 0, 1);
        assert_eq!(Samples::of(&[at(0, 0), at(1_000, 10), at(1_500, 20)]).recv_bytes_per_second, [10.0, 20.0]);
    }

    #[test]
    fn a_window_shorter_than_half_a_second_is_one_sample() {
        let at = |ms, bytes| tick(Phase::Window, ms, bytes, 0, 1);
        assert_eq!(Samples::of(&[at(0, 0), at(200, 100)]).recv_bytes_per_second, [500.0]);
        assert_eq!(Samples::of(&[at(0, 0), at(100, 10), at(200, 100)]).recv_bytes_per_second, [500.0]);
    }

    #[test]
    fn an_interval_without_cpu_time_has_no_bytes_per_cpu_second() {
        let samples = Samples::of(&[
            tick(Phase::Window, 0, 0, 400, 1),
            tick(Phase::Window, 1_000, 10, 400, 2),
            tick(Phase::Window, 2_000, 20, 1_000_400, 3),
        ]);
        assert_eq!(samples.cpu_seconds, [0.0, 1.0]);
        assert_eq!(samples.recv_bytes_per_second_per_cpu, [10.0]);
        assert_eq!(samples.memory_usage_bytes, [2.0, 3.0]);
    }

    #[test]
    fn the_bytes_of_a_container_are_those_of_its_network_device() {
        let at = |ms, body, device| {
            let mut tick = tick(Phase::Window, ms, body, 0, 1);
            tick.resources.network = Some(Network { received_bytes: device, sent_bytes: 0 });
            tick
        };
        assert_eq!(Samples::of(&[at(0, 10, 100), at(1_000, 20, 1_100)]).recv_bytes_per_second, [1_000.0]);
    }

    #[test]
    fn fewer_than_two_ticks_are_no_sample() {
        assert_eq!(Samples::of(&[]), Samples::default());
        assert_eq!(Samples::of(&[tick(Phase::Window, 0, 1, 1, 1)]), Samples::default());
        let at_once = tick(Phase::Window, 0, 1, 1, 1);
        assert_eq!(Samples::of(&[at_once, at_once]), Samples::default());
    }
}
