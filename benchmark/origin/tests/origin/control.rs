//! Control requests.

use std::time::Duration;

use benchmark_origin::clock::now_ns;
use benchmark_protocol::origin::Begin;

use crate::client::Origin;

#[test]
fn control_needs_the_token() {
    let origin = Origin::start();
    origin.run("r", &[]);
    for token in ["", "x-benchmark-token: wrong\r\n", "x-benchmark-token:\r\n"] {
        for method in ["GET", "PUT", "DELETE"] {
            let response = origin.connect().request(method, "/-/runs/r", token, b"").unwrap();
            assert_eq!(response.status, 403, "{method} {token}");
        }
    }
    assert_eq!(origin.control("GET", "r", "").status, 200);
}

#[test]
fn a_run_lives_from_announcement_to_deletion() {
    let origin = Origin::start();
    let mut client = origin.connect();
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 404);
    origin.announce("r", |_| {}, &[]);
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 200);
    assert_eq!(origin.audit("r").requests, 1);
    assert_eq!(origin.control("PUT", "r", r#"{"seed":1,"contract":{"objects":1,"object_size":1}}"#).status, 409);
    origin.begin("r", Begin { start_ns: 1, window_ns: 2 });
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 200);
    assert_eq!(origin.control("POST", "r/start", r#"{"start_ns":1,"window_ns":2}"#).status, 409);
    assert_eq!(origin.control("DELETE", "r", "").status, 204);
    for (method, path) in [("GET", "r"), ("DELETE", "r"), ("POST", "r/start")] {
        assert_eq!(origin.control(method, path, r#"{"start_ns":1,"window_ns":2}"#).status, 404, "{method}");
    }
    // The connection knew the run; it must not go on serving what is gone.
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 404);
}

#[test]
fn a_start_may_be_named_anew_until_something_has_begun() {
    let origin = Origin::start();
    origin.announce("r", |_| {}, &["error=503:100%"]);
    let mut client = origin.connect();
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 200);
    // Past by the time it is named: the replicas cannot be told of it.
    origin.begin("r", Begin { start_ns: 1, window_ns: 1 });
    let start_ns = now_ns() + 200_000_000;
    origin.begin("r", Begin { start_ns, window_ns: start_ns });
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 200, "what was named last counts");
    let start_ns = now_ns() + 50_000_000;
    origin.begin("r", Begin { start_ns, window_ns: start_ns });
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 503);
    let again = serde_json::to_string(&Begin { start_ns: now_ns() + 1_000_000_000, window_ns: u64::MAX }).unwrap();
    let refused = origin.control("POST", "r/start", &again);
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("has begun already"), "{}", refused.text());
}

#[test]
fn what_cannot_be_announced_is_refused_with_its_reason() {
    let origin = Origin::start();
    for (body, reason) in [
        ("{}", "missing field"),
        (r#"{"seed":1,"contract":{"objects":1,"object_size":1},"inject":["gremlins=1"]}"#, "known: latency"),
        (r#"{"seed":1,"contract":{"objects":1,"object_size":1},"inject":["reset=60%","truncate=60%"]}"#, "120%"),
        (r#"{"seed":1,"contract":{"objects":1,"object_size":9223372036854775808}}"#, "at most 9223372036854775807"),
        (r#"{"seed":1,"contract":{"objects":1,"object_size":1,"test":"fetch"}}"#, "unknown test `fetch`"),
        (
            r#"{"seed":1,"contract":{"objects":1,"object_size":1,"test":"fetch_range","params":{"request_size":"0"}}}"#,
            "`0` is outside its range",
        ),
    ] {
        let response = origin.control("PUT", "r", body);
        assert_eq!(response.status, 400);
        assert!(response.text().contains(reason), "{}", response.text());
    }
    assert_eq!(origin.control("PATCH", "r", "").status, 405);
}
