//! The operations of S3 beside GET, PUT and listing, at the level of HTTP: what clients see of them, and what they may take.

use benchmark_protocol::content;

use crate::client::{ACCESS_KEY, Origin, PATHS, Response, SECRET_KEY};
use crate::s3::S3;

/// An unsigned request, each on a connection of its own.
fn ask(origin: &Origin, method: &str, target: &str, headers: &str, body: &str) -> Response {
    origin.connect().request(method, target, headers, body.as_bytes()).unwrap()
}

/// The texts of all elements of this name, in order.
fn elements(response: &Response, name: &str) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", response.text());
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let text = response.text();
    text.split(&open).skip(1).map(|rest| rest.split(&close).next().unwrap().to_owned()).collect()
}

#[test]
fn a_bucket_that_is_there_is_made_again_and_another_only_where_buckets_are_open() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    let made = ask(&origin, "PUT", "/run", "", "");
    assert_eq!((made.status, made.header("location")), (200, Some("/run")));
    let configured =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    assert_eq!(ask(&origin, "PUT", "/run/", "", configured).status, 200);
    let refused = ask(&origin, "PUT", "/other", "", "");
    assert!(refused.status == 403 && refused.text().contains("none `other` was announced"), "{}", refused.text());
    assert_eq!(ask(&origin, "PUT", "/other/key", "", "x").status, 404);
    let location = ask(&origin, "GET", "/run?location", "", "");
    assert!(location.status == 200 && location.text().contains("<LocationConstraint"), "{}", location.text());

    let open = Origin::with(|config| config.open = true);
    assert_eq!(ask(&open, "PUT", "/other", "", "").status, 200);
    assert_eq!(elements(&ask(&open, "GET", "/", "", ""), "Name"), ["other"]);
    let refused = ask(&open, "PUT", &format!("/{}", "x".repeat(256)), "", "");
    assert!(refused.status == 400 && refused.text().contains("TooManyBuckets"), "{}", refused.text());
}

#[test]
fn version_1_of_a_listing_goes_on_behind_its_marker() {
    let origin = Origin::start();
    origin.announce("run", |contract| contract.objects = 3, &[]);
    for key in ["a/1", "a/2", "z%20%01"] {
        assert_eq!(ask(&origin, "PUT", &format!("/run/{key}"), "", "x").status, 200);
    }
    let mut marker = String::new();
    let mut keys = Vec::new();
    for _ in 0..9 {
        let page = ask(&origin, "GET", &format!("/run?max-keys=2&encoding-type=url&marker={marker}"), "", "");
        keys.extend(elements(&page, "Key"));
        assert_eq!((elements(&page, "Marker"), elements(&page, "MaxKeys")), (vec![marker], vec!["2".to_owned()]));
        match elements(&page, "NextMarker").pop() {
            Some(next) => marker = next,
            None => break,
        }
    }
    assert_eq!(keys, ["a/1", "a/2", "object-000000", "object-000001", "object-000002", "z%20%01"]);
    let folded = ask(&origin, "GET", "/run?delimiter=/&max-keys=1", "", "");
    assert!(
        elements(&folded, "CommonPrefixes") == ["<Prefix>a/</Prefix>"] && elements(&folded, "NextMarker") == ["a/"]
    );
    let rest = ask(&origin, "GET", "/run?delimiter=/&marker=a/&prefix=object-00000", "", "");
    assert_eq!(elements(&rest, "Key"), ["object-000000", "object-000001", "object-000002"]);
    assert_eq!(ask(&origin, "GET", "/run?encoding-type=other", "", "").status, 400);
}

