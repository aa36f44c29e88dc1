//! The metrics of a campaign: what the harness exposes while it runs, and what Prometheus is waited for and asked about each run.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use benchmark_protocol::message::Tick;
use futures_util::future::BoxFuture;

use crate::case::Case;
use crate::exit::Usage;
use crate::metrics::{
    Labels, LiveMetrics, MetricsError, MetricsServer, Prometheus, Seen, Span, TargetError, WaitError, Watched, graphs,
    link, monitoring_cpu_seconds, serve,
};
use crate::run::Run;
use crate::run::coordinator::Plateau;

/// Where Prometheus is unless told otherwise.
const USUAL_URL: &str = "http://127.0.0.1:9090";

/// Idle samples that each container must have before the start: two that agree are a plateau.
const IDLE_SAMPLES: usize = 2;

/// How long the idle samples may take; fresh containers need some 3 s.
const IDLE_LIMIT: Duration = Duration::from_secs(15);

/// What is said once a campaign, and of each of its runs: waiting for every one of them would cost more than the totals are worth.
const NONE_SEEN: &str = "Prometheus shows none of the run's containers, and the campaign's next ones are not waited for: cAdvisor must run, \
    and keep the label benchmark.run_id, as docker-compose.monitoring.yml tells it (`docker compose -f docker-compose.monitoring.yml up -d`)";

/// How long the final samples may take.
const FINAL_LIMIT: Duration = Duration::from_secs(10);

/// How far before and after a run its samples are looked for.
const MARGIN: Duration = Duration::from_secs(5);

/// Watches a campaign.
#[derive(Debug)]
pub(crate) struct Monitor {
    live: LiveMetrics,
    /// Keeps the live metrics served.
    server: Option<MetricsServer>,
    prometheus: Option<Prometheus>,
    /// Why there is no Prometheus that the user named.
    refusal: Option<String>,
    /// Why no run is waited for any more: Prometheus has shown no container of the last one.
    unseen: Arc<Mutex<Option<String>>>,
    /// How long the idle samples may take.
    idle_limit: Duration,
    campaign_id: String,
}

impl Monitor {
    /// Serves the live metrics at the loopback and at these addresses, and looks for Prometheus: the one that the user named, or
    /// the one at the usual place.
    ///
    /// # Errors
    /// [`Usage`] for a URL that is none. A Prometheus that is down is no error: rows say so.
    pub(crate) async fn start(asked: Option<&str>, campaign_id: &str, addresses: &[IpAddr]) -> Result<Self> {
        let live = LiveMetrics::default();
        let loopback = [IpAddr::from(Ipv4Addr::LOCALHOST)];
        let mut all: Vec<IpAddr> = loopback.iter().chain(addresses).copied().collect();
        all.dedup();
        let server = serve(live.clone(), &all).inspect_err(|error| tracing::warn!("{error}")).ok();
        let mut monitor = Self {
            live,
            server,
            prometheus: None,
            refusal: None,
            unseen: Arc::default(),
            idle_limit: IDLE_LIMIT,
            campaign_id: campaign_id.to_owned(),
        };
        if asked == Some("off") {
            return Ok(monitor);
        }
        match look_for(asked, USUAL_URL).await? {
            Ok(prometheus) => monitor.prometheus = prometheus,
            Err(error) => {
                tracing::warn!("rows have no totals of Prometheus: {}", error.with_way_out());
                monitor.refusal = asked.map(|_| error.to_string());
            }
        }
        Ok(monitor)
    }

    /// The link to the campaign's graphs, where there is a Prometheus.
    pub(crate) fn graphs(&self, containers: bool) -> Option<String> {
        let watched = if containers { Watched::Containers } else { Watched::Processes };
        let prometheus = self.prometheus.as_ref()?;
        Some(link(&prometheus.shown_url(), &graphs(&self.campaign_id, watched)))
    }

    /// Serves the live metrics at one more address of this host.
    pub(crate) fn also_listen(&mut self, address: IpAddr) {
        if let Some(Err(error)) = self.server.as_mut().map(|server| server.also_listen(address)) {
            tracing::warn!("{error}");
        }
    }

    /// Where the live metrics are served.
    pub(crate) fn port(&self) -> Option<u16> {
        self.server.as_ref().map(MetricsServer::port)
    }

    /// Begins to watch a run.
    pub(crate) fn watch(&self, run_id: &str, case: &Case) -> Watch {
        self.live.run_started(&Labels {
            campaign_id: self.campaign_id.clone(),
            run_id: run_id.to_owned(),
            library: case.library.clone(),
            test: case.test.name().to_owned(),
            runner: case.runner.to_string(),
        });
        let watched = case.runner.capabilities().watched;
        Watch {
            live: self.live.clone(),
            prometheus: self.prometheus.clone().filter(|_| watched),
            run_id: run_id.to_owned(),
            replicas: case.replicas as usize,
            refusal: Arc::new(Mutex::new(
                self.refusal.clone().or_else(|| lock(&self.unseen).clone()).filter(|_| watched),
            )),
            unseen: Arc::clone(&self.unseen),
            idle_limit: self.idle_limit,
        }
    }
}

