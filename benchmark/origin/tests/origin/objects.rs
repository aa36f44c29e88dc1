//! Objects and documents over both paths.

use benchmark_protocol::content;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::origin::Audit;

use crate::client::{Origin, PATHS, takes_time};

#[test]
fn ranges_are_exact_on_both_paths() {
    let origin = Origin::start();
    origin.run("r", &[]);
    let mut client = [origin.connect(), origin.connect()];
    for (range, status, expected) in [
        ("bytes=0-16383", 206, Some((0_u64, 16_384_usize))),
        ("bytes=99999-99999", 206, Some((99_999, 1))),
        ("bytes=99000-200000", 206, Some((99_000, 1000))),
        ("bytes=5-", 206, Some((5, 99_995))),
        ("bytes=-10", 206, Some((99_990, 10))),
        ("bytes=-200000", 206, Some((0, 100_000))),
        ("bytes=100000-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=0-1,3-4", 200, Some((0, 100_000))),
        ("bytes=9-1", 200, Some((0, 100_000))),
        ("lines=0-1", 200, Some((0, 100_000))),
        ("nonsense", 200, Some((0, 100_000))),
    ] {
        for ((path, header), client) in PATHS.iter().zip(&mut client) {
            let response = client.get("/r/object-000003", &format!("{header}Range: {range}\r\n")).unwrap();
            assert_eq!(response.status, status, "{path}: {range}");
            let content_range = response.header("content-range");
            match expected {
                Some((offset, length)) => {
                    assert_eq!(response.body.len(), length, "{path}: {range}");
                    assert!(
                        content::matches(content::origin_of("object-000003"), offset, &response.body),
                        "{path}: {range}"
                    );
                    let named = format!("bytes {offset}-{}/100000", offset + length as u64 - 1);
                    assert_eq!(content_range, (status == 206).then_some(named.as_str()), "{path}: {range}");
                }
                None => {
                    assert_eq!(content_range, Some("bytes */100000"), "{path}: {range}");
                    assert!(response.text().contains("<Code>InvalidRange</Code>"), "{path}: {range}");
                }
            }
        }
    }
}

#[test]
fn large_objects_are_whole_and_right_to_the_last_byte() {
    let origin = Origin::start();
    let size = 5 * content::PERIOD as u64 + 12_345;
    origin.announce("r", |contract| contract.object_size = size, &[]);
    for (path, header) in PATHS {
        let response = origin.connect().get("/r/object-000000", header).unwrap();
        assert_eq!((response.status, response.body.len() as u64), (200, size), "{path}");
        assert!(content::matches(content::origin_of("object-000000"), 0, &response.body), "{path}");
    }
    let audit = origin.audit_when("r", |audit| audit.intact_bytes == 2 * size);
    assert_eq!(audit.intact_bytes, 2 * size);
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let origin = Origin::start();
    origin.run("r", &[]);
    for (path, header) in PATHS {
        let mut client = origin.connect();
        let range = format!("{header}Range: bytes=10-19\r\n");
        let get = client.get("/r/object-000001", &range).unwrap();
        let head = client.request("HEAD", "/r/object-000001", &range, b"").unwrap();
        assert_eq!((head.status, head.body.len()), (206, 0), "{path}");
        let named = |response: &crate::client::Response| {
            let mut headers = response.headers.clone();
            headers.retain(|(name, _)| name != "date");
            headers.sort();
            headers
        };
        assert_eq!(named(&head), named(&get), "{path}");
        assert_eq!(head.header("content-length"), Some("10"), "{path}");
        // The next response begins where this one ended.
        assert_eq!(client.get("/r/object-000001", &range).unwrap().body, get.body, "{path}");
    }
    let audit = origin.audit_when("r", |audit| audit.intact_bytes == 40);
    assert_eq!((audit.requests, audit.intact_bytes, audit.connections), (6, 40, 2));
}

#[test]
fn both_paths_send_the_same_headers() {
    let origin = Origin::start();
    origin.run("r", &[]);
    let [fast, hyper] = PATHS.map(|(_, header)| {
        let mut response = origin.connect().get("/r/object-000001", &format!("{header}Range: bytes=0-9\r\n")).unwrap();
        response.headers.retain(|(name, _)| name != "date");
        response.headers.sort();
        response.headers
    });
    assert_eq!(fast, hyper);
    let names: Vec<&str> = fast.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["accept-ranges", "content-length", "content-range", "content-type", "etag", "last-modified"];
    assert_eq!(names, expected);
}

