//! What the harness itself cost, beside what it measured.

use crate::campaign::OwnCost;
use crate::results::CampaignRow;
use crate::stats::mean;
use crate::store::StoredRun;

/// A line or two; empty where no run came to a window.
#[must_use]
pub fn cost(rows: &[CampaignRow], own_cost: Option<&OwnCost>) -> String {
    let runs = || rows.iter().flat_map(|row| &row.row.case.runs);
    let seconds: f64 = runs().filter_map(|run| run.summary.window_ns).sum::<u64>() as f64 / 1e9;
    if seconds <= 0.0 {
        return String::new();
    }
    let values = |value: fn(&StoredRun) -> Option<f64>| runs().filter_map(value).collect::<Vec<f64>>();
    let of_a_cpu = |what: &str, used: &[f64]| {
        let share = used.iter().sum::<f64>() / seconds * 100.0;
        (!used.is_empty()).then(|| format!("{what} {share:.1} % of a CPU"))
    };
    let origin = mean(runs().filter_map(|run| run.origin_cpu_share));
    let parts: Vec<String> = [
        of_a_cpu("harness", &values(|run| run.harness_cpu_seconds)),
        origin.map(|share| format!("origin {:.0} % of its CPUs", share * 100.0)),
        of_a_cpu("Prometheus and cAdvisor", &values(|run| run.monitoring_cpu_seconds)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let own = match own_cost {
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
