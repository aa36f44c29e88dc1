//! A Docker Engine that is not well: whoever does not need it goes on, and nobody waits for it for ever.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread::spawn;
use std::time::{Duration, Instant};

use super::support::{Ended, Harness, SHORT, ended, text};

/// How a scripted Engine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    /// It takes connections in and says nothing.
    Hangs,
    /// Whatever is asked, it has failed.
    Fails,
    /// It says that it is there, and has failed at everything else.
    Refuses,
    /// It says that it is there, and hangs at everything else.
    Stalls,
}

impl Engine {
    /// Listens at a socket until the test ends; what `DOCKER_HOST` is then.
    fn start(self, harness: &Harness) -> String {
        let path = harness.path(&format!("{self:?}.sock"));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                held.extend(self.answer(stream.unwrap()));
            }
        });
        format!("unix://{}", path.display())
    }

    /// One answer a connection. A stream that is handed back stays open, without a word.
    fn answer(self, mut stream: UnixStream) -> Option<UnixStream> {
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        let asked = lines.next()?.ok()?;
        while !lines.next()?.ok()?.is_empty() {}
        let present = asked.contains("/version") || asked.contains("/info") || asked.contains("/_ping");
        let (status, body) = match self {
            Self::Hangs => return Some(stream),
            Self::Stalls if !present => return Some(stream),
            Self::Stalls | Self::Refuses if present => ("200 OK", r#"{"ApiVersion":"1.44","ServerVersion":"1.0"}"#),
            _ => ("500 Internal Server Error", r#"{"message":"out of order"}"#),
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\n");
        let _ = write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len());
        None
    }
}

/// How a command ended with such an Engine, and how long it took.
fn with(engine: Engine, harness: &Harness, arguments: &[&str], runner: &str) -> (Ended, Duration) {
    let mut command = harness.command(arguments);
    command.env("DOCKER_HOST", engine.start(harness)).env("BENCHMARK_RUNNER", runner);
    let begun = Instant::now();
    let output = command.output().unwrap();
    (ended(output), begun.elapsed())
}

#[test]
fn processes_are_measured_whatever_the_engine_does() {
    let harness = Harness::new();
    let arguments = [&["run-test", "baseline", "call_api"], &SHORT[..]].concat();
    // The programs may have to be built first.
    assert_eq!(harness.run(&arguments).code, 0);
    let begun = Instant::now();
    assert_eq!(harness.run(&arguments).code, 0);
    let most = begun.elapsed() + Duration::from_secs(4);
    for engine in [Engine::Fails, Engine::Refuses, Engine::Hangs, Engine::Stalls] {
        let (ended, took) = with(engine, &harness, &arguments, "process");
        assert_eq!(ended.code, 0, "{engine:?}: {ended:?}");
        assert!(took < most, "{engine:?}: {took:?} of {most:?}");
    }
    for engine in [Engine::Fails, Engine::Hangs, Engine::Refuses, Engine::Stalls] {
        let (ended, took) = with(engine, &harness, &arguments, "auto");
        let most = if engine == Engine::Stalls { most + Duration::from_secs(25) } else { most };
        assert_eq!(ended.code, 0, "{engine:?}: {ended:?}");
        assert!(ended.stderr.contains("runner process"), "{engine:?}: {ended:?}");
        assert!(took < most, "{engine:?}: {took:?} of {most:?}");
    }
    assert!(harness.rows().iter().all(|row| text(row, "verdict") == "valid"));
}

#[test]
fn the_doctor_says_that_something_else_has_the_port_of_prometheus() {
    let harness = Harness::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let ended = harness.run(&["doctor", "--prometheus", &url]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let line = ended.stdout.lines().find(|line| line.contains("prometheus")).unwrap();
    assert!(line.starts_with("warning") && line.contains("did not answer within"), "{line}");
    assert!(line.contains("BENCHMARK_PROMETHEUS_PORT") && line.contains("--prometheus"), "{line}");
}

#[test]
fn nobody_waits_for_ever_for_an_engine_that_hangs() {
    let harness = Harness::new();
    let needed = ["run-test", "baseline", "call_api"];
    for (engine, arguments, code, seconds) in [
        (Engine::Hangs, &needed[..], 4, 6),
        (Engine::Hangs, &["images", "baseline"], 4, 6),
        (Engine::Hangs, &["doctor"], 0, 12),
        (Engine::Stalls, &["doctor"], 0, 30),
        (Engine::Stalls, &["images", "baseline"], 1, 20),
    ] {
        let (ended, took) = with(engine, &harness, arguments, "compose");
        assert_eq!(ended.code, code, "{engine:?} {arguments:?}: {ended:?}");
        assert!(took < Duration::from_secs(seconds), "{engine:?} {arguments:?}: {took:?}");
    }
}
