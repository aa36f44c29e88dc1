//! Why Prometheus did not answer, each with the way out.

use std::time::Duration;

use thiserror::Error;

/// What to do where something else has the port of Prometheus.
const ANOTHER_PORT: &str = "if something else listens there, start Prometheus at another port \
    (`BENCHMARK_PROMETHEUS_PORT=9091 docker compose -f docker-compose.monitoring.yml up -d`) and name that with \
    `--prometheus http://127.0.0.1:9091` (BENCHMARK_PROMETHEUS)";

/// Why a question to Prometheus has no answer. URLs are shown without credentials.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// The URL is none.
    #[error("`{url}` is no URL of a Prometheus (example: `http://127.0.0.1:9090`)")]
    InvalidUrl {
        /// The text as it was given.
        url: String,
    },
    /// Nothing listens there.
    #[error(
        "no Prometheus at `{url}`: start it with `docker compose -f docker-compose.monitoring.yml up -d`, \
         or name another with --prometheus"
    )]
    Unreachable {
        /// Where it was looked for.
        url: String,
        /// What the system said.
        #[source]
        source: reqwest::Error,
    },
    /// It accepted the question and did not answer in time.
    #[error(
        "Prometheus at `{url}` did not answer within {limit:?}: look at its load, or start it anew with \
         `docker compose -f docker-compose.monitoring.yml restart prometheus`"
    )]
    TimedOut {
        /// Who was asked.
        url: String,
        /// How long it had.
        limit: Duration,
    },
    /// It starts, or stops.
    #[error(
        "Prometheus at `{url}` is not ready: wait until it has read its data \
         (`docker compose -f docker-compose.monitoring.yml logs prometheus` says how far it is)"
    )]
    NotReady {
        /// Who was asked.
        url: String,
    },
    /// The connection ended within the answer.
    #[error(
        "Prometheus at `{url}` broke off its answer: it was stopped, or died of a full disk \
         (`docker compose -f docker-compose.monitoring.yml logs prometheus` says)"
    )]
    BrokenOff {
        /// Who was asked.
        url: String,
        /// What the system said.
        #[source]
        source: reqwest::Error,
    },
    /// It answered with more than can be samples of containers.
    #[error(
        "Prometheus at `{url}` answered with more than {longest} bytes, which were not read; name another with --prometheus"
    )]
    TooLong {
        /// Who was asked.
        url: String,
        /// What is read of an answer, in bytes.
        longest: usize,
    },
    /// Whatever answers there does not speak Prometheus's API.
    #[error("`{url}` is not a Prometheus: it answered status {status} and `{start}`; name another with --prometheus")]
    NotPrometheus {
        /// Who was asked.
        url: String,
        /// The status of its answer.
        status: u16,
        /// How the answer begins.
        start: String,
    },
    /// Prometheus itself refused the query.
    #[error("Prometheus at `{url}` refused a query (status {status}, {kind}): {message}")]
    Refused {
        /// Who was asked.
        url: String,
        /// The status of its answer.
        status: u16,
        /// Its word for the kind of error: `bad_data`, `execution`, `timeout`, ...
        kind: String,
        /// Its own text.
        message: String,
    },
    /// No client could be made.
    #[error("no HTTP client for Prometheus")]
    Client {
        /// What the library said.
        #[source]
        source: reqwest::Error,
    },
}

impl MetricsError {
    /// The error; where what answers, or listens and does not, may be no Prometheus at all, with what to do then.
    #[must_use]
    pub fn with_way_out(&self) -> String {
        match self {
            Self::TimedOut { .. } | Self::BrokenOff { .. } | Self::TooLong { .. } | Self::NotPrometheus { .. } => {
                format!("{} ({ANOTHER_PORT})", crate::exit::sentence(self))
            }
            _ => self.to_string(),
        }
    }
}
