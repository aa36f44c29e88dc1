//! What a dashboard would have said instead of the plateaus: the mean of `rate()` with a range as long as the scrape
//! interval. For comparison only; no figure of ours comes from it.

use std::time::Duration;

use super::series::Sample;

/// The mean over a window of `rate(counter[range])`, evaluated each second, as Prometheus would compute it had it scraped
/// this counter every `scrape` only. `None` where no evaluation found two samples.
#[must_use]
pub fn mean_of_rate(samples: &[Sample], from_us: i64, to_us: i64, scrape: Duration, range: Duration) -> Option<f64> {
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
