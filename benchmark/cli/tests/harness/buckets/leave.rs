//! Without leave nothing is written, and what a server refuses is said.

use super::servers::{S3sFs, Server};
use super::{Harness, command};
use crate::harness::support::{ended, text};

const SHORT: [&str; 6] = ["--warmup", "0s", "--requests", "20", "--trials", "1"];

#[test]
fn a_test_that_writes_takes_a_flag() {
    let (harness, server) = (Harness::new(), S3sFs::start(false));
    for arguments in [&["run-test", "baseline", "put_object"][..], &["run-all", "--test", "mixed"]] {
        let refused = ended(command(&harness, &server, arguments).output().unwrap());
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains("writes to `s3://data`: it takes `--writes`"), "{refused:?}");
    }
    let all = ended(
        command(&harness, &server, &[&["run-all", "--library", "baseline"], &SHORT[..]].concat()).output().unwrap(),
    );
    assert_eq!(all.code, 0, "{all:?}");
    for test in ["put_object", "upload_object", "delete_object", "mixed"] {
        assert!(all.stderr.contains(&format!("{test} is left out: `{test}` writes to")), "{test}: {all:?}");
    }
    let rows = harness.rows();
    let tests: Vec<&str> = rows.iter().map(|row| text(row, "test_name")).collect();
    assert_eq!(tests, ["fetch_range", "get_object", "head_object", "list_objects"]);
    server.assert_untouched();
}

#[test]
fn a_server_that_takes_nothing_makes_the_run_invalid_and_says_why() {
    let (harness, server) = (Harness::new(), S3sFs::start(true));
    let mut command =
        command(&harness, &server, &[&["run-test", "baseline", "put_object", "--writes"], &SHORT[..]].concat());
    let ended = ended(command.env("AWS_SECRET_ACCESS_KEY", "another").output().unwrap());
    assert_eq!(ended.code, 3, "{ended:?}");
    let rows = harness.rows();
    let reason = text(&rows[0], "invalid_reason");
    assert!(reason.contains("cannot put `benchmark/") && reason.contains("status 403"), "{reason}");
    server.assert_untouched();
}
