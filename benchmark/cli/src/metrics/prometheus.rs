//! The client of Prometheus's HTTP API (<https://prometheus.io/docs/prometheus/latest/querying/api/>).
//!
//! Samples are fetched raw: an instant query over a range selector gives back what was scraped, with its timestamps. A
//! range query would give what it interpolates onto a grid, and `rate()` what it extrapolates.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::container_id::is_container_id;
use super::error::MetricsError;
use super::series::{CPU, ContainerSeries, MEMORY, RECEIVED, RUN_LABEL, RawSeries, assemble};

/// How long a small question may take.
const ANSWER: Duration = Duration::from_secs(5);

/// How long the samples of many runs may take.
const SAMPLES: Duration = Duration::from_secs(30);

/// Runs that one query asks for: a few hundred containers, some megabytes.
const RUNS_PER_QUERY: usize = 50;

/// Containers that one query asks for.
const CONTAINERS_PER_QUERY: usize = 200;

/// The longest answer that is read, in bytes: many times the samples of a query.
const LONGEST: usize = 64 << 20;

/// A Prometheus, by its URL. Clones share connections.
#[derive(Clone, Debug)]
pub struct Prometheus {
    client: Client,
    url: Url,
}

impl Prometheus {
    /// The Prometheus at this URL, which may have a path (`http://host/prometheus`) and credentials. Nothing is asked yet.
    ///
    /// # Errors
    /// When the text is no HTTP URL.
    pub fn new(url: &str) -> Result<Self, MetricsError> {
        let invalid = || MetricsError::InvalidUrl { url: url.to_owned() };
        let mut parsed = Url::parse(url.trim()).map_err(|_| invalid())?;
        if !matches!(parsed.scheme(), "http" | "https") || !parsed.has_host() {
            return Err(invalid());
        }
        if !parsed.path().ends_with('/') {
            parsed.set_path(&format!("{}/", parsed.path()));
        }
        parsed.set_query(None);
        parsed.set_fragment(None);
        // Whatever sends elsewhere is none: Prometheus answers itself, and others at its port do that, to what nobody here means.
        let client = Client::builder().no_proxy().redirect(Policy::none()).build();
        let client = client.map_err(|source| MetricsError::Client { source })?;
        Ok(Self { client, url: parsed })
    }

