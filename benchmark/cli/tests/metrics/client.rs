//! The client against scripted servers: what it asks, how it reads the answer, and how it fails.

use std::time::Duration;

use benchmark::metrics::{ContainerSeries, MetricsError, Prometheus, Sample, WaitError};

use super::support::{Scripted, now_us, testdata};

const SPAN: Duration = Duration::from_secs(30);

/// The end of the recorded samples.
const END_US: i64 = 1_763_700_010_000_000;

fn id(digit: char) -> String {
    digit.to_string().repeat(64)
}

/// Samples at so many seconds before [`END_US`].
fn samples(of: &[(f64, f64)]) -> Vec<Sample> {
    of.iter().map(|(before, value)| Sample { at_us: END_US - (before * 1e6) as i64, value: *value }).collect()
}

async fn answer_of(file: &str) -> Vec<ContainerSeries> {
    let body = std::fs::read_to_string(testdata("answers").join(file)).unwrap();
    let server = Scripted::answering("200 OK", &body).await;
    Prometheus::new(&server.url).unwrap().samples(&["r1".to_owned()], END_US, SPAN).await.unwrap()
}

#[tokio::test]
async fn cores_and_network_devices_are_summed_at_each_instant() {
    let expected = ContainerSeries {
        run_id: Some("r1".to_owned()),
        container_id: id('a'),
        // cpu01 begins to count a second later.
        cpu: samples(&[(3.0, 0.5), (2.0, 1.0), (1.0, 2.25)]),
        // eth0 and eth1; lo is left out.
        received: samples(&[(3.0, 110.0), (2.0, 220.0)]),
        memory: samples(&[(3.0, 4096.0), (1.0, 8192.0)]),
    };
    assert_eq!(answer_of("v1_per_core.json").await, [expected]);
}

#[tokio::test]
async fn a_total_beside_cores_is_not_counted_twice() {
    let found = answer_of("total_and_cores.json").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].cpu, samples(&[(3.0, 1.5), (2.0, 2.5), (1.0, 3.5)]));
}

#[tokio::test]
async fn a_container_that_two_targets_see_is_counted_once() {
    // Two cAdvisors, and a cgroup within the container's: the outermost cgroup, from the target with more samples.
    let found = answer_of("two_targets.json").await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].cpu, samples(&[(3.0, 1.0), (2.0, 2.0), (1.0, 3.0)]));
}

#[tokio::test]
async fn what_is_no_number_or_no_container_is_left_out() {
    let found = answer_of("odd.json").await;
    let ids: Vec<&str> = found.iter().map(|series| series.container_id.as_str()).collect();
    assert_eq!(ids, [id('a'), id('b')]);
    assert_eq!(found[0].cpu, samples(&[(30.0, 1.0), (0.0, 2.0)]), "the edges of the span are in it, and NaN is not");
    assert_eq!((found[1].run_id.as_deref(), found[1].cpu.len()), (None, 1));
}

#[tokio::test]
async fn many_runs_are_asked_for_fifty_at_a_time() {
    let body = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    let mut server = Scripted::answering("200 OK", body).await;
    let runs: Vec<String> = (0..120).map(|run| format!("run.{run}")).collect();
    let prometheus = Prometheus::new(&server.url).unwrap();
    assert_eq!(prometheus.samples(&runs, END_US + 123_456, SPAN).await.unwrap(), []);
    for expected in [50, 50, 20] {
        let form = server.form().await;
        assert_eq!(form[1], ("time".to_owned(), "1763700010.123456".to_owned()));
        let query = &form[0].1;
        assert_eq!(query.matches("run\\\\.").count(), expected, "{query}");
    }
    assert!(server.requests.try_recv().is_err(), "a fourth query");
    assert_eq!(prometheus.samples(&[], END_US, SPAN).await.unwrap(), []);
    assert!(server.requests.try_recv().is_err(), "a query for nothing");
}

#[tokio::test]
async fn raw_samples_of_three_metrics_are_one_query() {
    let body = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
    let mut server = Scripted::answering("200 OK", body).await;
    let prometheus = Prometheus::new(&server.url).unwrap();
    prometheus.samples(&["r1".to_owned(), "r\"2".to_owned()], END_US, SPAN).await.unwrap();
    let metrics =
        "container_cpu_usage_seconds_total|container_network_receive_bytes_total|container_memory_usage_bytes";
    let expected = format!("{{__name__=~\"{metrics}\",container_label_benchmark_run_id=~\"r1|r\\\"2\"}}[32s]");
    assert_eq!(server.form().await[0].1, expected);

    prometheus.samples_by_container(&[id('a'), id('b'), ".*".to_owned()], END_US, SPAN).await.unwrap();
    let ids = format!("{}|{}", id('a'), id('b'));
    let expected = format!("{{__name__=~\"{metrics}\",id=~\".*({ids})(\\\\.scope)?(/container)?\"}}[32s]");
    assert_eq!(server.form().await[0].1, expected, "only whole ids are asked for");
    assert_eq!(prometheus.samples_by_container(&[".*".to_owned()], END_US, SPAN).await.unwrap(), []);
    assert!(server.requests.try_recv().is_err(), "a query for everything");
}

