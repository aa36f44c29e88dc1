//! Ways in for the fuzzer (`fuzz/` at the top of the checkout), and for the test that replays its corpus: each takes any bytes
//! and panics where something of this crate would not hold.

use benchmark_protocol::message::CoordinatorMessage;

use benchmark_protocol::tests::ContentRange;

/// A way in, behind the name of its target.
pub type WayIn = (&'static str, fn(&[u8]));

/// Every way in.
pub const TARGETS: &[WayIn] = &[("content_range", content_range), ("coordinator_line", coordinator_line)];

/// The value of a Content-Range header.
pub fn content_range(bytes: &[u8]) {
    let Some(range) = ContentRange::parse(bytes) else { return };
    let ContentRange { first, last, size } = range;
    assert!(first <= last && last < size, "{range:?}");
    assert_eq!(ContentRange::parse(format!("bytes {first}-{last}/{size}").as_bytes()), Some(range));
}

/// A line from the coordinator.
pub fn coordinator_line(bytes: &[u8]) {
    let Ok(message) = serde_json::from_slice::<CoordinatorMessage>(bytes) else { return };
    let written = serde_json::to_vec(&message).unwrap_or_default();
    assert!(serde_json::from_slice::<CoordinatorMessage>(&written).is_ok_and(|again| again == message), "{message:?}");
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_of_the_fuzzer_passes() {
        super::replay::replay(super::TARGETS);
    }
}
