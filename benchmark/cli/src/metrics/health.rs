//! Whether Prometheus is there and sees what it should: cAdvisor, and the harness itself.

use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;

use super::error::MetricsError;
use super::prometheus::{Prometheus, read};

/// The scrape job of cAdvisor in prometheus.yml.
const CADVISOR_JOB: &str = "cadvisor";

/// The scrape job of the harness's ports in prometheus.yml.
const HARNESS_JOB: &str = "benchmark";

/// The question for its version.
const BUILD: &str = "api/v1/status/buildinfo";

/// How long a Prometheus of this host may take to say its version, which it has at hand.
const PRESENCE: Duration = Duration::from_secs(1);

/// How far the newest sample of a target may be behind its last scrape, in microseconds.
const NOT_KEPT_US: i64 = 10_000_000;

/// A Prometheus that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Its version: `2.42.0`.
    pub version: String,
    /// How many addresses it scrapes, of any job. It lists none in its first five seconds.
    pub targets: usize,
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
    /// Whether the samples of its last scrape were kept. A full disk is the reason why not; scrapes go on then.
    pub kept: bool,
}

/// Why the samples of a target are not in Prometheus.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// Prometheus has just started, or has an empty configuration.
    #[error(
        "Prometheus lists nothing that it scrapes: ask again five seconds after its start; later it is not this \
         project's prometheus.yml that it reads"
    )]
    NoTargets,
    /// Prometheus scrapes and keeps nothing.
    #[error(
        "Prometheus scrapes `{url}` but keeps no samples: its disk is full (`docker compose -f \
         docker-compose.monitoring.yml logs prometheus` says); free some space and restart it"
    )]
    NotKept {
        /// What it scrapes.
        url: String,
    },
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
    /// Whether one is there: soon, also where what listens is none and says nothing.
    ///
    /// # Errors
    /// When nothing answers there, or something else does.
    pub async fn is_there(&self) -> Result<(), MetricsError> {
        self.get_within::<Build>(BUILD, PRESENCE).await.map(drop)
    }

    /// Its version, and what it sees of cAdvisor and of the harness.
    ///
    /// # Errors
    /// When nothing answers there, or something else does.
    pub async fn check(&self) -> Result<Health, MetricsError> {
        let build: Build = self.get(BUILD).await?;
        let targets: Targets = self.get("api/v1/targets?state=active").await?;
        let newest: Vector = self.get("api/v1/query?query=timestamp(up)").await?;
        Ok(Health::of(build, &targets, &newest))
    }
}

impl Health {
    fn of(build: Build, targets: &Targets, newest: &Vector) -> Self {
        let of_job = |job: &str| -> Vec<Target> {
            let of_job = targets.active.iter().filter(|raw| raw.labels.job == job);
            let mut found: Vec<Target> = of_job.map(|raw| Target::of(raw, newest.at_us(&raw.labels))).collect();
            // Prometheus lists them in any order.
            found.sort_by(|a, b| a.url.cmp(&b.url));
            found
        };
        let (cadvisor, harness) = (of_job(CADVISOR_JOB), of_job(HARNESS_JOB));
        Self { version: build.version, targets: targets.active.len(), cadvisor, harness }
    }

    /// Whether containers are seen: good when any cAdvisor is up.
    ///
    /// # Errors
    /// When none is up, with the way out.
    pub fn cadvisor(&self) -> Result<(), TargetError> {
        let target = most_alive(&self.cadvisor).ok_or_else(|| self.no_job(CADVISOR_JOB))?;
        target.judge(|url, error| TargetError::CadvisorDown { url, error })
    }

    /// Whether the harness that serves its metrics on this port is seen.
    ///
    /// # Errors
    /// When it is not up, with the way out.
    pub fn harness_on(&self, port: u16) -> Result<(), TargetError> {
        if self.harness.is_empty() {
            return Err(self.no_job(HARNESS_JOB));
        }
        let on_port: Vec<Target> = self.harness.iter().filter(|target| target.port() == Some(port)).cloned().collect();
        let target = most_alive(&on_port).ok_or_else(|| {
            let known = self.harness.iter().filter_map(Target::port).map(|port| port.to_string());
            TargetError::PortUnknown { port, known: known.collect::<Vec<_>>().join(", ") }
        })?;
        target.judge(|url, error| TargetError::HarnessDown { url, error })
    }

    fn no_job(&self, job: &'static str) -> TargetError {
        if self.targets == 0 { TargetError::NoTargets } else { TargetError::NoJob { job } }
    }
}

impl Target {
    /// With the instant of the newest sample that Prometheus has of it.
    fn of(raw: &RawTarget, newest_us: Option<i64>) -> Self {
        let up = match raw.health.as_str() {
            "up" => Some(true),
            "down" => Some(false),
            _ => None,
        };
        let scraped_us = raw.last_scrape.parse::<jiff::Timestamp>().map_or(0, |scraped| scraped.as_microsecond());
        Self {
            url: raw.scrape_url.clone(),
            up,
            error: Some(raw.last_error.clone()).filter(|error| !error.is_empty()),
            kept: newest_us.is_some_and(|newest_us| scraped_us.saturating_sub(newest_us) < NOT_KEPT_US),
        }
    }

