//! Ways in for the fuzzer (`fuzz/` at the top of the checkout), and for the test that replays its corpus: each takes any bytes
//! and panics where something of this crate would not hold.

use benchmark_protocol::message::ReplicaMessage;
use benchmark_protocol::target::Target;

use crate::metrics::{Span, containers, families, read_any, totals};
use crate::run::coordinator::read_message;
use crate::stats::{Histograms, Latencies, decode, decode_bytes, encode, merge};
use crate::target::bucket;

/// A way in, behind the name of its target.
pub type WayIn = (&'static str, fn(&[u8]));

/// Every way in.
pub const TARGETS: &[WayIn] = &[
    ("bucket_page", bucket_page),
    ("histogram", histogram),
    ("prometheus", prometheus),
    ("replica_line", replica_line),
];

/// A page of a foreign bucket's listing.
pub fn bucket_page(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let Ok(objects) = bucket::objects(text, 16) else { return };
    let Ok(target) = Target::parse("s3://bucket", Some("http://host"), false) else { return };
    for object in &objects {
        assert!(object.size >= 16, "{object:?}");
        let path = target.object(&object.key).path;
        assert!(!path.contains(|c: char| c.is_control() || c.is_whitespace()), "{path:?}");
    }
}

/// A histogram, as a replica or the database brings it.
pub fn histogram(bytes: &[u8]) {
    let Ok(Some(histogram)) = decode_bytes(bytes) else { return };
    assert!(decode_bytes(&encode(&histogram)).is_ok_and(|again| again.as_ref() == Some(&histogram)));
    let mut sum = Some(histogram.clone());
    merge(&mut sum, Some(histogram));
    let _ = Latencies::of(&Histograms { latency: sum, ..Histograms::default() });
}

/// The body of Prometheus's answer, whatever it was asked.
pub fn prometheus(bytes: &[u8]) {
    let span = Span {
        ready_us: 1_000_000_000_000_000,
        start_us: 1_000_000_002_000_000,
        window_start_us: 1_000_000_004_000_000,
        window_end_us: 1_000_000_014_000_000,
        drained_us: 1_000_000_015_000_000,
    };
    for status in [200, 503] {
        read_any("http://host", status, bytes);
        for series in containers("http://host", status, bytes, span.ready_us - 5_000_000).into_iter().flatten() {
            let _ = (totals(Some(&series), &span), families(&series, &span));
        }
    }
}

/// A line from whoever connected to the coordinator.
pub fn replica_line(bytes: &[u8]) {
    let Ok(message) = read_message(bytes) else { return };
    let written = serde_json::to_vec(&message).unwrap_or_default();
    assert!(read_message(&written).is_ok_and(|again| again == message), "{message:?}");
    if let ReplicaMessage::Result(result) = message {
        let mut counts = result.verify;
        counts += result.warm_up;
        counts += result.window;
        let _ = (counts.failures.total(), result.resources.drained.cpu_us());
        let read = |histogram| decode(histogram).ok().flatten();
        let histograms = Histograms {
            latency: read(&result.latency),
            failure_latency: read(&result.failure_latency),
            first_byte: result.first_byte.as_ref().and_then(read),
            service_time: result.service_time.as_ref().and_then(read),
            scheduling_delay: result.scheduling_delay.as_ref().and_then(read),
        };
        let mut sum = histograms.clone();
        sum.add(histograms);
        let _ = Latencies::of(&sum);
    }
}

#[cfg(test)]
#[expect(clippy::print_stdout, reason = "a test that says which input it has")]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_of_the_fuzzer_passes() {
        super::replay::replay(super::TARGETS);
    }
}
