//! Campaigns that go well: with either compose, with many replicas, side by side, and by hand.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use serde_json::Value;

use super::support::{Containers, PATIENCE, assert_valid, compose, compose_tools};
use crate::harness::checkout::Checkout;
use crate::harness::support::{SHORT, assert_audit_is_exact, eventually, number, root, signal, target, text};

#[test]
fn either_compose_runs_a_campaign() {
    let Some(containers) = Containers::new() else { return };
    for tool in compose_tools() {
        let tests = ["fetch_range", "call_api", "mixed"];
        let named = tests.map(|test| ["--test", test]).concat();
        let mut command = containers
            .command(&[&["run-all", "--library", "baseline", "--replicas", "2"], &named[..], &SHORT].concat());
        command.env("BENCHMARK_COMPOSE", tool);
        let ended = containers.run_command(command);
        assert_eq!(ended.code, 0, "{tool}: {ended:?}");
        assert!(ended.stderr.contains("runner compose"), "{}", ended.stderr);
        let rows = containers.rows();
        assert_eq!(rows.len(), tests.len());
        for row in rows {
            assert_valid(&row);
            assert_audit_is_exact(&row);
            assert_eq!(row["replica_count"], 2, "{row}");
            assert_eq!(text(&row, "metrics_source"), "replica_network", "{row}");
            assert!(row["prometheus_cpu_seconds"].is_null() && row["prometheus_refusal"].is_null(), "{row}");
        }
        fs::remove_file(containers.harness.path("benchmark.db")).unwrap();
    }
}