    fn port(&self) -> Option<u16> {
        reqwest::Url::parse(&self.url).ok()?.port_or_known_default()
    }

    fn judge(&self, down: impl Fn(String, String) -> TargetError) -> Result<(), TargetError> {
        match self.up {
            Some(true) if !self.kept => Err(TargetError::NotKept { url: self.url.clone() }),
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
    #[serde(default)]
    last_scrape: String,
}

#[derive(Clone, Deserialize, PartialEq, Eq)]
struct TargetLabels {
    #[serde(default)]
    job: String,
    #[serde(default)]
    instance: String,
}

#[derive(Deserialize)]
struct Vector {
    result: Vec<RawSample>,
}

#[derive(Deserialize)]
struct RawSample {
    metric: TargetLabels,
    value: (f64, String),
}

impl Vector {
    /// The value of a target, where it is seconds since the epoch.
    fn at_us(&self, labels: &TargetLabels) -> Option<i64> {
        let sample = self.result.iter().find(|sample| sample.metric == *labels)?;
        Some((sample.value.1.parse::<f64>().ok()? * 1e6) as i64)
    }
}

/// Reads a body as the answer to whichever question of [`Prometheus::check`]: what the fuzzer does.
pub(crate) fn read_any(url: &str, status: u16, body: &[u8]) {
    let none = Vector { result: Vec::new() };
    let build = read::<Build>(url, status, body).unwrap_or(Build { version: String::new() });
    let targets = read::<Targets>(url, status, body).unwrap_or(Targets { active: Vec::new() });
    let _ = Health::of(build, &targets, &none).cadvisor();
    let newest = read::<Vector>(url, status, body).unwrap_or(none);
    for sample in &newest.result {
        let raw = RawTarget {
            labels: sample.metric.clone(),
            scrape_url: String::new(),
            health: "up".to_owned(),
            last_error: String::new(),
            last_scrape: "2023-11-14T22:13:30Z".to_owned(),
        };
        let _ = Target::of(&raw, newest.at_us(&raw.labels));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(port: u16, up: Option<bool>) -> Target {
        let error = (up == Some(false)).then(|| "connection refused".to_owned());
        Target { url: format!("http://host.docker.internal:{port}/metrics"), up, error, kept: up.is_some() }
    }

    fn health(cadvisor: &[Target], harness: &[Target]) -> Health {
        let (cadvisor, harness) = (cadvisor.to_vec(), harness.to_vec());
        Health { version: "2.42.0".to_owned(), targets: cadvisor.len() + harness.len(), cadvisor, harness }
    }

    #[test]
    fn one_cadvisor_that_is_up_is_enough() {
        let found = health(&[target(1, Some(false)), target(2, Some(true)), target(3, None)], &[]);
        assert_eq!(found.cadvisor(), Ok(()));
    }

    #[test]
    fn every_trouble_with_cadvisor_names_its_way_out() {
        let harness = [target(9464, Some(true))];
        let full = Target { kept: false, ..target(1, Some(true)) };
        for (cadvisor, harness, text) in [
            (vec![], vec![], "ask again five seconds after its start"),
            (vec![], harness.to_vec(), "no job `cadvisor`: start it with this project's prometheus.yml"),
            (vec![target(1, None)], vec![], "has not scraped `http://host.docker.internal:1/metrics` yet"),
            (vec![target(1, Some(false))], vec![], "docker-compose.monitoring.yml up -d cadvisor`"),
            (vec![full], vec![], "its disk is full"),
        ] {
            let error = health(&cadvisor, &harness).cadvisor().unwrap_err();
            assert!(error.to_string().contains(text), "{error}");
        }
    }

    #[test]
    fn a_harness_is_known_by_its_port() {
        let found = health(&[], &[target(9464, Some(true)), target(9465, Some(false))]);
        assert_eq!(found.harness_on(9464), Ok(()));
        let down = found.harness_on(9465).unwrap_err();
        assert!(matches!(&down, TargetError::HarnessDown { error, .. } if error == "connection refused"), "{down:?}");
        assert!(matches!(found.harness_on(9470), Err(TargetError::PortUnknown { port: 9470, .. })));
        assert_eq!(health(&[target(1, None)], &[]).harness_on(9464), Err(TargetError::NoJob { job: "benchmark" }));
    }

    #[test]
    fn a_scrape_whose_sample_is_missing_was_not_kept() {
        let raw = |last_scrape: &str| RawTarget {
            labels: TargetLabels { job: "cadvisor".to_owned(), instance: "c:8080".to_owned() },
            scrape_url: String::new(),
            health: "up".to_owned(),
            last_error: String::new(),
            last_scrape: last_scrape.to_owned(),
        };
        let scraped = raw("2023-11-14T22:13:30.5Z");
        assert!(Target::of(&scraped, Some(1_700_000_010_500_000)).kept);
        assert!(Target::of(&scraped, Some(1_700_000_000_600_000)).kept);
        assert!(!Target::of(&scraped, Some(1_700_000_000_400_000)).kept);
        assert!(!Target::of(&scraped, None).kept);
        let never = Vector { result: vec![RawSample { metric: raw("").labels, value: (0.0, "-Inf".to_owned()) }] };
        assert!(!Target::of(&scraped, never.at_us(&scraped.labels)).kept, "an instant that is none");
    }
}
