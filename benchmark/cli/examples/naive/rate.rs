//! What a dashboard would have said instead of the plateaus: the mean of `rate()` with a range as long as the scrape
//! interval. For comparison only; no figure of ours comes from it.

use std::time::Duration;

use benchmark::metrics::Sample;

/// The mean over a window of `rate(counter[range])`, evaluated each second, as Prometheus would compute it had it scraped
/// this counter every `scrape` only. `None` where no evaluation found two samples.
pub(super) fn mean_of_rate(
    samples: &[Sample],
    from_us: i64,
    to_us: i64,
    scrape: Duration,
    range: Duration,
) -> Option<f64> {
    let scraped = scraped(samples, from_us, scrape.as_micros() as i64);
    let range_us = range.as_micros() as i64;
    let instants = (from_us..=to_us).step_by(1_000_000);
    let rates: Vec<f64> = instants.filter_map(|at_us| rate(&scraped, at_us - range_us, at_us)).collect();
    (!rates.is_empty()).then(|| rates.iter().sum::<f64>() / rates.len() as f64)
}

/// What scrapes at this distance would have kept: the newest sample at each. Scrapes go back to the first sample and on to
/// the last, with one at `from_us`.
fn scraped(samples: &[Sample], from_us: i64, scrape_us: i64) -> Vec<Sample> {
    let (Some(first), Some(last)) = (samples.first(), samples.last()) else { return Vec::new() };
    let begin_us = from_us - (from_us - first.at_us).div_euclid(scrape_us) * scrape_us;
    let mut kept: Vec<Sample> = Vec::new();
    let mut at_us = begin_us;
    while at_us < last.at_us + scrape_us {
        let newest = samples.iter().rev().find(|sample| sample.at_us <= at_us);
        kept.extend(newest.filter(|newest| kept.last().is_none_or(|last| last.at_us < newest.at_us)));
        at_us += scrape_us;
    }
    kept
}

/// Prometheus's `rate()` of the samples from `start_us` to `end_us`, both included (as before version 3): the growth
/// between the first and the last, extrapolated to the edges where these are nearer than 1.1 mean distances, else by half
/// a distance, and never to before the counter was zero (`extrapolatedRate` in promql/functions.go).
fn rate(samples: &[Sample], start_us: i64, end_us: i64) -> Option<f64> {
    let within: Vec<&Sample> = samples.iter().filter(|sample| (start_us..=end_us).contains(&sample.at_us)).collect();
    let [first, .., last] = within.as_slice() else { return None };
    let resets: f64 = within.windows(2).filter(|pair| pair[1].value < pair[0].value).map(|pair| pair[0].value).sum();
    let growth = last.value - first.value + resets;
    let sampled = (last.at_us - first.at_us) as f64;
    let mean_distance = sampled / (within.len() - 1) as f64;
    let mut to_start = (first.at_us - start_us) as f64;
    if growth > 0.0 && first.value >= 0.0 {
        to_start = to_start.min(sampled * first.value / growth);
    }
    let to_end = (end_us - last.at_us) as f64;
    let extended = |distance: f64| if distance < mean_distance * 1.1 { distance } else { mean_distance / 2.0 };
    let extrapolated = sampled + extended(to_start) + extended(to_end);
    Some(growth * (extrapolated / sampled) / ((end_us - start_us) as f64 / 1e6))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE: Duration = Duration::from_secs(5);

    fn samples(of: &[(f64, f64)]) -> Vec<Sample> {
        of.iter().map(|(at, value)| Sample { at_us: (at * 1e6).round() as i64, value: *value }).collect()
    }

    #[test]
    fn a_rate_is_extrapolated_as_prometheus_does() {
        // Growth 20 over 2 s. Zero lies 2 * 10 / 20 = 1 s before the first sample, so that is how far it reaches back; the
        // end is 6 s away, more than 1.1 * 2, so half of 2 s is added: 20 * (4 / 2) / 10.
        assert_eq!(rate(&samples(&[(2.0, 10.0), (4.0, 30.0)]), 0, 10_000_000), Some(4.0));
        // Edges at the samples: 20 / 2.
        assert_eq!(rate(&samples(&[(2.0, 10.0), (4.0, 30.0)]), 2_000_000, 4_000_000), Some(10.0));
        // After a reset the counter counts from zero: 5 in 2 s.
        assert_eq!(rate(&samples(&[(2.0, 10.0), (4.0, 5.0)]), 2_000_000, 4_000_000), Some(2.5));
        assert_eq!(rate(&samples(&[(2.0, 10.0)]), 0, 4_000_000), None);
    }

    #[test]
    fn aligned_samples_give_the_true_rate() {
        let steady: Vec<(f64, f64)> = (0..=20).map(|second| (f64::from(second), 100.0 * f64::from(second))).collect();
        assert_eq!(mean_of_rate(&samples(&steady), 5_000_000, 15_000_000, FIVE, FIVE), Some(100.0));
    }

    #[test]
    fn a_range_as_long_as_the_scrape_interval_hardly_ever_has_two_samples() {
        let steady: Vec<(f64, f64)> =
            (0..=20).map(|second| (f64::from(second) + 0.4, 100.0 * f64::from(second))).collect();
        assert_eq!(mean_of_rate(&samples(&steady), 5_000_000, 15_000_000, FIVE, FIVE), None);
        // The scrapes at 5, 10 and 15 s find samples of 4.2, 8.9 and 14.1 s: at 9 s alone do five seconds hold two of them.
        // All that is seen is the growth of 470 in 4.7 s; the truth is 500 in 9.9 s.
        let uneven = samples(&[(4.2, 1_000.0), (8.9, 1_470.0), (14.1, 1_500.0)]);
        let mean = mean_of_rate(&uneven, 5_000_000, 15_000_000, FIVE, FIVE).unwrap();
        assert!((mean - 100.0).abs() < 1e-9, "{mean}");
    }
}
