//! A folder with a database of its own, and the command run in it.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// One load at a time, in whatever test program or checkout of this user: two of them would measure each other.
fn turn() -> File {
    // Another user's file could not be opened.
    let user = std::fs::metadata("/proc/self").unwrap().uid();
    let file = File::create(std::env::temp_dir().join(format!("benchmark-tests-{user}.lock"))).unwrap();
    file.lock().unwrap();
    file
}

/// Options of a run that is as short as can be.
pub(crate) const SHORT: [&str; 6] = ["--warmup", "300ms", "--duration", "1s", "--trials", "1"];

/// A place to run the command in, alone with its load.
pub(crate) struct Harness {
    folder: TempDir,
    _turn: File,
}

/// How the command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), _turn: turn() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command in this folder, with nothing of the caller's own settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_benchmark"));
        for name in [
            "BENCHMARK_DB",
            "DATABASE_URL",
            "SSL_CERT_FILE",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
        ] {
            command.env_remove(name);
        }
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("BENCHMARK_ROOT", root())
            .env("BENCHMARK_RUNNER", "process")
            .env("BENCHMARK_PROMETHEUS", "off")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments).output().unwrap())
    }

    /// Starts the command and waits until a replica of it runs.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        let running = Running::spawn(self.command(arguments));
        // The programs may have to be built first.
        eventually(Duration::from_secs(1200), "a replica runs", || {
            assert!(is_running(running.pid()), "the harness ended before a replica ran");
            !running.replicas().is_empty()
        });
        sleep(Duration::from_millis(700));
        running
    }

    /// The same while there may be nothing yet.
    pub(crate) fn rows_if_any(&self) -> Vec<Value> {
        let ended = self.run(&["get-results", "-", "--format", "json"]);
        serde_json::from_str(&ended.stdout).unwrap_or_default()
    }

    /// What `get-results` says, a row a case.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.all_rows().into_iter().filter(|row| row["operation"].is_null()).collect()
    }

    /// The same, with the rows of each operation behind those of cases that have several.
    pub(crate) fn all_rows(&self) -> Vec<Value> {
        let ended = self.run(&["get-results", "-", "--format", "json"]);
        assert_eq!(ended.code, 0, "{ended:?}");
        serde_json::from_str(&ended.stdout).unwrap()
    }
}

/// A command under way.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn spawn(mut command: Command) -> Self {
        Self(Some(command.spawn().unwrap()))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// The pids of its replicas.
    pub(crate) fn replicas(&self) -> Vec<u32> {
        self.children(|command| command.contains("/libraries/"))
    }

    /// The pid of its origin.
    pub(crate) fn origin(&self) -> u32 {
        self.children(|command| command.contains("origin"))[0]
    }

    pub(crate) fn wait(mut self) -> Ended {
        ended(self.0.take().unwrap().wait_with_output().unwrap())
    }

    fn children(&self, wanted: impl Fn(&str) -> bool) -> Vec<u32> {
        let parent = self.pid();
        processes()
            .into_iter()
            .filter(|(_, of, command)| *of == parent && wanted(command))
            .map(|(pid, ..)| pid)
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Sends a signal to a process of ours.
pub(crate) fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// A program of a few lines of shell. Another process writes it: what a test beside this one starts would inherit the open file, and
/// nobody can run a file that is being written.
pub(crate) fn write_script(path: &Path, lines: &str) {
    let mut writer = Command::new("sh");
    writer.args(["-c", "printf '#!/bin/sh\n%s\n' \"$1\" > \"$0\" && chmod 755 \"$0\""]).arg(path).arg(lines);
    assert!(writer.status().unwrap().success(), "{}", path.display());
}

/// Lines that start something, say its pid in a file, and wait for it.
pub(crate) fn starts_another(pid_file: &Path) -> String {
    format!("sleep 600 &\necho $! > {0}.new\nmv {0}.new {0}\nwait", pid_file.display())
}

/// Waits until a script has started something, interrupts the command, and looks that both are gone within moments.
pub(crate) fn assert_interrupted(command: Command, pid_file: &Path, patience: Duration) {
    let running = Running::spawn(command);
    eventually(patience, "something was started", || pid_file.is_file());
    let grandchild: u32 = std::fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
    assert!(is_running(grandchild));
    let begun = Instant::now();
    signal("INT", running.pid());
    let ended = running.wait();
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}: {ended:?}", begun.elapsed());
    assert_eq!(ended.code, 130, "{ended:?}");
    eventually(Duration::from_secs(3), "what it started is gone", || !is_running(grandchild));
}

/// Whether the process still runs.
pub(crate) fn is_running(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

/// Waits until something holds.
pub(crate) fn eventually(within: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
        sleep(Duration::from_millis(20));
    }
}

/// The program where it is installed. Elsewhere the test is skipped visibly, and fails in CI.
pub(crate) fn needs(program: &str) -> Option<PathBuf> {
    let candidates = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&candidates).map(|folder| folder.join(program)).find(|path| path.is_file());
    if found.is_none() {
        skip(program);
    }
    found
}

/// Says that a test is skipped, and what it needs; in CI nothing is missing.
pub(crate) fn skip(needed: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{needed} is needed in CI (scripts/test sees to it)");
    eprintln!("skipped: needs {needed}");
}

/// What an HTTP server on this host answers to a GET, where it answers at all.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    // Of version 1.0, which knows no chunks.
    write!(stream, "GET {path} HTTP/1.0\r\nhost: 127.0.0.1:{port}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    Some(body.to_owned())
}

/// A port that nobody listens at.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A number of a row.
pub(crate) fn number(row: &Value, column: &str) -> f64 {
    row[column].as_f64().unwrap_or_else(|| panic!("{column} is {}", row[column]))
}

/// A text of a row, empty where it is absent.
pub(crate) fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    row[column].as_str().unwrap_or_default()
}

/// What every run must satisfy, whatever was done to it: nothing is lost between client and origin.
pub(crate) fn assert_audit_is_exact(row: &Value) {
    let title = format!("{} {}", row["library_name"], row["test_name"]);
    assert_eq!(row["requests_issued"], row["origin_requests"], "{title}");
    let parts = number(row, "number_successes") + number(row, "number_failures") + number(row, "number_censored");
    assert_eq!(number(row, "number_requests"), parts, "{title}");
}

/// The checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// How a command ended, as text.
pub(crate) fn ended(output: Output) -> Ended {
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Pid, parent and command line of every process.
fn processes() -> Vec<(u32, u32, String)> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        let command = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?.replace('\0', " ");
        Some((pid, parent, command))
    })
    .collect()
}
