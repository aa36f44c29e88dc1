//! What goes out: to readers that have seen enough and gone, to a disk that is full, and to terminals that want no colours.

use std::fs::File;
use std::process::{Command, Stdio};

use super::checkout::Checkout;
use super::support::{Harness, Running, SHORT, ended, eventually, is_running, needs, signal};

/// A short campaign, as the command's arguments.
fn campaign() -> Vec<&'static str> {
    [&["run-test", "baseline", "call_api"], &SHORT[..]].concat()
}

/// The end of a pipe that nobody reads.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

/// How a command ends by its own account, and where nobody reads what it says: on stdout, and on either.
fn assert_ends_alike(what: &str, code: i32, command: impl Fn() -> Command) {
    let open = ended(command().output().unwrap());
    assert_eq!(open.code, code, "{what}: {open:?}");
    let closed = ended(command().stdout(closed_pipe()).output().unwrap());
    assert_eq!(closed.code, code, "{what} | head -0: {closed:?}");
    assert!(!closed.stderr.contains("panicked") && !closed.stderr.contains("Broken pipe"), "{what}: {closed:?}");
    let deaf = command().stdout(closed_pipe()).stderr(closed_pipe()).status().unwrap();
    assert_eq!(deaf.code(), Some(code), "{what} 2>&1 | head -0");
}

#[test]
fn a_reader_that_has_gone_changes_nothing() {
    let harness = Harness::new();
    // The programs may have to be built first; and something to rank.
    let first =
        harness.run(&["run-test", "baseline", "call_api", "--trials", "5", "--duration", "300ms", "--warmup", "0s"]);
    assert_eq!(first.code, 0, "{first:?}");
    let campaign = campaign();
    let bad: Vec<&str> =
        ["run-test", "baseline", "call_api", "--target", "http://127.0.0.1:1/x"].into_iter().chain(SHORT).collect();
    for (code, arguments) in [
        (0, &["list"][..]),
        (0, &["list", "--suites"]),
        (0, &["list", "--campaigns"]),
        (0, &["doctor"]),
        (0, &["completions", "bash"]),
        (0, &["run", "--schema"]),
        (0, &["run", "quick", "--dry-run"]),
        (0, &["rank"]),
        (0, &["get-results", "-"]),
        (0, &["get-results", "-", "--format", "json"]),
        (0, &["get-results", "out.csv"]),
        (0, &["compare", "last", "last"]),
        (0, &["--help"]),
        (0, &["run-all", "--help"]),
        (0, &["--version"]),
        (2, &["run-test", "nobody", "call_api"]),
        (2, &["run-test", "--no-such-flag"]),
        (1, &["list", "--campaigns", "--db", "nowhere/none.db"]),
        (0, &campaign),
        (3, &bad),
    ] {
        assert_ends_alike(&arguments.join(" "), code, || harness.command(arguments));
    }
}

#[test]
fn a_library_is_made_and_an_origin_serves_though_nobody_listens() {
    let checkout = Checkout::new();
    let mut number = 0;
    for deaf in [false, true] {
        number += 1;
        let mut command = checkout.command(&["new", &format!("mine-{number}"), "--from", "reqwest"]);
        command.stdout(closed_pipe());
        if deaf {
            command.stderr(closed_pipe());
        }
        assert_eq!(command.status().unwrap().code(), Some(0));
    }
    let harness = Harness::new();
    let mut command = harness.command(&["origin", "--listen", "127.0.0.1:0"]);
    command.stdout(closed_pipe()).stderr(closed_pipe());
    let running = Running::spawn(command);
    let tcp = || std::fs::read_to_string(format!("/proc/{}/net/tcp", running.pid())).is_ok();
    eventually(std::time::Duration::from_secs(5), "it runs", tcp);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(is_running(running.pid()), "it ended though nobody told it to");
    signal("INT", running.pid());
    assert_eq!(running.wait().code, 130);
}

#[test]
fn results_that_did_not_get_out_are_a_failure() {
    let harness = Harness::new();
    for arguments in [&["list"][..], &["run", "--schema"], &["completions", "bash"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = ended(harness.command(arguments).stdout(full).output().unwrap());
        assert_eq!(ended.code, 1, "{arguments:?}: {ended:?}");
        assert!(
            ended.stderr.contains("cannot write to the standard output: No space left"),
            "{arguments:?}: {ended:?}"
        );
    }
}

/// What a command writes to a terminal with these variables.
fn on_a_terminal(harness: &Harness, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let words: Vec<String> =
        [env!("CARGO_BIN_EXE_benchmark")].iter().chain(arguments).map(|word| format!("'{word}'")).collect();
    // The command's own folder and variables; of its arguments none.
    let plain = harness.command(&[]);
    let mut command = Command::new("script");
    command.args(["-qec", &words.join(" "), "/dev/null"]).current_dir(plain.get_current_dir().unwrap());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    ended(command.output().unwrap()).stdout
}

/// Whether a text has escapes that choose colours: `ESC [ 1 ; 31 m`.
fn is_coloured(text: &str) -> bool {
    text.split("\x1b[")
        .skip(1)
        .any(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m'))
}

#[test]
fn colours_are_left_out_where_nobody_wants_them() {
    let harness = Harness::new();
    if needs("script").is_none() {
        return;
    }
    // The programs may have to be built first.
    assert_eq!(harness.run(&campaign()).code, 0);
    let campaign = campaign();
    let dropped =
        ["run-all", "--test", "call_api", "--library", "baseline", "--target", "http://127.0.0.1:1/x", "--quick"];
    for arguments in [&["doctor"][..], &["--help"], &["run-test", "--no-such-flag"], &campaign, &dropped] {
        let coloured = on_a_terminal(&harness, arguments, &[("TERM", "xterm-256color")]);
        assert!(is_coloured(&coloured), "{arguments:?}: {coloured:?}");
        for variable in [("NO_COLOR", "1"), ("CLICOLOR", "0")] {
            let plain = on_a_terminal(&harness, arguments, &[("TERM", "xterm-256color"), variable]);
            assert!(plain.len() > 100 && !is_coloured(&plain), "{variable:?} {arguments:?}: {plain:?}");
        }
        let dumb = on_a_terminal(&harness, arguments, &[("TERM", "dumb")]);
        assert!(dumb.len() > 100 && !dumb.contains('\x1b'), "{arguments:?}: {dumb:?}");
    }
}
