//! What is refused, with which words and which exit code.

use std::net::TcpListener;

use super::support::{Harness, SHORT, text};

#[test]
fn a_wrong_word_is_refused_before_anything_is_built() {
    let harness = Harness::new();
    for (arguments, says) in [
        (&["run-test", "reqwst", "fetch_range"][..], "unknown library `reqwst`: did you mean `reqwest`?"),
        (&["run-test", "reqwest", "fetch_rnge"], "unknown test `fetch_rnge`: did you mean `fetch_range`?"),
        (&["run-test", "object_store", "call_api"], "`object_store` has no test `call_api`"),
        (&["run-all", "--replicas", "0"], "invalid value '0' for '--replicas"),
        (&["run-all", "--param", "size=1"], "unknown parameter `size`"),
        (&["run-all", "--param", "request_size"], "malformed parameter `request_size`"),
        (&["run-all", "--param", "request_size=soup"], "`soup` is not a size"),
        (&["run-all", "--inject", "gremlins=1"], "unknown injection `gremlins`"),
        (&["run-all", "--inject", "error=503:60%", "--inject", "reset=50%"], "add up to 110%"),
        (&["run-all", "--use-dns-cache", "true"], "does not support `use_dns_cache`"),
        (&["run-all", "--requests", "5", "--duration", "5s"], "cannot be used with"),
        (&["run-all", "--target", "localhost"], "`localhost` is neither"),
        (&["run-all", "--target", "s3://bucket"], "needs `--endpoint URL`"),
        (&["run-all", "--client-cpus", "999"], "CPU 999"),
        (&["run-all", "--runner", "swarm"], "invalid value 'swarm'"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&["origin", "--inject", "latency=soup"], "malformed injection `latency=soup`"),
        (&["origin", "--inject", "reset=60%", "--inject", "truncate=60%"], "add up to 120%: at most 100%"),
        (&["origin", "--listen", "localhost:9000"], "write an IP address and a port (127.0.0.1:9000"),
        (&["origin", "--object-size", "9223372036854775808"], "at most 9223372036854775807 bytes"),
    ] {
        let ended = harness.run(arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
    assert!(!harness.path("benchmark.db").exists(), "a refused command leaves no database");
}

#[test]
fn help_has_examples() {
    let harness = Harness::new();
    let commands = [
        "run",
        "run-all",
        "run-test",
        "get-results",
        "calibrate",
        "compare",
        "rank",
        "list",
        "conform",
        "doctor",
        "origin",
        "completions",
    ];
    for command in commands {
        let ended = harness.run(&[command, "--help"]);
        assert_eq!(ended.code, 0);
        assert!(ended.stdout.contains("Example"), "{command}: {}", ended.stdout);
    }
}

#[test]
fn the_list_has_every_library_and_parameter() {
    let harness = Harness::new();
    let ended = harness.run(&["list"]);
    assert_eq!(ended.code, 0);
    for word in [
        "baseline",
        "aws-sdk-s3",
        "1.157.0",
        "request_size",
        "16KiB",
        "call_api",
        "unsupported: reqwest use_dns_cache",
        "all but call_api",
        "XML read by",
        "create_upload, upload_part, complete_upload, abort_upload, head",
        "page_size",
    ] {
        assert!(ended.stdout.contains(word), "{word} in {}", ended.stdout);
    }
}

#[test]
fn a_database_that_cannot_be_used_is_named() {
    let harness = Harness::new();
    std::fs::write(harness.path("text.db"), "no database at all, but a text of some length").unwrap();
    for (arguments, says) in [
        (&["get-results", "out.csv"][..], "no database at `benchmark.db`"),
        (&["get-results", "out.csv", "--db", "text.db"], "`text.db` is not a SQLite database"),
        (&["run-test", "baseline", "call_api", "--db", "text.db"], "`text.db` is not a SQLite database"),
        (&["run-test", "baseline", "call_api", "--db", "no/such/folder.db"], "`no/such/folder.db`"),
        (&["list", "--campaigns"], "no database at `benchmark.db`"),
    ] {
        let ended = harness.run(arguments);
        assert_eq!(ended.code, 1, "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn a_file_that_cannot_be_written_is_named_and_a_campaign_that_is_not_there_too() {
    let harness = Harness::new();
    let ended = harness.run(&[&["run-test", "baseline", "call_api"], &SHORT[..]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let ended = harness.run(&["get-results", "no/such/folder/out.csv"]);
    assert_eq!((ended.code, ended.stderr.contains("cannot write `no/such/folder/out.csv`")), (1, true), "{ended:?}");
    let ended = harness.run(&["get-results", "-", "--campaign", "yesterday"]);
    assert_eq!((ended.code, ended.stderr.contains("`yesterday`")), (2, true), "{ended:?}");
    let ended = harness.run(&["get-results", "out.csv"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let csv = std::fs::read_to_string(harness.path("out.csv")).unwrap();
    assert!(
        csv.starts_with("library_name,test_name,operation,test_params,inject,replica_count,runner,run_id"),
        "{csv}"
    );
    assert_eq!(csv.lines().count(), 2);
    let ended = harness.run(&["list", "--campaigns"]);
    assert!(ended.stdout.contains("finished") && ended.stdout.contains("run-test baseline call_api"), "{ended:?}");
}

#[test]
fn a_taken_port_is_named() {
    let harness = Harness::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = harness.run(&["origin", "--listen", &address]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.stderr.contains(&format!("cannot listen on {address}")), "{}", ended.stderr);
}

#[test]
fn without_cargo_it_says_what_is_needed() {
    let harness = Harness::new();
    let mut command = harness.command(&["run-test", "baseline", "call_api"]);
    let output = command.env_remove("CARGO").env("PATH", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("`cargo` is needed") && stderr.contains("rustup.rs"), "{stderr}");
}

#[test]
fn a_target_that_is_down_makes_the_run_invalid() {
    let harness = Harness::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let target = format!("http://{free}/folder/file.bin");
    let ended = harness.run(&[&["run-all", "--target", &target], &SHORT[..]].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    for row in harness.rows() {
        assert!(text(&row, "invalid_reason").starts_with("verify: "), "{row}");
        assert!(text(&row, "invalid_reason").to_lowercase().contains("refused"), "{row}");
    }
}

#[test]
fn the_doctor_finds_this_machine_fit() {
    let harness = Harness::new();
    let ended = harness.run(&["doctor"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("cargo") && ended.stdout.contains("libraries"), "{ended:?}");
}

#[test]
fn completions_are_for_this_command() {
    let ended = Harness::new().run(&["completions", "bash"]);
    assert_eq!((ended.code, ended.stdout.contains("run-all")), (0, true));
}
