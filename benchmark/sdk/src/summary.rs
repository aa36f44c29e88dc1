//! What a test prints when it runs alone on a terminal.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message::{Histogram as Wire, ReplicaResult};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use crate::measured::Program;
use crate::options::Options;

/// A few lines a person can read at once.
pub(crate) fn text(program: &Program, options: &Options, result: &ReplicaResult) -> String {
    let window = &result.window;
    let seconds = (result.window_end_ns - result.window_start_ns) as f64 / 1e9;
    let edges = &result.resources;
    let cpu_us = edges.window_end.cpu_us() - edges.window_start.cpu_us();
    let per_second = |number: u64| number as f64 / seconds;
    let mut text = format!(
        "{} {} {}, concurrency {}, {seconds:.2} s\n",
        program.library,
        program.version,
        options.test.name(),
        options.concurrency
    );
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<22}{value}");
    };
    line("ok requests/s", format!("{:.0}", per_second(window.successes)));
    line("MB/s", format!("{:.1}", per_second(window.success_bytes + window.sent_bytes) / 1e6));
    if let (Some(rate), Some(scheduled), Some(issued)) = (options.rate, result.scheduled, result.issued) {
        let share = issued as f64 / scheduled.max(1) as f64 * 100.0;
        line("asked requests/s", format!("{rate}, {share:.2} % of what was due issued in time"));
    }
    let distributions = [
        ("latency", Some(&result.latency)),
        ("service time", result.service_time.as_ref()),
        ("scheduling delay", result.scheduling_delay.as_ref()),
    ];
    for (name, histogram) in distributions {
        if let Some(histogram) = histogram.and_then(inflate).filter(|histogram| !histogram.is_empty()) {
            line(name, percentiles(&histogram));
        }
    }
    if window.successes > 0 {
        line("CPU us/request", format!("{:.2}", cpu_us as f64 / window.successes as f64));
    }
    line("peak memory", format!("{:.1} MB", edges.drained.peak_rss_bytes as f64 / 1e6));
    line(
        "requests",
        format!("{} ok, {} failed, {} censored", window.successes, window.failures.total(), window.censored),
    );
    for (kind, number) in window.failures.occurred() {
        let sample = result.failure_samples.iter().find(|sample| sample.kind == kind.name());
        line(kind.name(), format!("{number}  {}", sample.map_or("", |sample| sample.text.as_str())));
    }
    text
}

/// `p50 0.201, p90 0.300, p99 0.461, max 2.000 ms`. A percentile with fewer than 10 samples beyond it says nothing.
fn percentiles(histogram: &Histogram<u64>) -> String {
    let ms = |nanoseconds: u64| format!("{:.3}", nanoseconds as f64 / 1e6);
    let percentile = |p: f64| match histogram.len() as f64 * (1.0 - p / 100.0) {
        beyond if beyond >= 10.0 => ms(histogram.value_at_percentile(p)),
        _ => "-".to_owned(),
    };
    let [p50, p90, p99] = [50.0, 90.0, 99.0].map(percentile);
    format!("p50 {p50}, p90 {p90}, p99 {p99}, max {} ms", ms(histogram.max()))
}

fn inflate(histogram: &Wire) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(&histogram.0).ok()?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
}
