//! The whole way with a real Prometheus: it scrapes the live metrics and something that speaks as cAdvisor does, and is
//! asked for what it has.

use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use benchmark::metrics::{
    Labels, LiveMetrics, Prometheus, Span, TargetError, Watched, combine, families, graphs, serve, totals,
};
use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::{Phase, Tick};
use benchmark_protocol::resources::Resources;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::support::{RunningPrometheus, eventually, free_port, now_us, own_loopback};

/// Long enough for any number of scrapes on a busy machine.
const LIMIT: Duration = Duration::from_secs(20);

/// Serves two containers as cAdvisor does, with the timestamp of the reading: one whose CPU time is told per core under
/// cgroupfs, one with a total under systemd.
#[derive(Clone, Default)]
struct Containers(Arc<Mutex<Used>>);

#[derive(Clone, Copy, Default)]
struct Used {
    cpu_seconds: f64,
    received_bytes: u64,
}

impl Containers {
    async fn serve(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let containers = self.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 4096]).await;
                let body = containers.text();
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        address
    }

    fn use_more(&self, cpu_seconds: f64, received_bytes: u64) {
        let mut used = self.0.lock().unwrap();
        used.cpu_seconds += cpu_seconds;
        used.received_bytes += received_bytes;
    }

    fn text(&self) -> String {
        let used = *self.0.lock().unwrap();
        let (first, second) = (format!("/docker/{}", id('a')), format!("/system.slice/docker-{}.scope", id('b')));
        let (cpu, received) = (used.cpu_seconds, used.received_bytes);
        let (mut text, read_ms) = (String::new(), now_us() / 1000);
        let mut say = |name: &str, id: &str, more: &str, value: f64| {
            let labels = ["campaign_id=\"c1\"", "run_id=\"r1\"", "library=\"reqwest\"", "test=\"call_api\""];
            let labels = labels.map(|label| format!("container_label_benchmark_{label}")).join(",");
            writeln!(text, "container_{name}{{id=\"{id}\",{labels}{more}}} {value} {read_ms}").unwrap();
        };
        say("cpu_usage_seconds_total", &first, ",cpu=\"cpu00\"", cpu * 0.25);
        say("cpu_usage_seconds_total", &first, ",cpu=\"cpu01\"", cpu * 0.75);
        say("cpu_usage_seconds_total", &second, ",cpu=\"total\"", cpu * 2.0);
        for (id, bytes) in [(&first, received), (&second, received * 3)] {
            say("network_receive_bytes_total", id, ",interface=\"eth0\"", bytes as f64);
            say("network_receive_bytes_total", id, ",interface=\"lo\"", 1e9);
            say("memory_usage_bytes", id, "", 4096.0);
            say("memory_working_set_bytes", id, "", 4096.0);
        }
        text
    }
}

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

fn tick(step: u64) -> Tick {
    let counts = Counts { successes: step * 10, ..Counts::default() };
    let resources = Resources { cpu_user_us: step * 1000, rss_bytes: 1 << 20, ..Resources::default() };
    Tick { phase: Phase::Window, elapsed_ns: 0, counts, received_bytes: step * 100, in_flight: 1, resources }
}