#[test]
fn what_an_object_was_put_with_comes_back_by_both_paths() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    let described = "Content-Type: text/plain\r\nx-amz-meta-mtime: 1.5\r\nx-amz-meta-name: caf\u{e9}\r\n\
                     Cache-Control: no-cache\r\nContent-Encoding: aws-chunked\r\nx-amz-acl: private\r\n";
    assert_eq!(ask(&origin, "PUT", "/run/put", described, "x").status, 200);
    let upload = elements(&ask(&origin, "POST", "/run/parts?uploads", described, ""), "UploadId").remove(0);
    assert_eq!(ask(&origin, "PUT", &format!("/run/parts?partNumber=1&uploadId={upload}"), "", "x").status, 200);
    let list = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber></Part></CompleteMultipartUpload>";
    assert_eq!(ask(&origin, "POST", &format!("/run/parts?uploadId={upload}"), "", list).status, 200);
    assert_eq!(ask(&origin, "PUT", "/run/copy", "x-amz-copy-source: /run/put\r\nx-amz-meta-a: b\r\n", "").status, 200);
    for key in ["put", "parts", "copy"] {
        for (path, headers) in PATHS {
            for method in ["GET", "HEAD"] {
                let got = ask(&origin, method, &format!("/run/{key}"), headers, "");
                let has = |name: &str| got.header(name);
                assert_eq!(has("content-type"), Some("text/plain"), "{method} {key} {path}");
                assert_eq!((has("x-amz-meta-mtime"), has("x-amz-meta-name")), (Some("1.5"), Some("caf\u{e9}")));
                assert_eq!(
                    (has("cache-control"), has("content-encoding"), has("x-amz-acl")),
                    (Some("no-cache"), None, None)
                );
                assert_eq!(has("x-amz-meta-a"), None);
            }
        }
    }
    let replaced = "x-amz-copy-source: run/put\r\nx-amz-metadata-directive: REPLACE\r\nx-amz-meta-a: b\r\n";
    assert_eq!(ask(&origin, "PUT", "/run/put", replaced, "").status, 200);
    let got = ask(&origin, "GET", "/run/put", "", "");
    assert_eq!((got.header("x-amz-meta-a"), got.header("x-amz-meta-mtime"), &*got.text()), (Some("b"), None, "x"));
    // A range of it, and nothing of it: not an error's.
    assert!(ask(&origin, "GET", "/run/put", "Range: bytes=0-0\r\n", "").header("x-amz-meta-a").is_some());
    assert!(ask(&origin, "GET", "/run/put", "Range: bytes=9-\r\n", "").header("x-amz-meta-a").is_none());
    let large = format!("x-amz-meta-a: {}\r\n", "x".repeat(2048));
    let refused = ask(&origin, "PUT", "/run/large", &large, "x");
    assert!(refused.status == 400 && refused.text().contains("MetadataTooLarge"), "{}", refused.text());
}

#[test]
fn objects_are_copied_within_a_run_and_between_runs_where_the_conditions_let_them() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    origin.announce("other", |_| {}, &[]);
    origin.announce("signed", |contract| contract.signed = true, &[]);
    let copy = |target: &str, source: &str, more: &str| {
        ask(&origin, "PUT", target, &format!("x-amz-copy-source: {source}\r\n{more}"), "")
    };
    assert_eq!(ask(&origin, "PUT", "/run/a%20key", "", "bytes").status, 200);
    let copied = copy("/other/copy", "/run/a%20key", "");
    let got = ask(&origin, "GET", "/other/copy", "", "");
    assert_eq!((got.text().as_str(), elements(&copied, "LastModified").len()), ("bytes", 1));
    assert!(copied.text().contains(got.header("etag").unwrap().trim_matches('"')), "{}", copied.text());
    assert_eq!(copy("/other/own", "run/object-000002", "").status, 200);
    let own = ask(&origin, "GET", "/other/own", "", "");
    assert!(own.body.len() == 100_000 && content::matches(content::origin_of("object-000002"), 0, &own.body));

    for (source, more, status) in [
        ("run/nothing", "", 404),
        ("nobody/key", "", 404),
        ("signed/object-000001", "", 403),
        ("run/a%20key", "x-amz-copy-source-if-match: \"x\"\r\n", 412),
        ("run/a%20key", "x-amz-copy-source-if-none-match: *\r\n", 412),
        ("run/a%20key", "x-amz-copy-source-if-match: *\r\n", 200),
    ] {
        assert_eq!(copy("/run/new", source, more).status, status, "{source} {more}");
    }
    assert_eq!(copy("/run/new", "run/a%20key", "If-None-Match: *\r\n").status, 412);

    let upload = elements(&ask(&origin, "POST", "/run/parts?uploads", "", ""), "UploadId").remove(0);
    let part = format!("/run/parts?partNumber=7&uploadId={upload}");
    for (range, status) in [("bytes=1-3", 200), ("bytes=1-5", 416), ("bytes=1-", 416), ("nonsense", 416)] {
        let response = copy(&part, "run/a%20key", &format!("x-amz-copy-source-range: {range}\r\n"));
        assert_eq!(response.status, status, "{range}: {}", response.text());
    }
    let parts = ask(&origin, "GET", &format!("/run/parts?uploadId={upload}"), "", "");
    assert_eq!(
        (elements(&parts, "PartNumber"), elements(&parts, "Size")),
        (vec!["7".to_owned()], vec!["3".to_owned()])
    );
    assert_eq!(copy(&part, "run/a%20key", "").status, 200);
    assert_eq!(elements(&ask(&origin, "GET", &format!("/run/parts?uploadId={upload}"), "", ""), "Size"), ["5"]);
    assert_eq!(ask(&origin, "GET", "/run/parts?uploadId=another", "", "").status, 404);
}