#[test]
fn a_rate_reaches_the_containers() {
    let Some(containers) = Containers::new() else { return };
    let arguments = ["run-test", "baseline", "call_api", "--replicas", "2", "--rate", "400"];
    let ended = containers.run(&[&arguments, &SHORT[..]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let row = containers.row();
    assert_valid(&row);
    assert_eq!((&row["scheduled_requests"], &row["number_successes"]), (&400.into(), &400.into()), "{row}");
}

/// A document for whoever has the key, on every address of this host: its URL there.
fn locked_document(key: &'static str) -> String {
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let addresses = Command::new("hostname").arg("-I").output().unwrap().stdout;
    let addresses = String::from_utf8(addresses).unwrap();
    let host = addresses.split_whitespace().next().expect("an address that is not the loopback");
    let url = format!("http://{host}:{}/data/document.json", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                loop {
                    let head: Vec<String> =
                        lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                    let opens = head.iter().any(|line| line.eq_ignore_ascii_case(&format!("x-api-key: {key}")));
                    let status = if opens { "200 OK" } else { "403 Forbidden" };
                    let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 9\r\n\r\n{{\"id\": 7}}");
                    if head.is_empty() || (&stream).write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

#[test]
fn a_header_reaches_a_server_from_containers() {
    let Some(containers) = Containers::new() else { return };
    let target = ["run-test", "baseline", "call_api", "--target", &locked_document("s3cr3t")];
    let with = containers.run(&[&target[..], &["--header", "X-Api-Key: s3cr3t"], &SHORT].concat());
    assert_eq!(with.code, 0, "{with:?}");
    assert_valid(&containers.row());
    let without = containers.run(&[&target[..], &SHORT].concat());
    assert_eq!(without.code, 3, "{without:?}");
    assert!(without.stdout.contains("status 403"), "{without:?}");
}

#[test]
fn what_a_dotenv_of_the_checkout_or_the_shell_says_to_compose_changes_no_run() {
    let Some(containers) = Containers::new() else { return };
    let checkout = Checkout::new();
    let compose_s = [
        ("COMPOSE_FILE", "nowhere.yaml"),
        ("COMPOSE_PROJECT_NAME", "another"),
        ("COMPOSE_PROFILES", "another"),
        ("COMPOSE_ENV_FILES", "nowhere.env"),
        ("COMPOSE_PATH_SEPARATOR", ";"),
    ];
    let mut dotenv =
        "BENCHMARK_RATE=5\nBENCHMARK_IMAGE_TAG=none\nAWS_REGION=mars\nDOCKER_HOST=unix:///nowhere.sock\n".to_owned();
    compose_s.iter().for_each(|(name, value)| dotenv.push_str(&format!("{name}={value}\n")));
    // Beside it what would be read without a word.
    fs::write(checkout.path("docker-compose.override.yaml"), "services: {benchmark-runner: {image: nothing}}\n")
        .unwrap();
    for tool in compose_tools() {
        // Where one is read at all, it does not come to its second line.
        for (dotenv, shell) in [(dotenv.as_str(), &[][..]), ("no line\n\"", &compose_s[..])] {
            fs::write(checkout.path(".env"), dotenv).unwrap();
            fs::write(containers.harness.path(".env"), dotenv).unwrap();
            let mut command = containers.command(&[&["run-test", "baseline", "call_api"], &SHORT[..]].concat());
            command.env("BENCHMARK_ROOT", checkout.path("")).env("CARGO_TARGET_DIR", target());
            command.env("BENCHMARK_COMPOSE", tool).envs(shell.iter().copied());
            let ended = containers.run_command(command);
            assert_eq!(ended.code, 0, "{tool}: {ended:?}");
            let row = containers.row();
            assert_valid(&row);
            assert!(number(&row, "number_successes") > 100.0, "{tool}: {row}");
            fs::remove_file(containers.harness.path("benchmark.db")).unwrap();
        }
    }
}

#[test]
fn one_campaign_has_processes_and_containers() {
    let Some(containers) = Containers::new() else { return };
    let suite = "[[matrix]]\nlibrary = \"baseline\"\ntest = \"call_api\"\nrunner = [\"process\", \"compose\"]\n";
    fs::write(containers.harness.path("both.toml"), suite).unwrap();
    let ended = containers.run(&[&["run", "both.toml"], &SHORT[..]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("runner compose and process"), "{}", ended.stderr);
    for runner in ["process", "compose"] {
        assert!(ended.stderr.contains(&format!("baseline call_api, runner {runner}: ")), "{}", ended.stderr);
        assert!(ended.stdout.contains(&format!("┆ {runner} ")), "{}", ended.stdout);
    }
    let rows = containers.rows();
    let mut sources: Vec<&str> = rows.iter().map(|row| text(row, "metrics_source")).collect();
    sources.sort_unstable();
    assert_eq!(sources, ["replica", "replica_network"]);
    for row in &rows {
        assert_eq!(text(row, "verdict"), "valid", "{row}");
        assert_audit_is_exact(row);
    }
}

#[test]
fn sixteen_replicas_start_together() {
    let Some(containers) = Containers::new() else { return };
    let arguments = ["run-test", "baseline", "call_api", "--replicas", "16", "--concurrency", "1"];
    let ended = containers.run(&[&arguments, &SHORT[..]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let row = containers.row();
    assert_valid(&row);
    assert_audit_is_exact(&row);
    let ended = containers.harness.run(&["get-results", "-", "--per-replica", "--format", "json"]);
    let replicas: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(replicas.len(), 16);
    let mut ids: Vec<&str> = replicas.iter().map(|replica| text(replica, "container_id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 16, "each in a container of its own: {ids:?}");
    for replica in &replicas {
        let (id, host) = (text(replica, "container_id"), text(replica, "host_name"));
        assert!(
            id.len() == 64 && id.bytes().all(|digit| digit.is_ascii_hexdigit()) && id.starts_with(host),
            "{replica}"
        );
        assert!(number(replica, "number_successes") > 0.0, "{replica}");
    }
}

#[test]
fn two_harnesses_with_containers_do_not_disturb_each_other() {
    let Some(containers) = Containers::new() else { return };
    let arguments = [&["run-test", "baseline", "call_api", "--replicas", "2"], &SHORT[..]].concat();
    // The other one is under load already when this one looks for what dead harnesses have left.
    let other =
        [&["run-test", "baseline", "call_api", "--replicas", "2"], &["--warmup", "300ms", "--duration", "5s"][..]];
    let other = containers.start(&other.concat());
    let one = containers.run(&arguments);
    let other = other.wait();
    assert_eq!((one.code, other.code), (0, 0), "{one:?} {other:?}");
    let rows = containers.rows();
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_valid(row);
        assert_audit_is_exact(row);
    }
    assert_ne!(rows[0]["run_id"], rows[1]["run_id"]);
}

#[test]
fn the_doctor_sends_a_container_to_the_harness() {
    let Some(containers) = Containers::new() else { return };
    let ended = containers.run(&["doctor"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let line = |name: &str| {
        let line = ended.stdout.lines().find(|line| line.split_whitespace().nth(1) == Some(name));
        line.unwrap_or_else(|| panic!("no {name} in {}", ended.stdout))
    };
    for (name, says) in [("docker", "Engine"), ("compose", "compose"), ("reach", "a container reaches the harness at")]
    {
        assert!(line(name).starts_with("ok") && line(name).contains(says), "{}", line(name));
    }
}

#[test]
fn the_compose_file_is_usable_by_hand() {
    let Some(containers) = Containers::new() else { return };
    let ended = containers.run(&["images", "baseline"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let images: Vec<&str> = ended.stdout.lines().collect();
    assert!(images[0].starts_with("benchmark/origin:") && images[1].starts_with("benchmark/baseline:"), "{images:?}");
    for (number, tool) in compose_tools().into_iter().enumerate() {
        let project = format!("benchmark-test-{}-{number}", std::process::id());
        let log = containers.harness.path("up.log");
        let by_hand = ByHand::up(tool, &project, &log);
        let results = || {
            let log = fs::read_to_string(&log).unwrap();
            let results = log.lines().filter_map(|line| {
                let (container, result) = line.split_once('|')?;
                let result: Value = serde_json::from_str(result.trim()).ok()?;
                container.contains("benchmark-runner").then_some(result)
            });
            results.collect::<Vec<_>>()
        };
        eventually(PATIENCE, "four replicas print their results", || results().len() == 4);
        for result in results() {
            assert!(result["window"]["successes"].as_u64() > Some(0), "{result}");
            assert_eq!(result["window"]["failures"].as_object().map(serde_json::Map::len), Some(0), "{result}");
        }
        drop(by_hand);
    }
}

/// `docker compose up` in a project of its own, and `down` at the end.
struct ByHand {
    tool: &'static str,
    project: String,
    up: Child,
}

impl ByHand {
    fn up(tool: &'static str, project: &str, log: &Path) -> Self {
        let mut command = Self::command(tool, project);
        command.args(["up", "--no-color", "--scale", "benchmark-runner=4"]);
        let up = command.stdout(File::create(PathBuf::from(log)).unwrap()).spawn().unwrap();
        Self { tool, project: project.to_owned(), up }
    }

    fn command(tool: &str, project: &str) -> Command {
        let mut command = compose(tool);
        command.args(["--project-name", project]).current_dir(root());
        command.env("BENCHMARK_LIBRARY", "baseline").env("BENCHMARK_WARMUP", "300ms").env("BENCHMARK_DURATION", "1s");
        command
    }
}

impl Drop for ByHand {
    fn drop(&mut self) {
        // As Ctrl-C does.
        signal("INT", self.up.id());
        self.up.wait().unwrap();
        let down =
            Self::command(self.tool, &self.project).args(["down", "--volumes", "--timeout", "1"]).status().unwrap();
        assert!(down.success() || std::thread::panicking(), "{} down: {down}", self.tool);
    }
}