#[tokio::test]
async fn a_run_of_two_containers_has_exact_totals_and_graphs() {
    let (containers, live) = (Containers::default(), LiveMetrics::default());
    containers.use_more(0.5, 1_000);
    let [campaign_id, run_id, library, test, runner] =
        ["c1", "r1", "reqwest", "call_api", "compose"].map(str::to_owned);
    live.run_started(&Labels { campaign_id, run_id, library, test, runner });
    let address = own_loopback(10);
    let server = serve(live.clone(), &[address]).unwrap();
    let harness = format!("{address}:{}", server.port());
    let targets = [("cadvisor", containers.serve().await), ("benchmark", harness)];
    let Some(running) = RunningPrometheus::start(&targets).await else { return };
    let prometheus = Prometheus::new(&running.url).unwrap();

    let mut span = Span { ready_us: now_us(), ..Span::default() };
    prometheus.await_idle("r1", 2, span.ready_us, 2, LIMIT).await.unwrap();
    span.start_us = now_us();
    span.window_start_us = span.start_us;
    for step in 1..=12 {
        containers.use_more(0.25, 10_000);
        live.ticked(0, &tick(step));
        sleep(Duration::from_millis(250)).await;
    }
    span.window_end_us = now_us();
    span.drained_us = span.window_end_us;
    prometheus.await_final("r1", 2, span.drained_us, LIMIT).await.unwrap();
    let short = Duration::from_millis(600);
    let error = prometheus.await_final("r1", 3, span.drained_us, short).await.unwrap_err();
    assert!(error.to_string().starts_with("2 of 3 containers have"), "{error}");

    for found in [
        prometheus.samples(&["r1".to_owned(), "r2".to_owned()], now_us(), LIMIT).await.unwrap(),
        prometheus.samples_by_container(&[id('a'), id('b')], now_us(), LIMIT).await.unwrap(),
    ] {
        let ids: Vec<&str> = found.iter().map(|series| series.container_id.as_str()).collect();
        assert_eq!(ids, [id('a'), id('b')]);
        // 12 steps of 0.25 s and 10,000 bytes; the second container uses twice the CPU time and receives three times as much.
        let of = |index: usize| totals(Some(&found[index]), &span).unwrap();
        assert!((of(0).cpu_seconds - 3.0).abs() < 1e-9 && (of(1).cpu_seconds - 6.0).abs() < 1e-9, "{found:?}");
        assert_eq!((of(0).received_bytes, of(1).received_bytes), (120_000, 360_000));
        let run = combine((0..2).map(|index| (index, totals(found.get(index as usize), &span)))).unwrap();
        assert_eq!((run.received_bytes, run.scrape_count), (480_000, of(0).scrape_count.min(of(1).scrape_count)));
        assert!(run.scrape_count >= 5, "{run:?}");
        let samples = families(&found[0], &span);
        let rates = &samples.recv_bytes_per_second;
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        assert!((20_000.0..60_000.0).contains(&mean), "10,000 bytes each quarter of a second: {rates:?}");
        assert!(samples.memory_usage_bytes.iter().all(|bytes| *bytes == 4096.0), "{samples:?}");
    }

    for watched in [Watched::Processes, Watched::Containers] {
        for graph in graphs("c1", watched) {
            let mut found = Vec::new();
            eventually("the recording rules are evaluated", async || {
                found = query(&running.url, &graph.query).await;
                found.first().is_some_and(|value| *value > 0.0)
            })
            .await;
            assert_eq!(found.len(), 1, "{} has a line for each library and test: {found:?}", graph.query);
        }
        for graph in graphs("another", watched) {
            assert!(query(&running.url, &graph.query).await.is_empty(), "{}", graph.query);
        }
    }
}

/// The values that a query has now.
async fn query(url: &str, query: &str) -> Vec<f64> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client.get(format!("{url}/api/v1/query")).query(&[("query", query)]);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["status"], "success", "{query}: {answer}");
    let result = answer["data"]["result"].as_array().unwrap();
    result.iter().map(|series| series["value"][1].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn prometheus_tells_what_it_scrapes_and_what_it_cannot() {
    let address = own_loopback(11);
    let server = serve(LiveMetrics::default(), &[address]).unwrap();
    let [up, down] = [server.port(), server.port() + 1].map(|port| format!("{address}:{port}"));
    let targets = [("cadvisor", Containers::default().serve().await), ("benchmark", up), ("benchmark", down)];
    let Some(running) = RunningPrometheus::start(&targets).await else { return };
    let prometheus = Prometheus::new(&running.url).unwrap();
    let mut health = prometheus.check().await.unwrap();
    eventually("every target is scraped", async || {
        health = prometheus.check().await.unwrap();
        health.targets == 3
            && health.cadvisor.iter().chain(&health.harness).all(|target| target.up.is_some() && target.kept)
    })
    .await;
    assert!(health.version.starts_with(|c: char| c.is_ascii_digit()), "{health:?}");
    assert_eq!(health.cadvisor(), Ok(()));
    assert_eq!(health.harness_on(server.port()), Ok(()));
    let refused = health.harness_on(server.port() + 1).unwrap_err();
    assert!(matches!(&refused, TargetError::HarnessDown { error, .. } if error.contains("refused")), "{refused:?}");
    let unknown = health.harness_on(1).unwrap_err();
    assert!(unknown.to_string().ends_with("lists the ports 9464, 9465"), "{unknown}");
}

#[tokio::test]
async fn a_prometheus_without_cadvisor_says_how_to_start_it() {
    let nobody = format!("127.0.0.1:{}", free_port());
    let Some(running) = RunningPrometheus::start(&[("cadvisor", nobody)]).await else { return };
    let prometheus = Prometheus::new(&running.url).unwrap();
    let mut found = prometheus.check().await.unwrap().cadvisor();
    eventually("cAdvisor was looked for", async || {
        found = prometheus.check().await.unwrap().cadvisor();
        !matches!(found, Err(TargetError::NoTargets | TargetError::NotYet { .. }))
    })
    .await;
    let error = found.unwrap_err();
    assert!(matches!(error, TargetError::CadvisorDown { .. }), "{error:?}");
    let way_out = "start it with `docker compose -f docker-compose.monitoring.yml up -d cadvisor`";
    assert!(error.to_string().ends_with(way_out), "{error}");
    let error = prometheus.check().await.unwrap().harness_on(9464).unwrap_err();
    assert_eq!(error, TargetError::NoJob { job: "benchmark" });
}
