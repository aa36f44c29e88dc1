//! s3cmd, with the region that it names where nobody said one: `US`.

use std::process::Command;

use benchmark_protocol::operation::Operation;

use super::place::{FILES, Place, fail, needs, succeed};
use crate::client::{ACCESS_KEY, SECRET_KEY};

#[test]
fn s3cmd_does_a_round_trip() {
    let Some(s3cmd) = needs("s3cmd", "BENCHMARK_TEST_S3CMD") else { return };
    let place = Place::new("s3cmd");
    let config = place.folder.join("s3cfg");
    let address = place.origin.address;
    let text = format!(
        "[default]\naccess_key = {ACCESS_KEY}\nsecret_key = {SECRET_KEY}\nhost_base = {address}\nhost_bucket = {address}\n\
         use_https = False\nbucket_location = US\nmultipart_chunk_size_mb = 5\nprogress_meter = False\nmax_retries = 1\n"
    );
    std::fs::write(&config, text).unwrap();
    let command = |arguments: &[&str]| -> Command {
        let mut command = place.command(&s3cmd);
        command.arg("-c").arg(&config).args(arguments);
        command
    };
    let s3cmd = |arguments: &[&str]| succeed(&mut command(arguments));

    assert!(s3cmd(&["ls"]).contains("s3://another\n"));
    assert!(s3cmd(&["mb", "s3://run"]).contains("Bucket 's3://run/' created"));
    fail(&mut command(&["mb", "s3://nobody-announced-it"]), &["nobody-announced-it"]);

    // Files go out once.
    s3cmd(&["put", "files/small.txt", "s3://run/ours/small.txt"]);
    s3cmd(&["put", "files/empty", "s3://run/ours/empty"]);
    s3cmd(&["put", "files/large.bin", "s3://run/ours/large.bin"]);
    assert_eq!(place.origin.audit("run").operations[Operation::UploadPart], 4);
    let text = s3cmd(&["sync", "files/", "s3://run/ours/"]);
    assert_eq!(text.matches("upload: ").count(), 1, "{text}");
    let text = s3cmd(&["sync", "files/", "s3://run/ours/"]);
    assert!(!text.contains("upload: "), "{text}");
    let listed = s3cmd(&["ls", "--recursive", "s3://run/ours/"]);
    for (name, length) in FILES {
        let found = listed
            .lines()
            .any(|line| line.contains(&format!(" {length} ")) && line.ends_with(&format!("/ours/{name}")));
        assert!(found, "{name}: {listed}");
    }
    assert!(s3cmd(&["--signature-v2", "ls", "s3://run/ours/"]).contains("/ours/small.txt\n"));
    assert!(s3cmd(&["info", "s3://run/ours/small.txt"]).contains("File size: 10000"));

    // What is there of a file is not fetched again.
    std::fs::write(place.folder.join("one"), &place.sent("small.txt")[..5_000]).unwrap();
    s3cmd(&["get", "--continue", "s3://run/ours/small.txt", "one"]);
    assert_eq!(std::fs::read(place.folder.join("one")).unwrap(), place.sent("small.txt"));
    for folder in ["received", "copies"] {
        std::fs::create_dir(place.folder.join(folder)).unwrap();
    }
    s3cmd(&["get", "--recursive", "s3://run/ours/", "received/"]);
    place.assert_received("received");
    let text = s3cmd(&["get", "s3://run/object-000001", "own"]);
    assert!(!text.contains("MD5"), "{text}");

    // Copies stay at the origin.
    s3cmd(&["cp", "s3://run/ours/small.txt", "s3://another/copies/small.txt"]);
    s3cmd(&["cp", "s3://run/ours/large.bin", "s3://another/copies/large.bin"]);
    s3cmd(&["mv", "s3://another/copies/small.txt", "s3://another/copies/moved.txt"]);
    s3cmd(&["get", "s3://another/copies/moved.txt", "s3://another/copies/large.bin", "copies/"]);
    assert_eq!(std::fs::read(place.folder.join("copies/moved.txt")).unwrap(), place.sent("small.txt"));
    assert_eq!(std::fs::read(place.folder.join("copies/large.bin")).unwrap(), place.sent("large.bin"));
    assert_eq!(s3cmd(&["multipart", "s3://run"]).lines().count(), 2, "no upload is left");

    std::fs::write(place.folder.join("policy"), "{}").unwrap();
    fail(&mut command(&["setpolicy", "policy", "s3://run"]), &["501", "PutBucketPolicy"]);

    s3cmd(&["del", "s3://run/ours/small.txt"]);
    s3cmd(&["del", "--recursive", "--force", "s3://run/ours/"]);
    assert_eq!(s3cmd(&["ls", "--recursive", "s3://run/ours/"]), "");
    place.assert_untouched();
}