#[test]
fn what_is_copied_and_described_is_charged() {
    let origin = Origin::with(|config| config.capacity = 250_000);
    origin.announce("run", |_| {}, &[]);
    let copy =
        |target: &str, source: &str| ask(&origin, "PUT", target, &format!("x-amz-copy-source: {source}\r\n"), "");
    assert_eq!(ask(&origin, "PUT", "/run/put", "", &"x".repeat(100_000)).status, 200);
    // A copy of what was put shares its bytes; one of the run's own objects has to be made.
    let shared = (0..1000).take_while(|index| copy(&format!("/run/shared-{index}"), "run/put").status == 200).count();
    assert!((250..300).contains(&shared), "{shared}");
    let list: String = (0..shared).map(|index| format!("<Object><Key>shared-{index}</Key></Object>")).collect();
    let delete = |list: &str| ask(&origin, "POST", "/run?delete", "", &format!("<Delete>{list}</Delete>"));
    assert_eq!(elements(&delete(&list), "Deleted").len(), shared);
    assert_eq!(copy("/run/made", "run/object-000001").status, 200);
    let refused = copy("/run/made-too", "run/object-000001");
    assert!(refused.status == 400 && refused.text().contains("EntityTooLarge"), "{}", refused.text());
    // The bytes are held as long as a copy is.
    assert_eq!(copy("/run/shared", "run/put").status, 200);
    assert_eq!(ask(&origin, "DELETE", "/run/put", "", "").status, 204);
    assert_eq!(copy("/run/made-too", "run/object-000001").status, 400);
    assert_eq!(ask(&origin, "DELETE", "/run/shared", "", "").status, 204);
    assert_eq!(copy("/run/made-too", "run/object-000001").status, 200);

    let described = format!("x-amz-meta-a: {}\r\n", "x".repeat(2000));
    let put = |index: &usize| ask(&origin, "PUT", &format!("/run/described-{index}"), &described, "");
    let uploads =
        (0..1000).take_while(|_| ask(&origin, "POST", "/run/u?uploads", &described, "").status == 200).count();
    assert!((15..20).contains(&uploads), "{uploads}");
    assert_eq!(put(&0).status, 503);
    for upload in 0..uploads {
        assert_eq!(ask(&origin, "DELETE", &format!("/run/u?uploadId=upload-{upload}"), "", "").status, 204);
    }
    let described = (0..1000).take_while(|index| put(index).status == 200).count();
    assert!((12..20).contains(&described), "{described}");
}

#[test]
fn many_objects_are_deleted_at_once_and_what_was_not_is_told() {
    let origin = Origin::with(|config| config.capacity = 3 * 1024);
    origin.announce("run", |_| {}, &[]);
    let delete = |list: &str, quiet: bool| {
        ask(&origin, "POST", "/run?delete", "", &format!("<Delete><Quiet>{quiet}</Quiet>{list}</Delete>"))
    };
    let object = |key: &str| format!("<Object><Key>{key}</Key></Object>");
    let own = |range: std::ops::Range<u64>| range.map(|index| object(&content::key(index))).collect::<String>();
    assert_eq!(elements(&delete(&(own(0..2) + &object("nothing")), false), "Key").len(), 3);
    let quiet = delete(&own(2..4), true);
    assert_eq!((elements(&quiet, "Key").len(), ask(&origin, "GET", "/run/object-000003", "", "").status), (0, 404));
    let tag = format!("<Object><Key>object-000004</Key><ETag>{}</ETag></Object>", "another");
    assert_eq!(elements(&delete(&tag, true), "Code"), ["PreconditionFailed"]);
    // There is room for five deletions.
    let full = delete(&own(0..8), false);
    assert_eq!((elements(&full, "Deleted").len(), elements(&full, "Error").len()), (5, 3));
    assert_eq!(elements(&full, "Code"), ["SlowDown"; 3]);
    assert_eq!(delete(&own(0..1001), true).status, 400);
}

