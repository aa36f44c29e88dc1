//! Whether Prometheus is there and sees what it should: cAdvisor, and the harness itself.

use serde::Deserialize;
use thiserror::Error;

use super::error::MetricsError;
use super::prometheus::Prometheus;

/// The scrape job of cAdvisor in prometheus.yml.
const CADVISOR_JOB: &str = "cadvisor";

/// The scrape job of the harness's ports in prometheus.yml.
const HARNESS_JOB: &str = "benchmark";

/// A Prometheus that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its version: `2.42.0`.
    pub version: String,
    /// What it scrapes for cAdvisor.
    pub cadvisor: Vec<Target>,
    /// What it scrapes for the harness: a target for each port, of which only those of running campaigns are up.
    pub harness: Vec<Target>,
}

/// An address that Prometheus scrapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The URL that Prometheus asks, seen from where it runs.
    pub url: String,
    /// Whether its last scrape succeeded; `None` before the first one.
    pub up: Option<bool>,
    /// What its last scrape failed with.
    pub error: Option<String>,
}

/// Why the samples of a target are not in Prometheus.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The configuration has no such job.
    #[error(
        "Prometheus has no job `{job}`: start it with this project's prometheus.yml, \
             `docker compose -f docker-compose.monitoring.yml up -d`"
    )]
    NoJob {
        /// The job.
        job: &'static str,
    },
    /// cAdvisor does not answer Prometheus.
    #[error(
        "Prometheus cannot scrape cAdvisor at `{url}` ({error}): start it with \
             `docker compose -f docker-compose.monitoring.yml up -d cadvisor`"
    )]
    CadvisorDown {
        /// Where it was looked for.
        url: String,
        /// What the scrape failed with.
        error: String,
    },
    /// The harness's port is no target.
    #[error("Prometheus does not scrape port {port} of the harness: prometheus.yml lists the ports {known}")]
    PortUnknown {
        /// The port.
        port: u16,
        /// The ports that it does scrape.
        known: String,
    },
    /// The harness does not answer Prometheus.
    #[error(
        "Prometheus cannot scrape the harness at `{url}` ({error}): a firewall between containers and this host, \
             or a harness that does not listen on the address which `host.docker.internal` is in the container"
    )]
    HarnessDown {
        /// Where it was looked for.
        url: String,
        /// What the scrape failed with.
        error: String,
    },
    /// There was no scrape since Prometheus started.
    #[error("Prometheus has not scraped `{url}` yet: ask again in a second or two")]
    NotYet {
        /// Where it will look.
        url: String,
    },
}

impl Prometheus {
    /// Its version, and what it sees of cAdvisor and of the harness.
    ///
    /// # Errors
    /// When nothing answers there, or something else does.
    pub async fn check(&self) -> Result<Health, MetricsError> {
        let build: Build = self.get("api/v1/status/buildinfo").await?;
        let targets: Targets = self.get("api/v1/targets?state=active").await?;
        let of_job = |job: &str| targets.active.iter().filter(|raw| raw.labels.job == job).map(Target::of).collect();
        Ok(Health { version: build.version, cadvisor: of_job(CADVISOR_JOB), harness: of_job(HARNESS_JOB) })
    }
}

impl Health {
    /// Whether containers are seen: good when any cAdvisor is up.
    ///
    /// # Errors
    /// When none is up, with the way out.
    pub fn cadvisor(&self) -> Result<(), TargetError> {
        let target = most_alive(&self.cadvisor).ok_or(TargetError::NoJob { job: CADVISOR_JOB })?;
        target.judge(|url, error| TargetError::CadvisorDown { url, error })
    }

    /// Whether the harness that serves its metrics on this port is seen.
    ///
    /// # Errors
    /// When it is not up, with the way out.
    pub fn harness_on(&self, port: u16) -> Result<(), TargetError> {
        if self.harness.is_empty() {
            return Err(TargetError::NoJob { job: HARNESS_JOB });
        }
        let on_port: Vec<Target> = self.harness.iter().filter(|target| target.port() == Some(port)).cloned().collect();
        let target = most_alive(&on_port).ok_or_else(|| {
            let known: Vec<String> =
                self.harness.iter().filter_map(Target::port).map(|port| port.to_string()).collect();
            TargetError::PortUnknown { port, known: known.join(", ") }
        })?;
        target.judge(|url, error| TargetError::HarnessDown { url, error })
    }
}

impl Target {
    fn of(raw: &RawTarget) -> Self {
        let up = match raw.health.as_str() {
            "up" => Some(true),
            "down" => Some(false),
            _ => None,
        };
        let error = Some(raw.last_error.clone()).filter(|error| !error.is_empty());
        Self { url: raw.scrape_url.clone(), up, error }
    }

    fn port(&self) -> Option<u16> {
        reqwest::Url::parse(&self.url).ok()?.port_or_known_default()
    }

    fn judge(&self, down: impl Fn(String, String) -> TargetError) -> Result<(), TargetError> {
        match self.up {
            Some(true) => Ok(()),
            Some(false) => Err(down(self.url.clone(), self.error.clone().unwrap_or_else(|| "down".to_owned()))),
            None => Err(TargetError::NotYet { url: self.url.clone() }),
        }
    }
}

/// A target that is up before one that is down before one that was never asked.
fn most_alive(targets: &[Target]) -> Option<&Target> {
    targets.iter().rev().max_by_key(|target| target.up.map_or(0, |up| if up { 2 } else { 1 }))
}

#[derive(Deserialize)]
struct Build {
    version: String,
}

#[derive(Deserialize)]
struct Targets {
    #[serde(rename = "activeTargets")]
    active: Vec<RawTarget>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawTarget {
    labels: TargetLabels,
    scrape_url: String,
    health: String,
    #[serde(default)]
    last_error: String,
}

#[derive(Deserialize)]
struct TargetLabels {
    #[serde(default)]
    job: String,
}
