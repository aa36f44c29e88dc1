//! What Prometheus and cAdvisor saw of a replica, beside its own counters over the same span: from `ready` to after the drain
//! (MEASUREMENT D 17).

use benchmark_protocol::message::Edges;

/// The two totals of a replica, or of all replicas of a run. What is not known is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// CPU time between cAdvisor's two plateaus, in seconds.
    pub prometheus_cpu_seconds: Option<f64>,
    /// Bytes that the network device received between them.
    pub prometheus_recv_bytes: Option<u64>,
    /// CPU time by the replica's own counters, user and system, in seconds.
    pub own_cpu_seconds: Option<f64>,
    /// Bytes received by its own reading of the network device.
    pub own_recv_bytes: Option<u64>,
    /// Samples of the CPU counter between the plateaus, both included.
    pub scrape_count: Option<u64>,
}

impl Observation {
    /// The replica's own side.
    #[must_use]
    pub fn own(edges: &Edges) -> Self {
        let (from, to) = (&edges.ready, &edges.drained);
        Self {
            own_cpu_seconds: Some(to.cpu_us().saturating_sub(from.cpu_us()) as f64 / 1e6),
            own_recv_bytes: from
                .network
                .zip(to.network)
                .map(|(from, to)| to.received_bytes.saturating_sub(from.received_bytes)),
            ..Self::default()
        }
    }

    /// The total of several: what one does not know, all together do not know.
    pub fn sum<'a>(several: impl IntoIterator<Item = &'a Self>) -> Self {
        let add = |a: Self, b: &Self| Self {
            prometheus_cpu_seconds: a.prometheus_cpu_seconds.zip(b.prometheus_cpu_seconds).map(|(a, b)| a + b),
            prometheus_recv_bytes: a.prometheus_recv_bytes.zip(b.prometheus_recv_bytes).map(|(a, b)| a + b),
            own_cpu_seconds: a.own_cpu_seconds.zip(b.own_cpu_seconds).map(|(a, b)| a + b),
            own_recv_bytes: a.own_recv_bytes.zip(b.own_recv_bytes).map(|(a, b)| a + b),
            scrape_count: a.scrape_count.zip(b.scrape_count).map(|(a, b)| a + b),
        };
        let mut several = several.into_iter();
        let first = several.next().copied().unwrap_or_default();
        several.fold(first, add)
    }

    /// By how much Prometheus's CPU time differs from the replicas' own, in percent of theirs.
    #[must_use]
    pub fn cpu_difference_percent(&self) -> Option<f64> {
        percent(self.prometheus_cpu_seconds?, self.own_cpu_seconds?)
    }

    /// By how much Prometheus's received bytes differ from the replicas' own, in percent of theirs.
    #[must_use]
    pub fn recv_bytes_difference_percent(&self) -> Option<f64> {
        percent(self.prometheus_recv_bytes? as f64, self.own_recv_bytes? as f64)
    }
}

fn percent(seen: f64, own: f64) -> Option<f64> {
    (own > 0.0).then(|| (seen / own - 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_known_where_every_part_is() {
        let one = Observation {
            prometheus_cpu_seconds: Some(1.02),
            prometheus_recv_bytes: Some(990),
            own_cpu_seconds: Some(1.0),
            own_recv_bytes: Some(1_000),
            scrape_count: Some(12),
        };
        let sum = Observation::sum([&one, &one]);
        assert_eq!((sum.prometheus_cpu_seconds, sum.scrape_count), (Some(2.04), Some(24)));
        assert!((sum.cpu_difference_percent().unwrap() - 2.0).abs() < 1e-9);
        assert!((sum.recv_bytes_difference_percent().unwrap() + 1.0).abs() < 1e-9);
        let refused = Observation { prometheus_cpu_seconds: None, ..one };
        let sum = Observation::sum([&one, &refused]);
        assert_eq!((sum.prometheus_cpu_seconds, sum.own_cpu_seconds), (None, Some(2.0)));
        assert_eq!(sum.cpu_difference_percent(), None);
        assert_eq!(Observation::sum([]), Observation::default());
    }
}