#[test]
fn writing_has_conditions() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    let put = |key: &str, headers: &str| ask(&origin, "PUT", &format!("/run/{key}"), headers, "x");
    assert_eq!(put("key", "If-None-Match: *\r\n").status, 200);
    let refused = put("key", "If-None-Match: *\r\n");
    assert!(refused.status == 412 && refused.text().contains("PreconditionFailed"), "{}", refused.text());
    assert_eq!(put("object-000001", "If-None-Match: *\r\n").status, 412);
    assert_eq!(ask(&origin, "DELETE", "/run/object-000001", "", "").status, 204);
    assert_eq!(put("object-000001", "If-None-Match: *\r\n").status, 200);
    let etag = ask(&origin, "HEAD", "/run/key", "", "").header("etag").unwrap().to_owned();
    assert_eq!(put("key", "If-Match: \"x\"\r\n").status, 412);
    assert_eq!(put("nothing", "If-Match: *\r\n").status, 412);
    assert_eq!(put("key", &format!("If-Match: {etag}\r\n")).status, 200);
    assert_eq!(ask(&origin, "DELETE", "/run/key", "If-Match: \"x\"\r\n", "").status, 412);
    assert_eq!(ask(&origin, "DELETE", "/run/key", &format!("If-Match: {etag}\r\n"), "").status, 204);

    // Of many that would be the first, one is.
    let puts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| put("first", "If-None-Match: *\r\n").status)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!((puts.iter().filter(|status| **status == 200).count(), puts.len()), (1, 8));
}

#[test]
fn what_came_in_is_held_against_its_digests() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    for (header, good, code) in [
        ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", "BadDigest"),
        ("x-amz-checksum-crc32", "NhCmhg==", "BadDigest"),
        ("x-amz-checksum-sha1", "qvTGHdzF6KLavt4PO0gs2a6pQ00=", "BadDigest"),
        ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg==", "InvalidDigest"),
    ] {
        let put = |value: &str, body: &str| ask(&origin, "PUT", "/run/key", &format!("{header}: {value}\r\n"), body);
        assert_eq!(put(good, "hello").status, 200, "{header}");
        let refused = if code == "BadDigest" { put(good, "hell0") } else { put("nonsense", "hello") };
        assert!(refused.status == 400 && refused.text().contains(code), "{header}: {}", refused.text());
        assert_eq!(ask(&origin, "GET", "/run/key", "", "").text(), "hello");
    }
}

#[test]
fn uploads_that_are_under_way_are_listed_page_by_page() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    for key in ["b"].into_iter().chain(["a"; 12]).chain(["c/d"]) {
        assert_eq!(ask(&origin, "POST", &format!("/run/{key}?uploads"), "", "").status, 200);
    }
    let mut listed = Vec::new();
    let (mut key, mut id) = (String::new(), String::new());
    for _ in 0..9 {
        let target = format!("/run?uploads&max-uploads=5&key-marker={key}&upload-id-marker={id}");
        let page = ask(&origin, "GET", &target, "", "");
        listed.extend(elements(&page, "Key").into_iter().zip(elements(&page, "UploadId")));
        match (elements(&page, "NextKeyMarker").pop(), elements(&page, "NextUploadIdMarker").pop()) {
            (Some(next_key), Some(next_id)) => (key, id) = (next_key, next_id),
            _ => break,
        }
    }
    let mut expected: Vec<_> = (1..13).map(|index| ("a".to_owned(), format!("upload-{index}"))).collect();
    expected.extend([("b".to_owned(), "upload-0".to_owned()), ("c/d".to_owned(), "upload-13".to_owned())]);
    assert_eq!(listed, expected);
    assert_eq!(elements(&ask(&origin, "GET", "/run?uploads&prefix=c/", "", ""), "Key"), ["c/d"]);
    let folded = ask(&origin, "GET", "/run?uploads&delimiter=/", "", "");
    assert!(folded.status == 501 && folded.text().contains("ListMultipartUploads"), "{}", folded.text());
}

#[test]
fn whoever_signs_for_what_is_no_region_is_told_the_right_one() {
    let origin = Origin::start();
    origin.announce("run", |contract| contract.signed = true, &[]);
    let signed = |region: &str| {
        let scope = format!("{ACCESS_KEY}/20260101/{region}/s3/aws4_request");
        let header = format!("Authorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n");
        ask(&origin, "GET", "/run/object-000001", &header, "")
    };
    let text = signed("US").text();
    assert!(text.contains("AuthorizationHeaderMalformed") && text.contains("<Region>us-east-1</Region>"), "{text}");
    assert!(!signed("eu-west-1").text().contains("<Region>"));
    assert_eq!(S3::new(&origin, "run", SECRET_KEY).get("object-000001", "").status, 200);
}

#[test]
fn whoever_waits_for_leave_is_given_it_also_to_send_nothing() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    for (body, length) in [("", 0), ("x", 1)] {
        let mut client = origin.connect();
        for _ in 0..2 {
            client.write(format!(
                "PUT /run/key HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
            ));
            assert_eq!(client.response(false).unwrap().status, 100);
            client.write(body);
            assert_eq!(client.response(false).unwrap().status, 200);
            client.write("GET /run/key HTTP/1.1\r\nHost: x\r\n\r\n");
            assert_eq!(client.response(false).unwrap().text(), body);
        }
    }
}
