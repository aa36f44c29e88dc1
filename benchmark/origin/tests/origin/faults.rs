//! Injection, as a client sees it and as the audit counts it. Everything holds on both paths.

use std::io;
use std::time::{Duration, Instant};

use benchmark_protocol::content;
use benchmark_protocol::origin::Begin;

use crate::client::{Client, Origin, PATHS, histogram, now_ns, takes_time};

/// Asks one request after another on a few connections at once, and hands every outcome over.
fn load<T: Send>(origin: &Origin, clients: usize, each: usize, ask: impl Fn(&mut Client) -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let work = || {
            let mut client = origin.connect();
            (0..each).map(|_| ask(&mut client)).collect::<Vec<T>>()
        };
        let threads: Vec<_> = (0..clients).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn twenty_milliseconds_are_twenty_milliseconds() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["latency=constant:20ms"]);
        load(&origin, 16, 20, |client| client.get(&format!("/{path}/object-000000"), header).unwrap());
        let audit = origin.audit(path);
        let (drawn, delivered) = (histogram(audit.delays_drawn), histogram(audit.delays_delivered));
        assert_eq!((drawn.len(), delivered.len()), (320, 320), "{path}");
        assert!(drawn.equivalent(drawn.min(), 20_000_000) && drawn.equivalent(drawn.max(), 20_000_000), "{path}");
        let p50 = delivered.value_at_quantile(0.5);
        assert!((19_990_000..20_500_000).contains(&p50), "{path}: {p50}");
        assert!(delivered.min() >= 19_980_000, "{path}: {}", delivered.min());
        // Two workers share the audit; all 16 were under way at once.
        assert!((12..=16).contains(&audit.peak_concurrency), "{path}: {}", audit.peak_concurrency);
    }
}

#[test]
fn what_a_document_takes_and_what_is_injected_add_up() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["latency=constant:20ms"]);
        let start = Instant::now();
        origin.connect().get(&format!("/{path}/api/1?delay=30ms"), header).unwrap();
        assert!((50..60).contains(&start.elapsed().as_millis()), "{path}: {:?}", start.elapsed());
    }
}

#[test]
fn the_same_seed_draws_the_same_delays() {
    let _time = takes_time();
    let origin = Origin::start();
    for run in ["a", "b"] {
        origin.run(run, &["latency=bimodal:0s,3ms,0.3"]);
        let mut client = origin.connect();
        (0..100).for_each(|_| assert!(client.get(&format!("/{run}/api/1"), "").unwrap().whole));
    }
    let (a, b) = (origin.audit("a").delays_drawn, origin.audit("b").delays_drawn);
    assert_eq!(a, b);
    let slow = histogram(a).count_between(2_000_000, 4_000_000);
    assert!((15..45).contains(&slow), "{slow} of 100 at 30 %");
}

#[test]
fn nothing_is_injected_before_the_start() {
    let _time = takes_time();
    let origin = Origin::start();
    origin.announce("r", |_| {}, &["error=503:100%", "latency=constant:1s"]);
    let mut client = origin.connect();
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 200, "not begun");
    let start_ns = now_ns() + 300_000_000;
    origin.begin("r", Begin { start_ns, window_ns: start_ns });
    while now_ns() < start_ns - 100_000_000 {
        assert_eq!(client.get("/r/object-000000", "").unwrap().status, 200, "not due");
    }
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(client.get("/r/object-000000", "").unwrap().status, 503);
}

#[test]
fn errors_come_by_their_share_and_keep_the_connection() {
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["error=503:20%", "error=500:10%"]);
        let statuses = load(&origin, 4, 250, |client| client.get(&format!("/{path}/api/1"), header).unwrap().status);
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        // Binomial, n = 1000: five standard deviations.
        assert!((137..263).contains(&count(503)) && (53..147).contains(&count(500)), "{path}");
        assert_eq!(count(200) + count(503) + count(500), 1000, "{path}");
        let intact = count(200) * content::document(1).len();
        let audit = origin.audit_when(path, |audit| audit.intact_bytes as usize == intact);
        assert_eq!(audit.injected_errors as usize, count(503) + count(500), "{path}");
        assert_eq!((audit.requests, audit.connections), (1000, 4), "{path}");
        assert_eq!(audit.intact_bytes as usize, intact, "{path}");
    }
}

