//! What tests put: compared as it comes, remembered and not kept.

use benchmark_protocol::content;
use benchmark_protocol::operation::Operation;

use crate::client::{Client, Origin, PATHS, Response};

/// An origin with next to no room, and a run of a test with these parameters.
fn origin(test: &str, params: &[(&str, &str)]) -> Origin {
    let origin = Origin::with(|config| config.capacity = 64 << 10);
    let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    origin.announce(
        "run",
        |contract| {
            (contract.objects, contract.object_size) = (0, 0);
            (contract.test, contract.params) = (Some(test.to_owned()), params);
        },
        &[],
    );
    origin
}

fn bytes(key: &str, first: u64, length: u64) -> Vec<u8> {
    let at = content::place(content::origin_of(key), first);
    content::seamless(length)[at..at + length as usize].to_vec()
}

fn put(client: &mut Client, target: &str, headers: &str, body: &[u8]) -> Response {
    client.request("PUT", &format!("/run/{target}"), headers, body).unwrap()
}

const KEY: &str = "replica-0/object-000003";
const SIZE: u64 = 3_000_000;

#[test]
fn what_is_put_is_the_object_and_takes_no_room() {
    for (path, headers) in PATHS {
        let origin = origin("put_object", &[("object_size", &SIZE.to_string())]);
        let mut client = origin.connect();
        let body = bytes(KEY, 0, SIZE);
        let mut tag = None;
        for _ in 0..3 {
            let response = put(&mut client, KEY, headers, &body);
            assert_eq!(response.status, 200, "{path}: {}", response.text());
            tag = response.header("etag").map(str::to_owned);
        }
        let mut reader = origin.connect();
        let got = reader.get(&format!("/run/{KEY}"), "").unwrap();
        assert_eq!((got.status, got.header("etag")), (200, tag.as_deref()), "{path}");
        assert!(got.body == body, "{path}");
        let audit = origin.audit_when("run", |audit| audit.answered.total() == 4);
        assert_eq!((audit.answered[Operation::Put], audit.taken_bytes), (3, 3 * SIZE), "{path}");
        // The GET is not the test's.
        assert_eq!((audit.operations[Operation::Put], audit.out_of_contract), (3, 1), "{path}");
    }
}

#[test]
fn other_bytes_are_refused_and_out_of_contract() {
    for (path, headers) in PATHS {
        let origin = origin("put_object", &[("object_size", "1000")]);
        let mut client = origin.connect();
        let good = bytes(KEY, 0, 1000);
        let mut changed = good.clone();
        changed[999] ^= 1;
        let longer = bytes(KEY, 0, 1001);
        for (body, what) in [(&changed[..], "the last byte"), (&good[..999], "a byte less"), (&longer, "a byte more")] {
            assert_eq!(put(&mut client, KEY, headers, body).status, 400, "{path}: {what}");
        }
        let audit = origin.audit("run");
        assert_eq!((audit.answered.total(), audit.taken_bytes), (0, 0), "{path}");
        // Another length is out of contract by its head, and again by what came.
        assert_eq!((audit.operations[Operation::Put], audit.out_of_contract), (3, 5), "{path}");
        assert_eq!(put(&mut client, KEY, headers, &good).status, 200, "{path}: the connection goes on");
        assert_eq!(origin.connect().get("/run/replica-1/object-000003", "").unwrap().status, 404, "{path}");
    }
}

#[test]
fn a_body_without_its_last_byte_is_never_answered() {
    for (path, headers) in PATHS {
        let origin = origin("put_object", &[("object_size", "100000")]);
        let mut client = origin.connect();
        let body = bytes(KEY, 0, 100_000);
        client.write(format!("PUT /run/{KEY} HTTP/1.1\r\nHost: origin\r\nContent-Length: 100000\r\n{headers}\r\n"));
        client.write(&body[..99_999]);
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(client.response(false).is_err(), "{path}");
        let audit = origin.audit_when("run", |audit| audit.open_connections == 0);
        assert_eq!((audit.operations[Operation::Put], audit.answered.total(), audit.taken_bytes), (1, 0, 0), "{path}");
    }
}

#[test]
fn requests_behind_a_body_are_answered_in_turn() {
    let origin = origin("put_object", &[("object_size", "10000")]);
    let mut client = origin.connect();
    let head = format!("PUT /run/{KEY} HTTP/1.1\r\nHost: origin\r\nContent-Length: 10000\r\n\r\n");
    let one = [head.as_bytes(), &bytes(KEY, 0, 10_000)].concat();
    let get = format!("GET /run/{KEY} HTTP/1.1\r\nHost: origin\r\nRange: bytes=5-6\r\n\r\n");
    client.write([&one[..], get.as_bytes(), &one].concat());
    let statuses: Vec<u16> = (0..3).map(|_| client.response(false).unwrap().status).collect();
    assert_eq!(statuses, [200, 206, 200]);
}

#[test]
fn deletes_say_the_same_again_and_again() {
    for (path, headers) in [("fast", ""), ("s3s", "x-amz-meta-a: b\r\n")] {
        let origin = origin("delete_object", &[]);
        let mut client = origin.connect();
        for _ in 0..3 {
            let response = client.request("DELETE", &format!("/run/{KEY}"), headers, b"").unwrap();
            assert_eq!((response.status, response.body.len()), (204, 0), "{path}");
        }
        let audit = origin.audit_when("run", |audit| audit.answered.total() == 3);
        assert_eq!((audit.answered[Operation::Delete], audit.out_of_contract), (3, 0), "{path}");
    }
}

struct Upload<'o> {
    origin: &'o Origin,
    client: Client,
    id: String,
}

