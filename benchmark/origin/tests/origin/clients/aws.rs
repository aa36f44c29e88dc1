//! aws-cli: `aws s3` for files, `aws s3api` for single requests.

use std::process::Command;

use super::place::{FILES, Place, fail, needs, succeed};

#[test]
fn aws_does_a_round_trip() {
    let Some(aws) = needs("aws", "BENCHMARK_TEST_AWS") else { return };
    let place = Place::new("aws");
    let aws = |arguments: &[&str]| -> Command {
        let mut command = place.command(&aws);
        place.aws_environment(&mut command);
        command.args(arguments);
        command
    };
    let s3 = |arguments: &[&str]| succeed(&mut aws(&[&["s3"], arguments].concat()));
    let api = |arguments: &[&str]| {
        let text = succeed(&mut aws(&[&["s3api"], arguments].concat()));
        serde_json::from_str::<serde_json::Value>(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };

    // Buckets: all that exist, and one that does is made again.
    assert!(s3(&["ls"]).contains(" another\n"));
    assert!(s3(&["mb", "s3://run"]).contains("make_bucket: run"));
    fail(&mut aws(&["s3", "mb", "s3://nobody-announced-it"]), &["AccessDenied", "nobody-announced-it"]);
    succeed(&mut aws(&["s3api", "head-bucket", "--bucket", "run"]));
    assert!(api(&["get-bucket-location", "--bucket", "run"])["LocationConstraint"].is_null());

    // Files go out once.
    s3(&[
        "cp",
        "files/small.txt",
        "s3://run/ours/small.txt",
        "--metadata",
        "color=blue",
        "--cache-control",
        "no-cache",
    ]);
    let synchronized = s3(&["sync", "--no-progress", "files", "s3://run/ours"]);
    assert_eq!(synchronized.lines().count(), 3, "{synchronized}");
    assert_eq!(s3(&["sync", "--no-progress", "files", "s3://run/ours"]), "");
    let listed = s3(&["ls", "--recursive", "s3://run/ours/"]);
    for (name, length) in FILES {
        assert!(listed.lines().any(|line| line.ends_with(&format!(" {length} ours/{name}"))), "{name}: {listed}");
    }
    let page = api(&["list-objects", "--bucket", "run", "--prefix", "ours/", "--delimiter", "/"]);
    assert_eq!(page["CommonPrefixes"][0]["Prefix"], "ours/a folder/");

    // What they were sent with is told, and what is asked for is what comes.
    let head = api(&["head-object", "--bucket", "run", "--key", "ours/small.txt"]);
    assert_eq!((&head["ContentLength"], &head["ContentType"]), (&10_000.into(), &"text/plain".into()));
    assert_eq!((&head["Metadata"]["color"], &head["CacheControl"]), (&"blue".into(), &"no-cache".into()));
    let get = |condition: &[&str]| {
        let get = ["s3api", "get-object", "--bucket", "run", "--key", "ours/small.txt"];
        aws(&[&get, condition, &["one"]].concat())
    };
    succeed(&mut get(&["--range", "bytes=5-14"]));
    assert_eq!(std::fs::read(place.folder.join("one")).unwrap(), place.sent("small.txt")[5..15]);
    fail(&mut get(&["--if-none-match", head["ETag"].as_str().unwrap()]), &["304"]);
    fail(&mut get(&["--if-match", "\"another\""]), &["PreconditionFailed"]);

    // Copies stay at the origin, in one request and in parts, and within it between runs.
    s3(&["cp", "--recursive", "--no-progress", "s3://run/ours/", "s3://another/copies/"]);
    s3(&["sync", "--no-progress", "s3://another/copies", "received"]);
    place.assert_received("received");
    assert_eq!(s3(&["sync", "--no-progress", "s3://another/copies", "received"]), "");
    let copied = api(&["head-object", "--bucket", "another", "--key", "copies/small.txt"]);
    assert_eq!(copied["Metadata"]["color"], "blue");

    fail(&mut aws(&["s3api", "get-bucket-policy", "--bucket", "run"]), &["NotImplemented", "GetBucketPolicy"]);
    fail(
        &mut aws(&["s3api", "put-bucket-acl", "--bucket", "run", "--acl", "private"]),
        &["NotImplemented", "PutBucketAcl"],
    );

    s3(&["rm", "--recursive", "s3://run/ours/"]);
    fail(&mut aws(&["s3", "ls", "s3://run/ours/"]), &[]);
    place.assert_untouched();
}