#[test]
fn a_truncated_response_is_half_a_body_and_an_orderly_end() {
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["truncate=100%"]);
        for (target, size) in [("object-000000", 100_000), ("api/1", content::document(1).len())] {
            let mut client = origin.connect();
            let response = client.get(&format!("/{path}/{target}"), header).unwrap();
            assert_eq!((response.status, response.whole), (200, false), "{path}");
            assert_eq!(response.header("content-length"), Some(size.to_string().as_str()), "{path}");
            assert_eq!(response.body.len(), size / 2, "{path}");
            assert!(client.has_ended(), "{path}");
        }
        let audit = origin.audit(path);
        assert_eq!((audit.injected_truncations, audit.intact_bytes), (2, 0), "{path}");
        // A head without a body is cut itself.
        let mut client = origin.connect();
        let error = client.request("HEAD", &format!("/{path}/object-000000"), header, b"").unwrap_err();
        assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::UnexpectedEof, format!("{:?}", b"HTTP/1.1 2")));
    }
}

#[test]
fn all_of_a_truncated_half_arrives_though_the_client_goes_on_writing() {
    let origin = Origin::start();
    origin.announce("r", |contract| contract.object_size = 20_000_000, &["truncate=100%"]);
    origin.begin("r", Begin { start_ns: 0, window_ns: 0 });
    for (path, header) in PATHS {
        let mut client = origin.connect();
        let request = format!("GET /r/object-000000 HTTP/1.1\r\nHost: x\r\n{header}\r\n");
        client.write(&request);
        std::thread::sleep(Duration::from_millis(20));
        // The second lies unread in the origin's socket as it closes: a plain close would send a reset.
        client.write(&request);
        std::thread::sleep(Duration::from_millis(20));
        let response = client.response(false).unwrap();
        assert_eq!(response.body.len(), 10_000_000, "{path}");
    }
}

#[test]
fn a_reset_is_a_reset() {
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["reset=30%"]);
        let outcomes: Vec<_> = (0..100)
            .map(|_| match origin.connect().get(&format!("/{path}/api/1"), header) {
                Ok(response) => Ok(response.status),
                Err(error) => Err(error.kind()),
            })
            .collect();
        let resets = outcomes.iter().filter(|outcome| **outcome == Err(io::ErrorKind::ConnectionReset)).count();
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(200)).count(), 100 - resets, "{path}");
        assert!((8..53).contains(&resets), "{path}: {resets}");
        assert_eq!(origin.audit(path).injected_resets as usize, resets, "{path}");
    }
}

#[test]
fn a_stall_withholds_every_byte_and_goes_on_accepting() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.announce(path, |_| {}, &["stall=400ms@100ms"]);
        let mut waiting = origin.connect();
        assert_eq!(waiting.get(&format!("/{path}/api/1"), header).unwrap().status, 200);
        let window_ns = now_ns();
        origin.begin(path, Begin { start_ns: window_ns, window_ns });
        assert_eq!(waiting.get(&format!("/{path}/api/1"), header).unwrap().status, 200, "{path}: before it");
        let end_ns = window_ns + 500_000_000;
        while now_ns() < window_ns + 150_000_000 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let ends = load(&origin, 8, 1, |client| {
            assert!(now_ns() < end_ns - 100_000_000, "connecting was held up");
            client.get(&format!("/{path}/api/1"), header).unwrap();
            now_ns()
        });
        let late = |end: &u64| (end_ns..end_ns + 50_000_000).contains(end);
        assert!(
            ends.iter().all(late),
            "{path}: {:?}",
            ends.iter().map(|end| *end as i64 - end_ns as i64).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_stall_begins_in_the_middle_of_a_large_body() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.announce(path, |contract| contract.object_size = 1 << 28, &["stall=500ms@100ms"]);
        let window_ns = now_ns();
        origin.begin(path, Begin { start_ns: window_ns, window_ns });
        let mut client = origin.connect();
        client.write(format!("GET /{path}/object-000000 HTTP/1.1\r\nHost: x\r\n{header}\r\n"));
        // Reads slowly until the stall is on, then as fast as it can: what the kernel holds may come, no more.
        let mut bytes = [0; 16_384];
        while now_ns() < window_ns + 150_000_000 {
            let _ = io::Read::read(&mut client.stream, &mut bytes).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
        // Ends at the stall: a fast machine sends all that is left before the time is over, and nothing comes after it.
        let mut longest = Duration::ZERO;
        while longest < Duration::from_millis(250) && now_ns() < window_ns + 700_000_000 {
            let start = Instant::now();
            let _ = io::Read::read(&mut client.stream, &mut bytes).unwrap();
            longest = longest.max(start.elapsed());
        }
        assert!(longest > Duration::from_millis(250), "{path}: {longest:?}");
    }
}