#[test]
fn conditions_work_and_tags_are_stable() {
    let origin = Origin::start();
    origin.run("r", &[]);
    let mut client = origin.connect();
    let tag = client.get("/r/object-000001", "").unwrap().header("etag").unwrap().to_owned();
    assert_eq!(origin.connect().get("/r/object-000001", "").unwrap().header("etag"), Some(tag.as_str()));
    assert_ne!(client.get("/r/object-000002", "").unwrap().header("etag"), Some(tag.as_str()));
    assert_eq!(client.get("/r/object-000001", &format!("If-None-Match: {tag}\r\n")).unwrap().status, 304);
    assert_eq!(client.get("/r/object-000001", "If-Match: \"x\"\r\n").unwrap().status, 412);
    let other = client.get("/r/object-000001", "Range: bytes=0-9\r\nIf-Range: \"x\"\r\n").unwrap();
    assert_eq!((other.status, other.body.len()), (200, 100_000));
    let same = client.get("/r/object-000001", &format!("Range: bytes=0-9\r\nIf-Range: {tag}\r\n")).unwrap();
    assert_eq!((same.status, same.body.len()), (206, 10));
}

#[test]
fn documents_are_json_and_take_their_time() {
    let _time = takes_time();
    let origin = Origin::start();
    origin.run("r", &[]);
    for (path, header) in PATHS {
        let mut client = origin.connect();
        let start = std::time::Instant::now();
        let response = client.get("/r/api/42?delay=50ms", header).unwrap();
        assert!((50..60).contains(&start.elapsed().as_millis()), "{path}: {:?}", start.elapsed());
        assert_eq!((response.status, response.text()), (200, content::document(42)), "{path}");
        assert_eq!(response.header("content-type"), Some("application/json"), "{path}");
        let response = client.get("/r/api/42?delay=soon", header).unwrap();
        assert_eq!(response.status, 400, "{path}");
        assert!(response.text().contains("`soon` is not a duration"), "{path}: {}", response.text());
        // A client that leaves is not noticed before: its connection would be held for ever.
        let response = client.get("/r/api/42?delay=1000000h", header).unwrap();
        assert_eq!(response.status, 400, "{path}");
        assert!(response.text().contains("`1000000h` is longer than 300 s"), "{path}: {}", response.text());
    }
}

