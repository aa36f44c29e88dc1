//! The golden vectors, as the harness reads them.

use benchmark::stats::decode;
use benchmark_protocol::message::Histogram;
use serde_json::Value;

#[test]
fn a_histogram_reads_as_what_was_recorded() {
    let vectors: Value = serde_json::from_str(include_str!("../../../protocol/vectors.json")).unwrap();
    let vector = &vectors["histogram"];
    let histogram = decode(&Histogram(vector["wire"].as_str().unwrap().to_owned())).unwrap().unwrap();
    let mut total = 0;
    for recorded in vector["recorded"].as_array().unwrap() {
        let (ns, count) = (recorded[0].as_u64().unwrap(), recorded[1].as_u64().unwrap());
        assert_eq!(histogram.count_at(ns), count, "{ns} ns");
        total += count;
    }
    assert_eq!(histogram.len(), total);
}
