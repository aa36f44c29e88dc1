//! Golden vectors: what every implementation of this SDK, in whatever language, must come to. `examples/vectors.rs` writes them to
//! `benchmark/protocol/vectors.json`, and tests on the replica's and on the harness's side read them.

use benchmark_protocol::content;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::parameter::Values;
use benchmark_protocol::target::Target;
use benchmark_protocol::tests::{Answer, Ask, Expected, More, Page, Setting, Test};
use benchmark_protocol::workload::Draws;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::load::arrivals::Arrivals;
use crate::load::{histogram, wire};
use crate::request::{Common, Request};
use crate::sigv4::{Credentials, Signer};

/// All vectors.
#[must_use]
pub fn vectors() -> Value {
    json!({
        "draws": draws(),
        "asks": asks(),
        "arrivals": arrivals(),
        "content": pieces(),
        "documents": documents(),
        "puts": puts(),
        "signatures": signatures(),
        "histogram": of_histogram(),
    })
}

/// What the n-th call of a replica draws: one of 64 objects, one of so many offsets, and the gap before its arrival in mean gaps.
fn draws() -> Vec<Value> {
    let mut draws = Vec::new();
    for (seed, replica) in [(1, 0), (1, 1), (u64::MAX, 7)] {
        let stream = Draws::new(seed, replica);
        for ordinal in [0, 1, 2, 63, 64, 1_000_000, u64::MAX] {
            let (object, offset) = stream.range(ordinal, 64, |_| 67_092_481);
            // Digits that every logarithm agrees on.
            let gap = format!("{:.12}", stream.gap(ordinal));
            // As texts: not every language's numbers hold 64 bits.
            draws.push(json!({
                "seed": seed.to_string(), "replica": replica, "ordinal": ordinal.to_string(),
                "objects": 64, "offsets": 67_092_481, "object": object, "offset": offset, "gap": gap,
            }));
        }
    }
    draws
}

/// What the first calls of every test ask of our origin, with its usual parameters, and what is looked at of the answers.
fn asks() -> Vec<Value> {
    let mut asks = Vec::new();
    for test in Test::all() {
        let target = Target::parse("http://host/run", None, true);
        let target = target.unwrap_or_else(|error| unreachable!("{error}"));
        let values = Values::new(test.parameters(), []).unwrap_or_default();
        let (known, prefix, draws) = (true, "", Draws::new(1, 0));
        let setting = Setting { target: &target, known, prefix, replica: 0, listed: &[], values: &values, draws };
        let mut calls = test.calls(&setting).unwrap_or_else(|error| unreachable!("{error}"));
        calls.learn(&verified(&calls.verification(), &values)).unwrap_or_else(|error| unreachable!("{error}"));
        let common = Common { given: Vec::new(), contents: content::seamless(test.longest_sent(&values)) };
        for ordinal in (0..4).chain([64, 128]) {
            let request = Request::new(calls.ask(ordinal), &common);
            let (size, compared) = match request.ask.expected {
                Expected::Object { size, pattern } => (size, pattern.is_some()),
                Expected::Document { known } => {
                    (known.map(|known| u64::from(known.length)), known.is_some_and(|known| known.compared))
                }
                Expected::Head { size } => (size, false),
                Expected::Page { total, .. } => (Some(total), false),
                Expected::Taken | Expected::Gone | Expected::Upload | Expected::Completed => (None, false),
            };
            let sent = request.ask.range.clone().filter(|_| request.operation() != Operation::Get);
            asks.push(json!({
                "test": test.name(), "seed": "1", "replica": 0, "ordinal": ordinal, "method": request.method(),
                "path": request.path(), "range": request.range_header(), "sent": sent.map(|sent| [*sent.start(), *sent.end()]), "size": size,
                "every_byte_compared": compared,
            }));
        }
    }
    asks
}

/// What our origin's answer to the verified request tells.
fn verified(ask: &Ask<'_>, values: &Values) -> Answer {
    let size = values.number("object_size").unwrap_or_default();
    let mut answer = Answer::default();
    answer.expect(ask);
    let range = ask.range.as_ref().map(|range| format!("bytes {}-{}/{size}", range.start(), range.end()));
    answer.head(206, |_| range.as_deref().map(str::as_bytes));
    answer
}