#[test]
fn what_is_not_there_is_404_as_s3_says_it() {
    let origin = Origin::start();
    origin.run("r", &[]);
    for (path, header) in PATHS {
        let mut client = origin.connect();
        for (target, code) in [
            ("/r/object-000008", "NoSuchKey"),
            ("/r/object-0000001", "NoSuchKey"),
            ("/r/api/x", "NoSuchKey"),
            ("/other/object-000000", "NoSuchBucket"),
        ] {
            let response = client.get(target, header).unwrap();
            assert_eq!(response.status, 404, "{path}: {target}");
            assert!(response.text().contains(&format!("<Code>{code}</Code>")), "{path}: {target}: {}", response.text());
        }
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let origin = Origin::start();
    origin.run("r", &["latency=constant:1ms"]);
    for (path, header) in PATHS {
        let mut client = origin.connect();
        let mut all = String::new();
        for id in 0..200 {
            all += &format!("GET /r/api/{id} HTTP/1.1\r\nHost: x\r\n{header}\r\n");
        }
        client.write(&all);
        for id in 0..200 {
            assert_eq!(client.response(false).unwrap().text(), content::document(id), "{path}");
        }
    }
}

#[test]
fn a_head_may_come_byte_by_byte() {
    let origin = Origin::start();
    origin.run("r", &[]);
    let mut client = origin.connect();
    for _ in 0..2 {
        for byte in b"GET /r/object-000000 HTTP/1.1\r\nHost: x\r\nRange: bytes=1-3\r\n\r\n" {
            client.write([*byte]);
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        assert_eq!(client.response(false).unwrap().body.len(), 3);
    }
    // A long head needs a longer buffer; then the connection goes on.
    let long = format!("X-Long: {}\r\n", "x".repeat(50_000));
    assert_eq!(client.get("/r/api/1", &long).unwrap().status, 200);
    assert_eq!(client.get("/r/api/1", "").unwrap().status, 200);
}

#[test]
fn what_is_no_request_is_refused_and_closed() {
    let origin = Origin::start();
    origin.run("r", &[]);
    for (bytes, status) in [
        ("GET /r/api/1 NONSENSE\r\n\r\n".to_owned(), 400),
        ("\u{1}\u{2}\u{3}".to_owned(), 400),
        (format!("GET /r/api/1 HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(66_000)), 431),
    ] {
        let mut client = origin.connect();
        client.write(bytes);
        assert_eq!(client.response(false).unwrap().status, status);
        assert!(client.has_ended());
    }
    assert_eq!(origin.audit("r").requests, 0);
}

#[test]
fn a_connection_ends_where_the_client_asks_for_it_and_stays_open_otherwise() {
    let origin = Origin::start();
    origin.run("r", &[]);
    for (path, header) in PATHS {
        let mut client = origin.connect();
        assert_eq!(client.get("/r/api/1", header).unwrap().header("connection"), None, "{path}");
        let last = client.get("/r/api/1", &format!("{header}Connection: close\r\n")).unwrap();
        assert_eq!(last.header("connection"), Some("close"), "{path}");
        assert!(client.has_ended(), "{path}");
    }
}

#[test]
fn the_audit_counts_what_was_asked_and_what_the_contract_does_not_allow() {
    let origin = Origin::start();
    origin.announce_ranges("r", 100);
    for (path, header) in PATHS {
        let before = origin.audit("r");
        let mut client = origin.connect();
        for (target, range) in [
            ("/r/object-000000", "Range: bytes=0-99\r\n"),
            ("/r/object-000000", "Range: bytes=99900-99999\r\n"),
            // From here on out of contract.
            ("/r/object-000000", "Range: bytes=0-98\r\n"),
            ("/r/object-000000", "Range: bytes=99950-100049\r\n"),
            ("/r/object-000000", "Range: bytes=-100\r\n"),
            ("/r/object-000000", ""),
            ("/r/object-000099", "Range: bytes=0-99\r\n"),
            ("/r/api/1", ""),
        ] {
            client.get(target, &format!("{header}{range}")).unwrap();
        }
        client.request("HEAD", "/r/object-000000", header, b"").unwrap();
        let bytes = 100 + 100 + 99 + 50 + 100 + 100_000 + content::document(1).len() as u64;
        let settled = |audit: &Audit| audit.intact_bytes == before.intact_bytes + bytes;
        let audit = origin.audit_when("r", settled);
        assert_eq!(audit.requests - before.requests, 9, "{path}");
        assert_eq!(audit.out_of_contract - before.out_of_contract, 7, "{path}");
        let by_operation = [Operation::Get, Operation::Head].map(|one| audit.operations[one] - before.operations[one]);
        assert_eq!(by_operation, [8, 1], "{path}");
        assert_eq!(audit.intact_bytes - before.intact_bytes, bytes, "{path}");
        assert_eq!((audit.connections - before.connections, audit.open_connections), (1, 1), "{path}");
        drop(client);
        assert_eq!(origin.audit_when("r", |audit| audit.open_connections == 0).open_connections, 0, "{path}");
    }
    let audit = origin.audit("r");
    assert!(audit.at_ns > 0 && audit.cpu_user_us + audit.cpu_system_us > 0);
    assert_eq!((audit.peak_concurrency, audit.delays_drawn), (1, None));
}

#[test]
fn a_client_that_leaves_mid_way_leaves_nothing_behind() {
    let origin = Origin::start();
    origin.announce("r", |contract| contract.object_size = 1 << 30, &[]);
    for (path, header) in PATHS {
        let before = origin.audit("r").intact_bytes;
        let mut client = origin.connect();
        client.write(format!("GET /r/object-000000 HTTP/1.1\r\nHost: x\r\n{header}\r\n"));
        std::io::Read::read_exact(&mut client.stream, &mut [0; 100_000]).unwrap();
        assert_eq!(origin.audit("r").open_connections, 1, "{path}");
        drop(client);
        let audit = origin.audit_when("r", |audit| audit.open_connections == 0);
        assert_eq!((audit.open_connections, audit.intact_bytes - before), (0, 0), "{path}");
    }
}

#[test]
fn an_open_origin_makes_buckets_on_first_use() {
    let origin = Origin::with(|config| {
        config.open = true;
        config.objects = 2;
        config.object_size = 10;
        config.inject = vec!["error=503:100%".parse().unwrap()];
    });
    assert_eq!(origin.connect().get("/any/object-000001", "").unwrap().status, 503);
    assert_eq!(origin.audit("any").injected_errors, 1);
    // Of the millions that a client may name, only so many as there is room for.
    let full = Origin::with(|config| (config.open, config.object_size, config.capacity) = (true, 10, 10_000));
    let made =
        (0..100).filter(|index| full.connect().get(&format!("/{index}/object-000000"), "").unwrap().status == 200);
    assert!((10..20).contains(&made.count()));
    origin.run("announced", &[]);
    assert_eq!(origin.connect().get("/announced/object-000001", "").unwrap().body.len(), 100_000);
}

#[test]
fn shutting_down_lets_a_request_end_and_closes_idle_connections() {
    let _time = takes_time();
    let origin = Origin::start();
    origin.run("r", &["latency=constant:200ms"]);
    let mut idle = origin.connect();
    assert_eq!(idle.get("/r/object-000000", "").unwrap().status, 200);
    let mut clients = PATHS.map(|(_, header)| {
        let mut client = origin.connect();
        client.write(format!("GET /r/object-000000 HTTP/1.1\r\nHost: x\r\n{header}\r\n"));
        client
    });
    std::thread::sleep(std::time::Duration::from_millis(50));
    let start = std::time::Instant::now();
    origin.stop().unwrap();
    assert!((50..1500).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    for client in &mut clients {
        assert!(client.response(false).unwrap().whole);
    }
    assert!(idle.has_ended());
}
