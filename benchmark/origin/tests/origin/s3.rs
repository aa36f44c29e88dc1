//! The S3 API over raw HTTP, presigned and signed by rusty-s3.

use std::time::Duration;

use benchmark_protocol::content;
use benchmark_protocol::origin::Begin;
use rusty_s3::actions::{
    AbortMultipartUpload, CompleteMultipartUpload, CreateMultipartUpload, DeleteObject, GetObject, HeadObject,
    ListObjectsV2, PutObject, S3Action, UploadPart,
};
use rusty_s3::{Bucket, Credentials, UrlStyle};

use crate::client::{ACCESS_KEY, Origin, Response, SECRET_KEY};

pub(crate) struct S3<'o> {
    origin: &'o Origin,
    bucket: Bucket,
    credentials: Credentials,
}

impl<'o> S3<'o> {
    pub(crate) fn new(origin: &'o Origin, run: &str, secret: &str) -> Self {
        let endpoint = format!("http://{}", origin.address).parse().unwrap();
        let bucket = Bucket::new(endpoint, UrlStyle::Path, run.to_owned(), "us-east-1").unwrap();
        Self { origin, bucket, credentials: Credentials::new(ACCESS_KEY, secret) }
    }

    pub(crate) fn send<'a, A: S3Action<'a>>(&self, method: &str, action: &A, headers: &str, body: &[u8]) -> Response {
        let url = action.sign(Duration::from_secs(60));
        let target = format!("{}?{}", url.path(), url.query().unwrap());
        let mut client = self.origin.connect();
        // The host is signed.
        let length = format!("Content-Length: {}\r\n", body.len());
        let head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n{length}{headers}\r\n", self.origin.address);
        client.write([head.as_bytes(), body].concat());
        client.response(method == "HEAD").unwrap()
    }

    pub(crate) fn put(&self, key: &str, body: &[u8]) -> Response {
        self.send("PUT", &PutObject::new(&self.bucket, Some(&self.credentials), key), "", body)
    }

    pub(crate) fn get(&self, key: &str, headers: &str) -> Response {
        self.send("GET", &GetObject::new(&self.bucket, Some(&self.credentials), key), headers, b"")
    }

    pub(crate) fn list(&self, adjust: impl FnOnce(&mut ListObjectsV2<'_>)) -> rusty_s3::actions::ListObjectsV2Response {
        let mut action = ListObjectsV2::new(&self.bucket, Some(&self.credentials));
        adjust(&mut action);
        let response = self.send("GET", &action, "", b"");
        assert_eq!(response.status, 200, "{}", response.text());
        ListObjectsV2::parse_response(&response.text()).unwrap()
    }
}

#[test]
fn a_signed_get_is_the_same_as_a_plain_one() {
    let origin = Origin::start();
    origin.announce_ranges("run", 10);
    let s3 = S3::new(&origin, "run", SECRET_KEY);
    let signed = s3.get("object-000001", "Range: bytes=5-14\r\n");
    let mut plain = origin.connect().get("/run/object-000001", "Range: bytes=5-14\r\n").unwrap();
    assert_eq!((signed.status, &signed.body), (206, &plain.body));
    assert!(content::matches(content::origin_of("object-000001"), 5, &signed.body));
    let mut headers = signed.headers;
    for headers in [&mut headers, &mut plain.headers] {
        headers.retain(|(name, _)| name != "date");
        headers.sort();
    }
    assert_eq!(headers, plain.headers);
    assert_eq!(s3.get("object-000001", "Range: bytes=100000-\r\n").status, 416);
    assert_eq!(s3.get("object-000001", "Range: nonsense\r\n").status, 200);
    let missing = s3.get("object-000009", "");
    assert!(missing.status == 404 && missing.text().contains("NoSuchKey"));
    let head = s3.send("HEAD", &HeadObject::new(&s3.bucket, Some(&s3.credentials), "object-000001"), "", b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("100000")));
    let audit = origin.audit_when("run", |audit| audit.intact_bytes == 100_020);
    assert_eq!((audit.requests, audit.intact_bytes, audit.out_of_contract), (6, 100_020, 4));
}