/// The Prometheus that the user named, or the one at the usual place where there is one. Or why it cannot be asked: something else may
/// have its port.
async fn look_for(asked: Option<&str>, usual: &str) -> Result<Result<Option<Prometheus>, MetricsError>> {
    let prometheus = Prometheus::new(asked.unwrap_or(usual)).map_err(|error| Usage(error.to_string()))?;
    let found = match asked {
        Some(_) => prometheus.check().await.map(drop),
        // Nobody said that there is one: what is there instead takes no campaign's time.
        None => prometheus.is_there().await,
    };
    Ok(match found {
        Ok(()) => Ok(Some(prometheus)),
        Err(MetricsError::Unreachable { .. }) if asked.is_none() => Ok(None),
        Err(error) => Err(error),
    })
}

/// Watches a run.
#[derive(Debug)]
pub(crate) struct Watch {
    live: LiveMetrics,
    prometheus: Option<Prometheus>,
    run_id: String,
    replicas: usize,
    /// The first thing that went wrong.
    refusal: Arc<Mutex<Option<String>>>,
    /// The campaign's own.
    unseen: Arc<Mutex<Option<String>>>,
    idle_limit: Duration,
}

impl Watch {
    pub(crate) fn ticked(&self, replica: u32, tick: &Tick) {
        self.live.ticked(replica, tick);
    }

    /// Waits until Prometheus has seen that the replicas do nothing. Once that failed in a run, it is not waited for again.
    pub(crate) fn settled(&self, plateau: Plateau) -> BoxFuture<'static, ()> {
        let Some(prometheus) = self.prometheus.clone() else { return Box::pin(std::future::ready(())) };
        let (run_id, replicas, idle_limit) = (self.run_id.clone(), self.replicas, self.idle_limit);
        let (refusal, unseen) = (Arc::clone(&self.refusal), Arc::clone(&self.unseen));
        Box::pin(async move {
            if lock(&refusal).is_some() {
                return;
            }
            let now_us = jiff::Timestamp::now().as_microsecond();
            let seen = async {
                match plateau {
                    Plateau::Idle => {
                        // One that has just been started has scraped nothing yet: its samples may well come in time.
                        match prometheus.check().await.map_err(|error| error.to_string())?.cadvisor() {
                            Ok(()) | Err(TargetError::NoTargets | TargetError::NotYet { .. }) => {}
                            Err(error) => return Err(error.to_string()),
                        }
                        let waited = prometheus.await_idle(&run_id, replicas, now_us, IDLE_SAMPLES, idle_limit).await;
                        if let Err(WaitError::TimedOut { seen: 0, .. }) = waited {
                            tracing::warn!("{NONE_SEEN}");
                            *lock(&unseen) = Some(NONE_SEEN.to_owned());
                        }
                        waited
                    }
                    Plateau::Final => prometheus.await_final(&run_id, replicas, now_us, FINAL_LIMIT).await,
                }
                .map_err(|error| error.to_string())
            };
            if let Err(error) = seen.await {
                *lock(&refusal) = Some(error);
            }
        })
    }

    /// Asks what Prometheus saw, once the run is over.
    pub(crate) async fn conclude(self, run: &mut Run) {
        self.live.run_ended();
        run.prometheus_refusal = lock(&self.refusal).clone();
        let (Some(prometheus), Some(span)) = (&self.prometheus, run.span) else { return };
        // What is not known is not worth a refusal.
        run.monitoring_cpu_seconds =
            monitoring_cpu_seconds(prometheus, span.window_start_us, span.window_end_us).await.ok().flatten();
        let replicas: Vec<(u32, Option<String>)> =
            run.replicas.iter().map(|replica| (replica.index, replica.container_id.clone())).collect();
        match series_of(prometheus, &run.run_id, &replicas, &span).await {
            Ok((seen, labelled)) => {
                if labelled {
                    // It was late, and not blind: what was waited for comes by the label of the run.
                    *lock(&self.unseen) = None;
                }
                if seen.samples.is_some() {
                    "prometheus".clone_into(&mut run.metrics_source);
                }
                for (index, replica) in run.replicas.iter_mut().enumerate() {
                    replica.seen = seen.totals[index];
                    replica.seen_samples = seen.samples.as_ref().map(|samples| samples[index].clone());
                }
                // Why a sample was waited for in vain says more than that it is missing.
                run.prometheus_refusal = seen.refusal.map(|refusal| run.prometheus_refusal.take().unwrap_or(refusal));
            }
            Err(error) => run.prometheus_refusal = Some(error.to_string()),
        }
    }
}

