//! A run as Prometheus saw it: totals of each replica, or the reason why there are none, and the families' samples.

use super::families::families;
use super::plateau::{Refusal, Span, combine, totals};
use super::series::ContainerSeries;
use crate::exit::sentence;
use crate::stats::{Samples, Totals};

/// A run as Prometheus saw it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Seen {
    /// The totals of each replica, where it has any, in the order asked for.
    pub totals: Vec<Option<Totals>>,
    /// The samples of each replica, in that order; `None` where some replica has none in the window.
    pub samples: Option<Vec<Samples>>,
    /// Why the run has no totals.
    pub refusal: Option<String>,
}

impl Seen {
    /// Of the run's replicas, each with its index and its container, among what Prometheus gave.
    #[must_use]
    pub fn of(replicas: &[(u32, Option<String>)], series: &[ContainerSeries], span: &Span) -> Self {
        let of_replica = |container_id: &Option<String>| {
            let container_id = container_id.as_ref()?;
            series.iter().find(|series| series.container_id == *container_id)
        };
        let seen: Vec<(u32, Result<Totals, Refusal>)> =
            replicas.iter().map(|(index, id)| (*index, totals(of_replica(id), span))).collect();
        let samples: Vec<Samples> =
            replicas.iter().filter_map(|(_, id)| Some(families(of_replica(id)?, span))).collect();
        let complete = samples.len() == replicas.len()
            && samples.iter().all(|one| !one.cpu_seconds.is_empty() && !one.recv_bytes_per_second.is_empty());
        Self {
            totals: seen.iter().map(|(_, totals)| totals.as_ref().ok().copied()).collect(),
            samples: (complete && !replicas.is_empty()).then_some(samples),
            refusal: combine(seen).err().map(|refusal| sentence(&refusal)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::series::Sample;
    use super::*;

    fn series(id: &str, values: &[(i64, f64)]) -> ContainerSeries {
        let samples: Vec<Sample> =
            values.iter().map(|(second, value)| Sample { at_us: second * 1_000_000, value: *value }).collect();
        ContainerSeries {
            run_id: None,
            container_id: id.to_owned(),
            cpu: samples.clone(),
            received: samples.clone(),
            memory: samples,
        }
    }

    #[test]
    fn a_run_whose_replica_is_missing_has_no_totals_and_says_whose() {
        let second = 1_000_000;
        let span = Span {
            ready_us: 10 * second,
            start_us: 11 * second,
            window_start_us: 11 * second,
            window_end_us: 14 * second,
            drained_us: 14 * second,
        };
        // Idle at 11 with 1, final at 15 with 5: 4 seconds and bytes; in the window 12 and 13 are one interval of 1.
        let one = series("one", &[(10, 1.0), (11, 1.0), (12, 2.0), (13, 3.0), (15, 5.0)]);
        let replicas = [(0, Some("one".to_owned())), (1, Some("two".to_owned()))];
        let both = [one.clone(), ContainerSeries { container_id: "two".to_owned(), ..one.clone() }];
        let seen = Seen::of(&replicas, &both, &span);
        assert_eq!(seen.refusal, None);
        assert_eq!(seen.totals[1].unwrap().cpu_seconds, 4.0);
        assert_eq!(seen.samples.unwrap()[0].cpu_seconds, [1.0, 1.0]);
        let seen = Seen::of(&replicas, &[one], &span);
        assert_eq!(seen.refusal.unwrap(), "replica 1: its container is not in Prometheus");
        assert!(seen.totals[0].is_some() && seen.totals[1].is_none() && seen.samples.is_none());
    }
}
