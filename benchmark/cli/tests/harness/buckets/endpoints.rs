//! Where a bucket is: behind a path, under a host name that is typed as people type, and never behind a proxy that a shell names.

use super::servers::{S3sFs, Server};
use super::{Harness, command};
use crate::harness::support::{ended, text};

const SHORT: [&str; 6] = ["--warmup", "0s", "--requests", "20", "--concurrency", "2"];

/// Everything that a run asks of a bucket: it puts, lists, reads, and removes.
fn passes(server: &dyn Server, endpoint: &str, variables: &[(&str, &str)]) {
    let harness = Harness::new();
    for test in [&["mixed", "--writes", "--sweep"][..], &["list_objects"]] {
        let arguments = [&["run-test", "baseline"], test, &SHORT, &["--target", "s3://data", "--endpoint", endpoint]];
        let mut command = harness.command(&arguments.concat());
        super::credentials(&mut command, server);
        let ended = ended(command.envs(variables.iter().copied()).output().unwrap());
        assert_eq!(ended.code, 0, "{endpoint}: {ended:?}");
        assert!(!ended.stderr.contains("not known"), "{endpoint}: {ended:?}");
    }
    assert!(harness.rows().iter().all(|row| text(row, "verdict") == "valid"), "{endpoint}");
    server.assert_untouched();
}

#[test]
fn an_endpoint_may_have_a_path() {
    let server = S3sFs::start_below("/storage/v1/s3", false);
    passes(&server, &server.endpoint(), &[]);
    passes(&server, &format!("{}/", server.endpoint()), &[]);
    // The bucket is not to be had without it.
    let harness = Harness::new();
    let mut command = command(&harness, &server, &[&["run-test", "baseline", "list_objects"], &SHORT[..]].concat());
    let endpoint = server.endpoint().replace("/storage/v1/s3", "");
    let ended = ended(command.args(["--endpoint", &endpoint]).output().unwrap());
    assert_ne!(ended.code, 0, "{ended:?}");
}

#[test]
fn a_signature_is_for_the_host_in_its_normal_form() {
    let server = S3sFs::start(true);
    passes(&server, &server.endpoint().replace("127.0.0.1", "LocalHost"), &[]);
}

#[test]
fn a_proxy_that_the_shell_names_is_not_used() {
    // Whoever asked there would be refused.
    let names = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let proxies = names.map(|name| (name, "http://127.0.0.1:1"));
    let server = S3sFs::start(true);
    passes(&server, &server.endpoint(), &[&proxies[..], &[("no_proxy", ""), ("NO_PROXY", "")]].concat());
}