#[test]
fn too_many_requests_are_told_when_to_come_again() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["throttle=50/s"]);
        let mut client = origin.connect();
        let start = Instant::now();
        let mut refused = 0_u64;
        let mut passed = 0_u64;
        while start.elapsed() < Duration::from_secs(1) {
            let response = client.get(&format!("/{path}/api/1"), header).unwrap();
            match response.status {
                200 => passed += 1,
                429 => {
                    refused += 1;
                    assert_eq!(response.header("retry-after"), Some("1"), "{path}");
                    assert!(response.text().contains("<Error>"), "{path}");
                }
                other => panic!("{path}: {other}"),
            }
        }
        // A burst of 5, then 50 in a second.
        assert!((50..=57).contains(&passed), "{path}: {passed}");
        assert_eq!(origin.audit(path).throttled, refused, "{path}");
    }
}

#[test]
fn a_queue_is_served_first_in_first_out_and_never_more_than_its_limit() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["concurrency=2", "latency=constant:30ms"]);
        let start = Instant::now();
        // One after another, 4 ms apart; two are served at a time.
        let ends: Vec<Duration> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    let mut client = origin.connect();
                    let target = format!("/{path}/api/1");
                    let thread = scope.spawn(move || {
                        client.get(&target, header).unwrap();
                        start.elapsed()
                    });
                    std::thread::sleep(Duration::from_millis(4));
                    thread
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        // The n-th pair ends n rounds of 30 ms in.
        for (index, end) in ends.iter().enumerate() {
            let due = 30 * (index as u128 / 2 + 1) + if index % 2 == 0 { 0 } else { 4 };
            assert!((due..due + 15).contains(&end.as_millis()), "{path}: {index} at {end:?} of {ends:?}");
        }
        let audit = origin.audit(path);
        assert!((6..=8).contains(&audit.peak_concurrency), "{path}: queued is under way: {}", audit.peak_concurrency);
    }
}

#[test]
fn a_place_in_service_is_given_back_by_clients_that_leave() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["concurrency=1", "latency=constant:10ms"]);
        for _ in 0..5 {
            let mut client = origin.connect();
            client.write(format!("GET /{path}/object-000000 HTTP/1.1\r\nHost: x\r\n{header}\r\n"));
        }
        let start = Instant::now();
        assert_eq!(origin.connect().get(&format!("/{path}/api/1"), header).unwrap().status, 200, "{path}");
        assert!(start.elapsed() < Duration::from_secs(1), "{path}");
    }
}

#[test]
fn several_injections_combine() {
    let _time = takes_time();
    let origin = Origin::start();
    for (path, header) in PATHS {
        origin.run(path, &["latency=constant:2ms", "error=503:30%", "truncate=20%", "reset=20%", "concurrency=3"]);
        let outcomes = load(&origin, 6, 50, |client| {
            let outcome = client.get(&format!("/{path}/api/1"), header);
            if !matches!(&outcome, Ok(response) if response.whole) {
                *client = origin.connect();
            }
            outcome
        });
        let whole = |wanted| outcomes.iter().flatten().filter(|r| r.whole && r.status == wanted).count() as u64;
        let cut = outcomes.iter().flatten().filter(|response| !response.whole).count() as u64;
        let resets = outcomes.iter().filter(|outcome| outcome.is_err()).count() as u64;
        let audit =
            origin.audit_when(path, |audit| audit.intact_bytes >= whole(200) * content::document(1).len() as u64);
        assert_eq!(audit.requests, 300, "{path}");
        assert_eq!(audit.injected_errors, whole(503), "{path}");
        assert_eq!(audit.injected_truncations, cut, "{path}");
        assert_eq!(audit.injected_resets, resets, "{path}");
        assert_eq!(audit.intact_bytes, whole(200) * content::document(1).len() as u64, "{path}");
        assert!(whole(503) > 50 && cut > 25 && resets > 25, "{path}: {} {cut} {resets}", whole(503));
        assert_eq!(histogram(audit.delays_drawn).len(), 300, "{path}");
        assert_eq!(histogram(audit.delays_delivered).len(), 300 - resets, "{path}");
    }
}