#[test]
fn a_signed_run_refuses_what_is_not_signed_or_signed_wrongly() {
    let origin = Origin::start();
    origin.announce("run", |contract| contract.signed = true, &[]);
    for headers in ["", "If-None-Match: \"x\"\r\n"] {
        for (method, path) in
            [("GET", "/run/object-000001"), ("HEAD", "/run/object-000001"), ("GET", "/run?list-type=2")]
        {
            let response = origin.connect().request(method, path, headers, b"").unwrap();
            assert_eq!(response.status, 403, "{method} {path}");
            assert!(method == "HEAD" || response.text().contains("<Code>AccessDenied</Code>"), "{}", response.text());
        }
    }
    assert_eq!(origin.connect().request("PUT", "/run/key", "", b"x").unwrap().status, 403);
    let right = S3::new(&origin, "run", SECRET_KEY);
    assert_eq!(right.get("object-000001", "").status, 200);
    let wrong = S3::new(&origin, "run", "another-secret");
    let response = wrong.get("object-000001", "");
    assert!(response.status == 403 && response.text().contains("SignatureDoesNotMatch"), "{}", response.text());
    assert_eq!(wrong.put("key", b"x").status, 403);
    let mut unknown = S3::new(&origin, "run", SECRET_KEY);
    unknown.credentials = Credentials::new("unknown", SECRET_KEY);
    let response = unknown.get("object-000001", "");
    assert!(response.status == 403 && response.text().contains("InvalidAccessKeyId"), "{}", response.text());
}