#[tokio::test]
async fn every_way_to_fail_has_its_own_error() {
    for text in ["", "127.0.0.1:9090", "ftp://host", "http://"] {
        let error = Prometheus::new(text).unwrap_err();
        assert!(matches!(error, MetricsError::InvalidUrl { .. }), "{text}: {error:?}");
    }
    let error = Prometheus::new("http://user:secret@127.0.0.1:1/prom").unwrap().check().await.unwrap_err();
    assert!(matches!(error, MetricsError::Unreachable { .. }), "{error:?}");
    let expected = "no Prometheus at `http://127.0.0.1:1/prom`: start it with \
                    `docker compose -f docker-compose.monitoring.yml up -d`, or name another with --prometheus";
    assert_eq!(error.to_string(), expected);
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");

    let error = error_of("500 Internal Server Error", "<html>\n  oops</html>").await;
    let expected = "is not a Prometheus: it answered status 500 and `<html> oops</html>`";
    assert!(error.to_string().contains(expected), "{error}");
    let error = error_of("503 Service Unavailable", "Service Unavailable").await;
    assert!(matches!(error, MetricsError::NotReady { .. }), "{error:?}");
    let error = error_of("200 OK", r#"{"status":"success"}"#).await;
    assert!(matches!(error, MetricsError::NotPrometheus { status: 200, .. }), "{error:?}");
    let error = error_of("200 OK", r#"{"status":"success","data":{"result":[{"metric":{},"values":[[1,2]]}]}}"#).await;
    assert!(matches!(error, MetricsError::NotPrometheus { .. }), "{error:?}");

    let error = error_of("422 Unprocessable", r#"{"status":"error","errorType":"execution","error":"too many"}"#).await;
    assert!(error.to_string().ends_with("refused a query (status 422, execution): too many"), "{error}");

    let server = Scripted::saying("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"status\"".to_owned()).await;
    let error = Prometheus::new(&server.url).unwrap().check().await.unwrap_err();
    assert!(matches!(error, MetricsError::BrokenOff { .. }), "{error:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let error = error_of("200 OK", &" ".repeat((64 << 20) + 1)).await;
    assert!(matches!(error, MetricsError::TooLong { .. }), "{error:?}");
}

async fn error_of(status: &str, body: &str) -> MetricsError {
    let server = Scripted::answering(status, body).await;
    Prometheus::new(&server.url).unwrap().samples(&["r1".to_owned()], END_US, SPAN).await.unwrap_err()
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let prometheus = Prometheus::new(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let error = prometheus.check().await.unwrap_err();
    assert!(matches!(error, MetricsError::TimedOut { .. }), "{error:?}");
    // A wait ends with its own limit.
    let limit = Duration::from_millis(300);
    let error = prometheus.await_idle("r1", 2, now_us(), 2, limit).await.unwrap_err();
    assert!(matches!(error, WaitError::TimedOut { seen: 0, containers: 2, .. }), "{error:?}");
}

#[tokio::test]
async fn waiting_says_how_many_containers_it_saw_and_ends_at_once_without_prometheus() {
    let body = std::fs::read_to_string(testdata("answers/v1_per_core.json")).unwrap();
    let server = Scripted::answering("200 OK", &body).await;
    let prometheus = Prometheus::new(&server.url).unwrap();
    let limit = Duration::from_millis(700);
    prometheus.await_idle("r1", 1, END_US - 3_000_000, 3, limit).await.unwrap();
    prometheus.await_final("r1", 1, END_US - 1_000_000, limit).await.unwrap();
    let error = prometheus.await_idle("r1", 1, END_US - 2_000_000, 3, limit).await.unwrap_err();
    let expected =
        "0 of 1 containers have 3 samples in Prometheus after 0.7 s (does cAdvisor run? `benchmark doctor` says)";
    assert_eq!(error.to_string(), expected);
    let error = prometheus.await_final("r1", 2, END_US - 1_000_000, limit).await.unwrap_err();
    assert!(error.to_string().starts_with("1 of 2 containers have 1 sample in"), "{error}");

    let gone = Prometheus::new("http://127.0.0.1:1").unwrap();
    let error = gone.await_final("r1", 1, 0, Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(error, WaitError::Prometheus(MetricsError::Unreachable { .. })), "{error:?}");
}