impl<'o> Upload<'o> {
    fn begin(origin: &'o Origin) -> Self {
        let mut client = origin.connect();
        let begun = client.request("POST", &format!("/run/{KEY}?uploads="), "", b"").unwrap().text();
        let id = begun.split_once("<UploadId>").unwrap().1.split_once('<').unwrap().0.to_owned();
        Self { origin, client, id }
    }

    fn part(&mut self, number: u64, headers: &str, body: &[u8]) -> Response {
        // A connection of its own comes to the fast path.
        let mut client = self.origin.connect();
        put(&mut client, &format!("{KEY}?partNumber={number}&uploadId={}", self.id), headers, body)
    }

    fn complete(&mut self, tags: &[(u64, String)]) -> Response {
        let parts: String = tags
            .iter()
            .map(|(number, tag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"))
            .collect();
        let body = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        self.client.request("POST", &format!("/run/{KEY}?uploadId={}", self.id), "", body.as_bytes()).unwrap()
    }
}

#[test]
fn parts_become_the_object_without_being_kept() {
    for (path, headers) in PATHS {
        let origin = origin("upload_object", &[("part_size", "1000000"), ("parts", "3")]);
        let mut upload = Upload::begin(&origin);
        let tags: Vec<_> = (1..=3)
            .map(|number| {
                let part = upload.part(number, headers, &bytes(KEY, (number - 1) * 1_000_000, 1_000_000));
                assert_eq!(part.status, 200, "{path}: {}", part.text());
                (number, part.header("etag").unwrap().to_owned())
            })
            .collect();
        let wrong = upload.part(2, headers, &bytes(KEY, 0, 1_000_000));
        assert_eq!(wrong.status, 400, "{path}: the first part's bytes are not the second's");
        let complete = upload.complete(&tags);
        assert_eq!(complete.status, 200, "{path}: {}", complete.text());
        let head = origin.connect().request("HEAD", &format!("/run/{KEY}"), "", b"").unwrap();
        assert_eq!((head.status, head.header("content-length")), (200, Some("3000000")), "{path}");
        let got = origin.connect().get(&format!("/run/{KEY}"), "Range: bytes=999999-1000000\r\n").unwrap();
        assert_eq!(got.body, bytes(KEY, 999_999, 2), "{path}");
        let audit = origin.audit_when("run", |audit| audit.answered.total() == 7);
        assert_eq!((audit.answered[Operation::UploadPart], audit.taken_bytes), (3, 3_000_000), "{path}");
        // The wrong part and the GET.
        assert_eq!(audit.out_of_contract, 2, "{path}");
    }
}

#[test]
fn an_upload_with_a_part_missing_is_out_of_contract() {
    let origin = origin("upload_object", &[("part_size", "1000"), ("parts", "3")]);
    let mut upload = Upload::begin(&origin);
    let mut tags: Vec<_> = (1..=3)
        .map(|number| {
            let part = upload.part(number, "", &bytes(KEY, (number - 1) * 1000, 1000));
            (number, part.header("etag").unwrap().to_owned())
        })
        .collect();
    tags.remove(1);
    assert_eq!(upload.complete(&tags).status, 400, "what is left is no object");
    tags.truncate(1);
    assert_eq!(upload.complete(&tags).status, 200, "S3 takes fewer parts than were sent");
    assert_eq!(origin.audit("run").out_of_contract, 2);
}

#[test]
fn what_a_run_remembers_of_its_puts_is_within_the_budget() {
    let origin = origin("put_object", &[("object_size", "10"), ("objects", "1000")]);
    let mut client = origin.connect();
    let mut refused = 0;
    for index in 0..200 {
        let key = format!("replica-0/{}", content::key(index));
        let status = put(&mut client, &key, "", &bytes(&key, 0, 10)).status;
        refused += u64::from(status == 503);
        assert!(matches!(status, 200 | 503), "{status}");
    }
    // 64 KiB, and half a KiB for each.
    assert!((60..100).contains(&refused), "{refused}");
    let first = "replica-0/object-000000";
    assert_eq!(put(&mut client, first, "", &bytes(first, 0, 10)).status, 200, "what is there can be put again");
}

#[test]
fn a_body_in_any_other_form_than_as_it_is_is_out_of_contract() {
    let origin = origin("put_object", &[("object_size", "10")]);
    let body = bytes(KEY, 0, 10);
    let hash = "x-amz-content-sha256: 2f1b9b3c2f1b9b3c2f1b9b3c2f1b9b3c2f1b9b3c2f1b9b3c2f1b9b3c2f1b9b3c\r\n";
    let forms = ["Content-MD5: x\r\n", "x-amz-checksum-crc32: x\r\n", "Content-Encoding: aws-chunked\r\n", hash];
    for (number, headers) in (1..).zip(forms) {
        assert_eq!(put(&mut origin.connect(), KEY, headers, &body).status, 200, "{headers}");
        assert_eq!(origin.audit("run").out_of_contract, number, "{headers}");
    }
    let mut client = origin.connect();
    client.write(format!("PUT /run/{KEY} HTTP/1.1\r\nHost: origin\r\nTransfer-Encoding: chunked\r\n\r\na\r\n"));
    client.write([&body[..], b"\r\n0\r\n\r\n"].concat());
    assert_eq!(client.response(false).unwrap().status, 200);
    assert_eq!(origin.audit("run").out_of_contract, 5);
    // What all libraries send, and are signed with.
    assert_eq!(put(&mut client, KEY, "x-amz-content-sha256: UNSIGNED-PAYLOAD\r\n", &body).status, 200);
    assert_eq!(origin.audit("run").out_of_contract, 5);
}
