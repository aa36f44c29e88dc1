//! What the harness itself cost, beside what it measured.

use crate::campaign::OwnCost;
use crate::campaign::{Finished, Outcome};

/// A line or two; empty where no run came to a window.
#[must_use]
pub fn cost(outcome: &Outcome) -> String {
    let seconds: f64 =
        outcome.finished.iter().filter_map(|(_, summary)| summary.total.window_ns).sum::<u64>() as f64 / 1e9;
    if seconds <= 0.0 {
        return String::new();
    }
    let share = |value: fn(&Finished) -> Option<f64>| {
        let values: Vec<f64> = outcome.finished.iter().filter_map(value).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>())
    };
    let of_a_cpu = |seconds_used: f64| format!("{:.1} % of a CPU", seconds_used / seconds * 100.0);
    let origin = share(|(run, _)| run.origin_cpu_share).map(|sum| {
        let runs = outcome.finished.iter().filter(|(run, _)| run.origin_cpu_share.is_some()).count();
        format!("origin {:.0} % of its CPUs", sum / runs as f64 * 100.0)
    });
    let parts: Vec<String> = [
        share(|(run, _)| run.harness_cpu_seconds).map(|used| format!("harness {}", of_a_cpu(used))),
        origin,
        share(|(run, _)| run.monitoring_cpu_seconds).map(|used| format!("Prometheus and cAdvisor {}", of_a_cpu(used))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let own = match &outcome.own_cost {
        Some(cost) => of_the_baseline(cost),
        None => {
            "what recording costs is not known here: a campaign of 5 trials with the baseline measures it".to_owned()
        }
    };
    format!("cost of measuring, in the windows: {}\n{own}", parts.join(", "))
}

fn of_the_baseline(cost: &OwnCost) -> String {
    let OwnCost { recorded_us, unrecorded_us, bare_us } = cost;
    let difference =
        |from: f64| format!("{:+.2} us ({:+.1} %)", recorded_us - from, (recorded_us / from - 1.0) * 100.0);
    format!(
        "baseline's {recorded_us:.2} us of CPU per request: {} by recording, {} over a bare loop without the SDK",
        difference(*unrecorded_us),
        difference(*bare_us)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_of_recording_is_a_difference_of_three_loops() {
        let cost = OwnCost { recorded_us: 8.0, unrecorded_us: 7.8, bare_us: 7.4 };
        assert_eq!(
            of_the_baseline(&cost),
            "baseline's 8.00 us of CPU per request: +0.20 us (+2.6 %) by recording, +0.60 us (+8.1 %) over a bare loop without the SDK"
        );
    }
}
