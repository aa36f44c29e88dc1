//! Programs and servers that the tests of metrics ask.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use benchmark::metrics::Prometheus;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// A server that answers every request with the same bytes, and hands on what it was asked.
pub(super) struct Scripted {
    pub(super) url: String,
    pub(super) requests: UnboundedReceiver<String>,
}

impl Scripted {
    /// Answers with a status line and a body.
    pub(super) async fn answering(status: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        Self::saying(format!("{head}{body}")).await
    }

    /// Answers with these bytes and closes the connection.
    pub(super) async fn saying(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (heard, requests) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !is_whole(&request) && stream.read_buf(&mut request).await.unwrap() > 0 {}
                let _ = heard.send(String::from_utf8(request).unwrap());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { url, requests }
    }

    /// The form of the next request, its fields decoded.
    pub(super) async fn form(&mut self) -> Vec<(String, String)> {
        let request = self.requests.recv().await.unwrap();
        let body = request.split_once("\r\n\r\n").unwrap().1;
        reqwest::Url::parse(&format!("http://form/?{body}")).unwrap().query_pairs().into_owned().collect()
    }
}

/// Whether head and body are there.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

/// A Prometheus of its own, with its data in a temporary folder.
pub(super) struct RunningPrometheus {
    child: Child,
    pub(super) url: String,
    _folder: TempDir,
}

impl RunningPrometheus {
    /// Starts it with these jobs and their targets (`host:port`), scraped four times a second. `None` where there is no such program, said
    /// aloud; in CI that fails.
    pub(super) async fn start(jobs: &[(&str, String)]) -> Option<Self> {
        let program = program()?;
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("prometheus.yml");
        fs::write(&config, configuration(jobs)).unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let child = Command::new(&program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let running = Self { child, url, _folder: folder };
        let client = Prometheus::new(&running.url).unwrap();
        eventually("Prometheus answers", async || client.check().await.is_ok()).await;
        Some(running)
    }
}

impl Drop for RunningPrometheus {
    fn drop(&mut self) {
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// Waits until something holds.
pub(super) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The wall clock, in microseconds since the epoch.
pub(super) fn now_us() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// An address of the loopback that is this process's own, so that the ports of a harness on this machine stay free for it.
pub(super) fn own_loopback(number: u8) -> IpAddr {
    let [.., high, low] = std::process::id().to_be_bytes();
    IpAddr::from([127, 64 + number, high, low])
}

pub(super) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("BENCHMARK_TEST_PROMETHEUS").map(PathBuf::from).filter(|path| path.is_file());
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let on_path =
        || std::env::split_paths(&folders).map(|folder| folder.join("prometheus")).find(|path| path.is_file());
    let found = named.or_else(on_path);
    if found.is_none() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "prometheus is needed in CI: name its program with BENCHMARK_TEST_PROMETHEUS"
        );
        eprintln!("skipped: needs prometheus (on the PATH, or named with BENCHMARK_TEST_PROMETHEUS)");
    }
    found
}

/// A job may stand there several times, for several targets.
fn configuration(jobs: &[(&str, String)]) -> String {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../prometheus/rules.yml");
    let mut text = format!(
        "global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}\n\
         rule_files: ['{}']\nscrape_configs:\n",
        rules.display()
    );
    for name in jobs.iter().map(|(name, _)| name).collect::<BTreeSet<_>>() {
        let targets = jobs.iter().filter(|(of, _)| of == name).map(|(_, target)| format!("'{target}'"));
        let targets = targets.collect::<Vec<_>>().join(", ");
        text.push_str(&format!("  - job_name: {name}\n    static_configs: [{{targets: [{targets}]}}]\n"));
        if *name == "cadvisor" {
            text.push_str("    metric_relabel_configs: [{regex: container_label_benchmark_(.+), action: labelmap}]\n");
        }
    }
    text
}

/// A file of the tests of metrics.
pub(super) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/metrics/testdata").join(name)
}