/// The first due instants of a schedule, in nanoseconds since `start`.
fn arrivals() -> Vec<Value> {
    let poisson = Arrivals::poisson(1_000.0, Draws::new(1, 0));
    let due = |arrivals: Arrivals| arrivals.take(8).collect::<Vec<u64>>();
    vec![
        json!({ "arrivals": "constant", "rate": 7_000_000, "offset_ns": 500, "due_ns": due(Arrivals::constant(7e6, 500)) }),
        json!({ "arrivals": "poisson", "rate": 1_000, "seed": "1", "replica": 0, "due_ns": due(poisson) }),
    ]
}

/// Bytes of objects, in hex: around the pattern's end too.
fn pieces() -> Vec<Value> {
    let places =
        [("object-000000", 0), ("object-000063", 67_108_848), ("object-000001", 1_048_565), ("any/other key", 1 << 40)];
    let piece = |(key, offset)| {
        let bytes: Vec<u8> = (0..16_u64).map(|at| content::piece(content::origin_of(key), offset + at, 1)[0]).collect();
        json!({ "key": key, "offset": offset, "hex": hex(&bytes) })
    };
    places.map(piece).to_vec()
}

/// Documents, whole.
fn documents() -> Vec<Value> {
    [0, 1, 7, 999].map(|id| json!({ "id": id, "text": content::document(id) })).to_vec()
}

/// What is put under a key: the content that the origin has for it.
fn puts() -> Vec<Value> {
    let sizes = [("object-000000", 16_384_u64), ("benchmark/run/object-000001", 3_000_000)];
    let put = |(key, size): (&str, u64)| {
        let origin = content::origin_of(key);
        let mut hash = Sha256::new();
        let mut offset = 0;
        while offset < size {
            let piece = content::piece(origin, offset, size - offset);
            hash.update(piece);
            offset += piece.len() as u64;
        }
        json!({ "key": key, "size": size, "sha256": hex(&hash.finalize()) })
    };
    sizes.map(put).to_vec()
}

/// The headers that sign a request.
fn signatures() -> Vec<Value> {
    const HOST: &str = "examplebucket.s3.amazonaws.com";
    const TIME: &str = "2013-05-24T00:00:00Z";
    // Those of AWS's published examples.
    let credentials = |session_token: Option<&str>| Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        session_token: session_token.map(str::to_owned),
        region: "us-east-1".to_owned(),
    };
    let page = |prefix: &str| More::Page(Page { prefix: prefix.to_owned(), most: 2, continuation: None });
    let requests = [
        (Operation::Get, "/test.txt", None, Some(0..=9), None),
        (Operation::List, "/", Some(page("J")), None, None),
        (Operation::CreateUpload, "/a%20b", Some(More::Create), None, None),
        (Operation::Put, "/put.bin", None, Some(0..=3), Some("session")),
    ];
    let sign = |(operation, path, more, range, session): (Operation, &str, Option<More>, _, Option<&str>)| {
        let target = Target::parse(&format!("https://{HOST}{path}"), None, false);
        let object = target.map(|target| target.object("")).unwrap_or_else(|error| unreachable!("{error}"));
        let expected = Expected::Object { size: None, pattern: None };
        let ask = Ask { range, more: more.map(Box::new), ..Ask::new(operation, &object, expected) };
        let common = Common { given: Vec::new(), contents: content::seamless(0) };
        let request = Request::new(ask, &common);
        let now = TIME.parse().unwrap_or_default();
        let headers = Signer::new(credentials(session), HOST).sign(&request, now);
        let headers: serde_json::Map<String, Value> =
            headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        json!({
            "method": request.method(), "path": request.path(), "range": request.range_header(), "host": HOST, "time": TIME,
            "body": request.body().is_some(), "session_token": session, "headers": headers,
        })
    };
    requests.map(sign).to_vec()
}

/// A histogram of nanoseconds as it travels, and what was recorded.
fn of_histogram() -> Value {
    let recorded: [(u64, u64); 4] = [(1, 1), (123_456, 1_000), (5_000_000, 10), (30_000_000_000, 1)];
    let mut latencies = histogram(36_000_000_000);
    recorded.iter().for_each(|(ns, count)| latencies.saturating_record_n(*ns, *count));
    json!({ "recorded": recorded, "wire": wire(&latencies).0 })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_vectors_are_what_this_sdk_comes_to() {
        let committed: Value = serde_json::from_str(include_str!("../../protocol/vectors.json")).unwrap();
        let own = vectors();
        for (name, value) in own.as_object().unwrap() {
            assert_eq!(
                &committed[name], value,
                "{name}: write them anew with `cargo run --example vectors`, if it must be"
            );
        }
        assert_eq!(committed.as_object().unwrap().len(), own.as_object().unwrap().len());
    }
}