    /// The URL without credentials, for people.
    #[must_use]
    pub fn shown_url(&self) -> String {
        let mut url = self.url.clone();
        // Neither can fail for a URL with a host.
        let _ = (url.set_username(""), url.set_password(None));
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// The raw samples of every container of these runs, stamped from `end_us - span` to `end_us`: 50 runs a query.
    ///
    /// # Errors
    /// When Prometheus does not answer, or not with samples.
    pub async fn samples(
        &self,
        run_ids: &[String],
        end_us: i64,
        span: Duration,
    ) -> Result<Vec<ContainerSeries>, MetricsError> {
        let mut containers = Vec::new();
        for batch in run_ids.chunks(RUNS_PER_QUERY) {
            let selector = format!("{RUN_LABEL}=~{}", any_of(batch));
            containers.extend(self.raw(&[CPU, RECEIVED, MEMORY], &selector, end_us, span, SAMPLES).await?);
        }
        Ok(containers)
    }

    /// The raw samples of the containers of these runs: by the label of their run, or where no series carries it by their ids.
    ///
    /// # Errors
    /// When Prometheus does not answer, or not with samples.
    pub async fn samples_of(
        &self,
        run_ids: &[String],
        container_ids: &[String],
        end_us: i64,
        span: Duration,
    ) -> Result<Vec<ContainerSeries>, MetricsError> {
        let labelled = self.samples(run_ids, end_us, span).await?;
        if labelled.is_empty() { self.samples_by_container(container_ids, end_us, span).await } else { Ok(labelled) }
    }

    /// The raw samples of these containers (whole ids), for a cAdvisor that hands on no container labels.
    ///
    /// # Errors
    /// When Prometheus does not answer, or not with samples.
    pub async fn samples_by_container(
        &self,
        container_ids: &[String],
        end_us: i64,
        span: Duration,
    ) -> Result<Vec<ContainerSeries>, MetricsError> {
        let mut containers = Vec::new();
        // Anything else would be a regular expression of its own.
        let whole: Vec<&str> = container_ids.iter().map(String::as_str).filter(|id| is_container_id(id)).collect();
        for ids in whole.chunks(CONTAINERS_PER_QUERY) {
            let selector = format!("id=~\".*({})(\\\\.scope)?(/container)?\"", ids.join("|"));
            let found = self.raw(&[CPU, RECEIVED, MEMORY], &selector, end_us, span, SAMPLES).await?;
            containers.extend(found.into_iter().filter(|series| ids.contains(&series.container_id.as_str())));
        }
        Ok(containers)
    }

    /// Raw samples of these metrics of whatever the selector finds.
    pub(super) async fn raw(
        &self,
        metrics: &[&str],
        selector: &str,
        end_us: i64,
        span: Duration,
        limit: Duration,
    ) -> Result<Vec<ContainerSeries>, MetricsError> {
        let from_us = end_us.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX));
        // Ranges are left-open since Prometheus 3: a second more, and the edge is drawn here.
        let seconds = span.as_secs() + 2;
        let query = format!("{{__name__=~\"{}\",{selector}}}[{seconds}s]", metrics.join("|"));
        let time = format!("{}.{:06}", end_us.div_euclid(1_000_000), end_us.rem_euclid(1_000_000));
        let form = [("query", query.as_str()), ("time", time.as_str())];
        let request = self.client.post(self.endpoint("api/v1/query")).form(&form);
        let Matrix { result } = self.ask(request, limit).await?;
        Ok(assemble(&result, from_us))
    }

    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, MetricsError> {
        self.get_within(path, ANSWER).await
    }

    pub(super) async fn get_within<T: DeserializeOwned>(&self, path: &str, limit: Duration) -> Result<T, MetricsError> {
        self.ask(self.client.get(self.endpoint(path)), limit).await
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder, limit: Duration) -> Result<T, MetricsError> {
        let url = || self.shown_url();
        let failed = |source: reqwest::Error| {
            let source = source.without_url();
            match () {
                () if source.is_timeout() => MetricsError::TimedOut { url: url(), limit },
                () if source.is_connect() => MetricsError::Unreachable { url: url(), source },
                () => MetricsError::BrokenOff { url: url(), source },
            }
        };
        let mut response = request.timeout(limit).send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > LONGEST {
                return Err(MetricsError::TooLong { url: url(), longest: LONGEST });
            }
            body.extend_from_slice(&chunk);
        }
        read(&url(), status, &body)
    }

    /// The URL of a part of the API.
    fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

/// The containers in the body of an answer to a range selector, with the samples stamped at or after `from_us`.
pub(crate) fn containers(
    url: &str,
    status: u16,
    body: &[u8],
    from_us: i64,
) -> Result<Vec<ContainerSeries>, MetricsError> {
    read(url, status, body).map(|Matrix { result }| assemble(&result, from_us))
}

/// What an answer with this status and body says.
pub(super) fn read<T: DeserializeOwned>(url: &str, status: u16, body: &[u8]) -> Result<T, MetricsError> {
    let url = url.to_owned();
    match serde_json::from_slice(body) {
        Ok(Answer { data: Some(data), status, .. }) if status == "success" => Ok(data),
        Ok(Answer { status: word, error_type: kind, error: message, .. }) if word == "error" => {
            Err(MetricsError::Refused { url, status, kind, message })
        }
        _ if status == 503 => Err(MetricsError::NotReady { url }),
        _ => Err(MetricsError::NotPrometheus { url, status, start: start_of(body) }),
    }
}

/// The envelope of every answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound(deserialize = "T: DeserializeOwned"))]
struct Answer<T> {
    status: String,
    data: Option<T>,
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error: String,
}

/// The answer to a range selector.
#[derive(Deserialize)]
struct Matrix {
    result: Vec<RawSeries>,
}

/// A regular expression that matches each of these texts and nothing else, as a string of PromQL.
fn any_of(texts: &[String]) -> String {
    let escaped: Vec<String> = texts.iter().map(|text| regex_escape(text)).collect();
    string(&escaped.join("|"))
}

/// A text as a regular expression that matches it alone.
fn regex_escape(text: &str) -> String {
    let special = |c: char| r"\.+*?()|[]{}^$".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A string of PromQL in double quotes.
pub(super) fn string(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// The first words of a body, for an error's text.
fn start_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(400)]);
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(80).collect()
}
