//! Every test of every library, at every server, signed and not.

use super::servers::{Moto, S3sFs, Server};
use super::{Harness, command, credentials};
use crate::harness::support::{ended, text};

/// Every test, each once in every library. Neither server bears two writers of one key: who writes has one request in flight.
fn suite(server: &dyn Server) -> String {
    format!(
        "[suite]\ntrials = 1\n\
         [defaults]\ntarget = \"s3://data\"\nendpoint = \"{}\"\nwrites = true\nwarmup = \"0s\"\nparams = {{ signed = {} }}\n\
         [[matrix]]\ntest = [\"get_object\", \"head_object\", \"fetch_range\"]\nconcurrency = 4\nrequests = 30\n\
         [[matrix]]\ntest = [\"put_object\", \"delete_object\", \"mixed\"]\nconcurrency = 1\nrequests = 40\n\
         params = {{ objects = 20 }}\n\
         [[matrix]]\ntest = \"upload_object\"\nconcurrency = 1\nrequests = 3\n\
         [[matrix]]\ntest = \"list_objects\"\nconcurrency = 2\nrequests = 8\nparams = {{ objects = 250, page_size = 100 }}\n",
        server.endpoint(),
        server.is_signed()
    )
}

fn passes(server: &dyn Server, libraries: &[&str]) {
    let harness = Harness::new();
    std::fs::write(harness.path("suite.toml"), suite(server)).unwrap();
    let narrowed = libraries.iter().flat_map(|library| ["--library", library]);
    let mut command = harness.command(&["run", "suite.toml"].into_iter().chain(narrowed).collect::<Vec<_>>());
    credentials(&mut command, server);
    let ended = ended(command.output().unwrap());
    let rows = harness.rows();
    for row in &rows {
        let title = format!("{} {}", row["library_name"], row["test_name"]);
        assert_eq!((text(row, "verdict"), text(row, "invalid_reason")), ("valid", ""), "{title}");
        assert!(text(row, "marks").contains("no_audit"), "{row}");
    }
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(rows.len() >= (if libraries.is_empty() { 6 } else { libraries.len() }) * 8, "{}", rows.len());
    server.assert_untouched();
}

#[test]
fn moto() {
    if let Some(moto) = Moto::start() {
        passes(&moto, &[]);
    }
}

#[test]
fn s3s_fs_unsigned() {
    // Those that know of signatures themselves, and one for which the SDK signs.
    passes(&S3sFs::start(false), &["aws-sdk-s3", "object_store", "baseline"]);
}

#[test]
fn s3s_fs_signed() {
    passes(&S3sFs::start(true), &[]);
}

#[test]
fn more_objects_than_a_page_holds_are_put_listed_and_removed() {
    for server in [Box::new(S3sFs::start(true)) as Box<dyn Server>]
        .into_iter()
        .chain(Moto::start().map(|moto| Box::new(moto) as _))
    {
        let harness = Harness::new();
        let arguments = [
            "run-test",
            "baseline",
            "list_objects",
            "--writes",
            "--param",
            "objects=2500",
            "--requests",
            "4",
            "--warmup",
            "0s",
        ];
        let ended = ended(command(&harness, &*server, &arguments).output().unwrap());
        assert_eq!(ended.code, 0, "{ended:?}");
        assert!(ended.stderr.contains("putting 2500 objects"), "{ended:?}");
        server.assert_untouched();
    }
}