/// What was seen of the replicas, and whether any of it carries the label of the run.
async fn series_of(
    prometheus: &Prometheus,
    run_id: &str,
    replicas: &[(u32, Option<String>)],
    span: &Span,
) -> Result<(Seen, bool), MetricsError> {
    let margin_us = MARGIN.as_micros() as i64;
    let end_us = span.drained_us.max(jiff::Timestamp::now().as_microsecond()) + margin_us;
    let length = Duration::from_micros(u64::try_from(end_us - span.ready_us + margin_us).unwrap_or(0));
    let ids: Vec<String> = replicas.iter().filter_map(|(_, id)| id.clone()).collect();
    let series = prometheus.samples_of(&[run_id.to_owned()], &ids, end_us, length).await?;
    Ok((Seen::of(replicas, &series, span), series.iter().any(|series| series.run_id.is_some())))
}

fn lock(refusal: &Mutex<Option<String>>) -> std::sync::MutexGuard<'_, Option<String>> {
    refusal.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::library;
    use crate::plan::{LoadOptions, Selection, cases};

    /// A Prometheus that scrapes a cAdvisor, and has samples of no container of ours. How often it was asked for some.
    async fn blind() -> (Prometheus, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 16 << 10];
                let read = stream.read(&mut request).await.unwrap();
                let request = String::from_utf8_lossy(&request[..read]).into_owned();
                let data = if request.contains("buildinfo") {
                    r#"{"version":"2.42.0"}"#
                } else if request.contains("targets") {
                    r#"{"activeTargets":[]}"#
                } else if request.contains("timestamp") {
                    r#"{"resultType":"vector","result":[]}"#
                } else {
                    counted.fetch_add(1, Ordering::Relaxed);
                    r#"{"resultType":"matrix","result":[]}"#
                };
                let body = format!(r#"{{"status":"success","data":{data}}}"#);
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
                let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (Prometheus::new(&url).unwrap(), asked)
    }

    /// Something that is no Prometheus: it answers with these bytes, or where there are none with nothing.
    async fn another(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut held = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                if answer.is_empty() {
                    held.push(stream);
                    continue;
                }
                let _ = stream.read(&mut vec![0; 16 << 10]).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        url
    }

    #[tokio::test]
    async fn something_else_at_the_usual_port_takes_a_second_at_most_and_is_named() {
        for (answer, says) in [
            ("", "did not answer within 1s"),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
                "is not a Prometheus: it answered status 200 and `<html>`",
            ),
            ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "is not a Prometheus: it answered status 404"),
            // As Cockpit sends to what it speaks there: TLS.
            (
                "HTTP/1.1 301 Moved\r\nlocation: https://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
                "is not a Prometheus: it answered status 301",
            ),
            // An alert of TLS, which knows no such words.
            ("\x15\x03\x01\x00\x02\x02\x46", "broke off its answer"),
        ] {
            let url = another(answer).await;
            let begun = Instant::now();
            let error = look_for(None, &url).await.unwrap().unwrap_err().with_way_out();
            assert!(begun.elapsed() < Duration::from_millis(1_500), "{:?}: {error}", begun.elapsed());
            assert!(error.contains(says), "{error}");
            assert!(error.contains("BENCHMARK_PROMETHEUS_PORT") && error.contains("--prometheus"), "{error}");
        }
        assert!(
            look_for(None, "http://127.0.0.1:1").await.unwrap().unwrap().is_none(),
            "nothing there is nothing to say"
        );
        let gone = look_for(Some("http://127.0.0.1:1"), USUAL_URL).await.unwrap().unwrap_err();
        assert!(matches!(gone, MetricsError::Unreachable { .. }), "{gone}");
        let (there, _) = blind().await;
        assert!(look_for(None, &there.shown_url()).await.unwrap().unwrap().is_some());
    }

    #[tokio::test]
    async fn containers_that_were_never_seen_are_waited_for_once_a_campaign() {
        let (prometheus, asked) = blind().await;
        let monitor = Monitor {
            live: LiveMetrics::default(),
            server: None,
            prometheus: Some(prometheus),
            refusal: None,
            unseen: Arc::default(),
            idle_limit: Duration::from_millis(600),
            campaign_id: "campaign".to_owned(),
        };
        let libraries = library::catalogue(&library::root().unwrap()).unwrap();
        let compose = crate::case::Value::Text(crate::case::RunnerName::Compose.name().to_owned());
        let options = LoadOptions::default().with("runner", [compose]);
        let baseline = Selection { libraries: vec!["baseline".to_owned()], tests: vec!["call_api".to_owned()] };
        let case = cases(&libraries, &baseline, &options).unwrap().remove(0);
        let begun = Instant::now();
        let first = monitor.watch("one", &case);
        first.settled(Plateau::Idle).await;
        assert!(begun.elapsed() >= monitor.idle_limit && asked.load(Ordering::Relaxed) > 1);
        assert!(lock(&first.refusal).as_ref().unwrap().contains("does cAdvisor run?"));
        let questions = asked.load(Ordering::Relaxed);
        let second = monitor.watch("two", &case);
        second.settled(Plateau::Idle).await;
        second.settled(Plateau::Final).await;
        assert_eq!(asked.load(Ordering::Relaxed), questions, "nothing is asked in vain");
        assert!(lock(&second.refusal).as_ref().unwrap().contains("label benchmark.run_id"));
    }
}
