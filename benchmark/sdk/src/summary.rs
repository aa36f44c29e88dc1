//! What a test prints when it runs alone on a terminal.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message::{Histogram as Wire, ReplicaResult};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use crate::options::Options;
use crate::program::Program;

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
        program.test.name(),
        options.concurrency
    );
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<22}{value}");
    };
    line("ok requests/s", format!("{:.0}", per_second(window.successes)));
    line("MB/s", format!("{:.1}", per_second(window.success_bytes) / 1e6));
    if let Some(latency) = inflate(&result.latency).filter(|latency| !latency.is_empty()) {
        let ms = |nanoseconds: u64| nanoseconds as f64 / 1e6;
        // A percentile with fewer than 10 samples beyond it says nothing.
        let percentile = |p: f64| match latency.len() as f64 * (1.0 - p / 100.0) {
            beyond if beyond >= 10.0 => format!("{:.3}", ms(latency.value_at_percentile(p))),
            _ => "-".to_owned(),
        };
        let value =
            format!("{} / {} / {} / {:.3}", percentile(50.0), percentile(90.0), percentile(99.0), ms(latency.max()));
        line("latency p50/p90/p99/max", format!(" {value} ms"));
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

fn inflate(histogram: &Wire) -> Option<Histogram<u64>> {
    let bytes = STANDARD.decode(&histogram.0).ok()?;
    Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
}