#[test]
fn what_is_put_is_got_listed_and_deleted() {
    let origin = Origin::start();
    origin.announce("run", |contract| contract.objects = 3, &[]);
    let s3 = S3::new(&origin, "run", SECRET_KEY);
    assert_eq!(s3.put("some/key", b"hello").header("etag"), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(s3.put("object-000001", b"other").status, 200);
    for (key, body) in [("some/key", "hello"), ("object-000001", "other")] {
        assert_eq!(s3.get(key, "").text(), body);
        assert_eq!(origin.connect().get(&format!("/run/{key}"), "").unwrap().text(), body);
    }
    assert_eq!(origin.connect().get("/run/some/key", "Range: bytes=-2\r\n").unwrap().text(), "lo");

    let page = s3.list(|list| list.with_max_keys(2));
    let keys = |page: &rusty_s3::actions::ListObjectsV2Response| {
        page.contents.iter().map(|object| (object.key.clone(), object.size.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(keys(&page), [("object-000000".to_owned(), 100_000), ("object-000001".to_owned(), 5)]);
    assert!(page.contents[0].etag.is_some() && page.contents[0].last_modified.is_some());
    let token = page.next_continuation_token.unwrap();
    let page = s3.list(|list| list.with_continuation_token(token));
    assert_eq!(keys(&page), [("object-000002".to_owned(), 100_000), ("some/key".to_owned(), 5)]);
    assert_eq!(page.next_continuation_token, None);
    let page = s3.list(|list| list.with_delimiter("/"));
    assert_eq!((page.contents.len(), page.common_prefixes[0].prefix.as_str()), (3, "some/"));
    assert_eq!(keys(&s3.list(|list| list.with_prefix("some/"))).len(), 1);
    assert_eq!(keys(&s3.list(|list| list.with_start_after("object-000001"))).len(), 2);

    for key in ["some/key", "object-000001", "object-000000"] {
        let delete = DeleteObject::new(&s3.bucket, Some(&s3.credentials), key);
        assert_eq!(s3.send("DELETE", &delete, "", b"").status, 204);
        assert_eq!(s3.get(key, "").status, 404);
    }
    assert_eq!(keys(&s3.list(|_| {})).len(), 1);
    let unsigned = origin.connect().request("PUT", "/run/unsigned", "Expect: 100-continue\r\n", b"x").unwrap();
    assert_eq!(unsigned.status, 100);
    assert_eq!(s3.get("unsigned", "").text(), "x");
}

#[test]
fn an_upload_in_parts_becomes_one_object() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    let s3 = S3::new(&origin, "run", SECRET_KEY);
    let credentials = Some(&s3.credentials);
    let create = || {
        let action = CreateMultipartUpload::new(&s3.bucket, credentials, "large");
        let response = s3.send("POST", &action, "", b"");
        CreateMultipartUpload::parse_response(&response.text()).unwrap().upload_id().to_owned()
    };
    let upload = create();
    let etags: Vec<String> = [(1, "a"), (2, "b")]
        .map(|(number, letter)| {
            let part = UploadPart::new(&s3.bucket, credentials, "large", number, &upload);
            let response = s3.send("PUT", &part, "", letter.repeat(6 << 20).as_bytes());
            response.header("etag").unwrap().to_owned()
        })
        .into();
    let wrong = CompleteMultipartUpload::new(&s3.bucket, credentials, "large", &upload, ["\"x\""].into_iter());
    let body = wrong.body();
    let wrong = CompleteMultipartUpload::new(&s3.bucket, credentials, "large", &upload, ["\"x\""].into_iter());
    assert_eq!(s3.send("POST", &wrong, "", body.as_bytes()).status, 400);
    let complete =
        || CompleteMultipartUpload::new(&s3.bucket, credentials, "large", &upload, etags.iter().map(String::as_str));
    let response = s3.send("POST", &complete(), "", complete().body().as_bytes());
    assert!(response.status == 200 && response.text().contains("-2"), "{}", response.text());
    let object = s3.get("large", "Range: bytes=6291455-6291456\r\n");
    assert_eq!(
        (object.text().as_str(), object.header("content-range")),
        ("ab", Some("bytes 6291455-6291456/12582912"))
    );

    let upload = create();
    let abort = AbortMultipartUpload::new(&s3.bucket, credentials, "large", &upload);
    assert_eq!(s3.send("DELETE", &abort, "", b"").status, 204);
    let part = UploadPart::new(&s3.bucket, credentials, "large", 1, &upload);
    let response = s3.send("PUT", &part, "", b"late");
    assert!(response.status == 404 && response.text().contains("NoSuchUpload"), "{}", response.text());
}

#[test]
fn faults_reach_signed_requests_too() {
    let origin = Origin::start();
    origin.announce("run", |contract| contract.signed = true, &["latency=constant:20ms", "truncate=100%"]);
    origin.begin("run", Begin { start_ns: 0, window_ns: 0 });
    let s3 = S3::new(&origin, "run", SECRET_KEY);
    let start = std::time::Instant::now();
    let response = s3.get("object-000001", "");
    assert!(start.elapsed() >= Duration::from_millis(20));
    assert_eq!((response.whole, response.body.len()), (false, 50_000));
    assert_eq!(origin.audit("run").injected_truncations, 1);
}

#[test]
fn buckets_are_headed_and_listed() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    assert_eq!(origin.connect().request("HEAD", "/run", "", b"").unwrap().status, 200);
    assert_eq!(origin.connect().request("HEAD", "/other", "", b"").unwrap().status, 404);
    assert!(origin.connect().get("/", "").unwrap().text().contains("<Name>run</Name>"));
}

#[test]
fn what_clients_leave_behind_stays_within_a_bound_that_all_runs_share() {
    let origin = Origin::with(|config| config.capacity = 200_000);
    origin.announce("run", |contract| contract.objects = 1_000_000, &[]);
    origin.announce("other", |_| {}, &[]);
    let s3 = S3::new(&origin, "run", SECRET_KEY);
    let other = S3::new(&origin, "other", SECRET_KEY);
    let delete =
        |s3: &S3<'_>, key: &str| s3.send("DELETE", &DeleteObject::new(&s3.bucket, Some(&s3.credentials), key), "", b"");
    let create = |s3: &S3<'_>, key: &str| {
        s3.send("POST", &CreateMultipartUpload::new(&s3.bucket, Some(&s3.credentials), key), "", b"")
    };
    let refused = |response: Response| {
        let text = response.text();
        assert!(response.status == 503 && text.contains("<Code>SlowDown</Code>") && text.contains("200000"), "{text}");
    };

    // What was never there leaves nothing, nor does deleting anything twice.
    for index in 0..500 {
        assert_eq!(delete(&s3, &format!("{}-{index}", "k".repeat(900))).status, 204);
        assert_eq!(delete(&s3, "object-000000").status, 204);
    }
    assert_eq!(other.put("large", &[0; 198_000]).status, 200);
    let too_large = s3.put("large", &[0; 2_000]);
    assert!(
        too_large.status == 400 && too_large.text().contains("<Code>EntityTooLarge</Code>"),
        "{}",
        too_large.text()
    );

    // There is room for a deletion, or an upload, and not for many.
    assert_eq!(delete(&other, "large").status, 204);
    let keys = || (1..1000).map(content::key);
    let deleted = keys().take_while(|key| delete(&s3, key).status == 204).count();
    assert!((300..400).contains(&deleted), "{deleted}");
    refused(delete(&s3, &content::key(999)));
    refused(create(&s3, "upload"));
    refused(create(&other, "upload"));
    refused(delete(&other, "object-000001"));
    assert_eq!(s3.put("small", b"x").status, 400);
    assert_eq!(s3.get("object-000999", "").status, 200);

    // What a run holds is given back with it.
    assert_eq!(origin.control("DELETE", "run", "").status, 204);
    let uploads = (0..1000).take_while(|_| create(&other, "upload").status == 200).count();
    assert!((300..400).contains(&uploads), "{uploads}");
    refused(create(&other, "upload"));
    let upload = "upload-0";
    let abort = AbortMultipartUpload::new(&other.bucket, Some(&other.credentials), "upload", upload);
    assert_eq!(other.send("DELETE", &abort, "", b"").status, 204);
    assert_eq!(create(&other, "upload").status, 200);
}

#[test]
fn parts_have_the_numbers_that_s3_gives_them() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    for number in ["0", "-1", "10001", "2147483647"] {
        let path = format!("/run/key?partNumber={number}&uploadId=upload-0");
        let response = origin.connect().request("PUT", &path, "", b"x").unwrap();
        assert!(response.status == 400 && response.text().contains("from 1 to 10000"), "{}", response.text());
    }
    let path = "/run/key?partNumber=1&uploadId=nobody-made-it";
    assert_eq!(origin.connect().request("PUT", path, "", b"x").unwrap().status, 404);
}

#[test]
fn a_body_that_s3s_would_read_whole_is_bounded() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    let form = |file: &str| {
        let field = |name: &str, rest: &str, value: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{rest}\r\n\r\n{value}\r\n")
        };
        let body = field("key", "", "k") + &field("file", "; filename=\"f\"", file) + "--b--\r\n";
        let headers = "Content-Type: multipart/form-data; boundary=b\r\n";
        origin.connect().request("POST", "/run", headers, body.as_bytes()).unwrap()
    };
    let large = form(&"x".repeat(1 << 20));
    assert!(large.status == 400, "{} {}", large.status, large.text());
    let list = "x".repeat(5 << 20);
    let path = "/run/key?uploadId=upload-0";
    let response = origin.connect().request("POST", path, "", list.as_bytes()).unwrap();
    assert!(response.status >= 400, "{} {}", response.status, response.text());
}
