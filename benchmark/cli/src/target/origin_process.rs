//! The origin as the harness sees it: a process of its own on CPUs of its own, told of each run and asked for its audit.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use benchmark_protocol::origin::{Announcement, Audit, Begin, CONTROL_HEADER, CONTROL_PREFIX, Listening};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::Place;
use crate::machine;

/// How long the origin may take to listen, or to answer a control request.
const ANSWER: Duration = Duration::from_secs(5);

/// How long a run's connections may take to close after its replicas have left.
const CLOSING: Duration = Duration::from_secs(1);

/// A running origin. It ends when this is dropped, and by itself when the harness dies: its standard input ends then.
#[derive(Debug)]
pub struct OriginProcess {
    child: Child,
    address: SocketAddr,
    /// What replicas call the host, where that is not its address.
    host_name: Option<&'static str>,
    token: String,
    client: reqwest::Client,
}

impl OriginProcess {
    /// Starts it, a worker for each of its CPUs.
    ///
    /// # Errors
    /// When it does not start or does not listen in time.
    pub async fn start(place: &Place) -> Result<Self> {
        let Place { cpus, address, host_name } = place;
        let token = uuid::Uuid::new_v4().to_string();
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        cpus.confine(0).with_context(|| format!("cannot confine the origin to CPUs {cpus}"))?;
        let mut child = Command::new(&program)
            .args(["origin", "--listen", &SocketAddr::new(*address, 0).to_string()])
            .args(["--workers", &cpus.count().to_string(), "--harness"])
            .env("BENCHMARK_ORIGIN_TOKEN", &token)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start the origin, `{} origin`", program.display()))?;
        let stdout = child.stdout.take().ok_or_else(|| anyhow!("the origin has no standard output"))?;
        let mut lines = BufReader::new(stdout).lines();
        let line = timeout(ANSWER, lines.next_line())
            .await
            .map_err(|_| anyhow!("the origin did not listen within {} s", ANSWER.as_secs()))??
            .ok_or_else(|| anyhow!("the origin ended before it listened"))?;
        let Listening { listening } =
            serde_json::from_str(&line).with_context(|| format!("the origin said `{line}`"))?;
        let address = listening.parse().with_context(|| format!("the origin listens at `{listening}`"))?;
        let client = reqwest::Client::builder().no_proxy().timeout(ANSWER).build().context("no HTTP client")?;
        Ok(Self { child, address, host_name: *host_name, token, client })
    }

    /// The URL of a run's bucket, as replicas call it.
    #[must_use]
    pub fn bucket_url(&self, run_id: &str) -> String {
        match self.host_name {
            Some(name) => format!("http://{name}:{}/{run_id}", self.address.port()),
            None => format!("http://{}/{run_id}", self.address),
        }
    }

    /// CPU time that it has used so far, in seconds.
    #[must_use]
    pub fn cpu_seconds(&self) -> Option<f64> {
        machine::cpu_seconds_of(self.child.id()?)
    }

    /// Tells it of a run.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn announce(&self, run_id: &str, announcement: &Announcement) -> Result<()> {
        self.control(reqwest::Method::PUT, run_id, Some(serde_json::to_vec(announcement)?)).await.map(drop)
    }

    /// Tells it when the run begins.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub async fn begin(&self, run_id: &str, begin: Begin) -> Result<()> {
        self.control(reqwest::Method::POST, &format!("{run_id}/start"), Some(serde_json::to_vec(&begin)?))
            .await
            .map(drop)
    }

    /// What it saw of the run, once the run's connections have closed, and forgets the run.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn audit(&self, run_id: &str) -> Result<Audit> {
        let mut waited = Duration::ZERO;
        let audit = loop {
            let body = self.control(reqwest::Method::GET, run_id, None).await?;
            let audit: Audit = serde_json::from_slice(&body).context("the origin's audit is unreadable")?;
            if audit.open_connections == 0 || waited >= CLOSING {
                break audit;
            }
            let pause = Duration::from_millis(10);
            sleep(pause).await;
            waited += pause;
        };
        self.control(reqwest::Method::DELETE, run_id, None).await?;
        Ok(audit)
    }

    /// Ends it, and waits until it is gone.
    pub async fn stop(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!("cannot end the origin: {error}");
        }
    }

    async fn control(&self, method: reqwest::Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>> {
        let url = format!("http://{}{CONTROL_PREFIX}{path}", self.address);
        let request =
            self.client.request(method, url).header(CONTROL_HEADER, &self.token).body(body.unwrap_or_default());
        let response = request.send().await.map_err(|error| {
            if error.is_timeout() { anyhow!("no answer within {} s", ANSWER.as_secs()) } else { anyhow!(error) }
        })?;
        let status = response.status();
        let body = response.bytes().await?;
        if !status.is_success() {
            bail!("status {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(body.to_vec())
    }
}
