//! Prometheus and cAdvisor beside campaigns: their totals agree with the replicas' own counters, their graphs show the campaign,
//! and rows keep what was seen when they are gone.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::support::{Containers, PATIENCE, assert_valid, compose, compose_tools, docker};
use crate::harness::support::{SHORT, assert_audit_is_exact, eventually, free_port, get, number, root, skip, text};

/// Samples come once a second: a few of them.
const WATCHED: [&str; 6] = ["--warmup", "500ms", "--duration", "5s", "--concurrency", "4"];

#[test]
fn prometheus_counts_what_the_replicas_count_and_rows_outlive_it() {
    let Some(containers) = Containers::new() else { return };
    let Some(monitoring) = Monitoring::up() else { return };
    let watched = containers.run(&monitoring.arguments("fetch_range", "4", &WATCHED));
    assert_eq!(watched.code, 0, "{watched:?}");
    let row = containers.row();
    assert_seen(&row);
    replicas_are_told_apart(&containers, &row);
    the_printed_link_shows_the_campaign(&watched.stderr, &monitoring, &row);
    every_panel_of_the_dashboard_has_data(&containers, &monitoring);
    campaigns_that_overlap_are_kept_apart(&containers, &monitoring);
    totals_that_are_missing_are_asked_for_again(&containers, &monitoring);
    monitoring.become_healthy();
    without_cadvisor_runs_are_valid_and_say_so(&containers, &monitoring);
    without_prometheus_nothing_is_lost(&containers, &monitoring);
}

/// Two witnesses: 2 % (and 0.05 s of CPU a replica) is what they may differ by.
fn assert_seen(row: &Value) {
    assert_valid(row);
    assert_audit_is_exact(row);
    assert_eq!(text(row, "metrics_source"), "prometheus", "{row}");
    assert!(row["prometheus_refusal"].is_null(), "{row}");
    let (seen, replicas) = (number(row, "prometheus_cpu_seconds"), number(row, "replica_count"));
    let own = seen / (1.0 + number(row, "cpu_difference_percent") / 100.0);
    assert!((seen - own).abs() <= 0.02 * own + 0.05 * replicas, "{seen} and {own} CPU seconds: {row}");
    assert!(number(row, "recv_bytes_difference_percent").abs() <= 2.0, "{row}");
    // Headers are received, too.
    assert!(number(row, "prometheus_recv_bytes") > number(row, "goodput_bytes_per_second"), "{row}");
    assert!(number(row, "scrape_count") >= 4.0 * replicas, "{row}");
    assert!(!text(row, "marks").contains("metrics_difference"), "{row}");
}

fn replicas_are_told_apart(containers: &Containers, row: &Value) {
    let ended = containers.harness.run(&["get-results", "-", "--per-replica", "--format", "json"]);
    let replicas: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(replicas.len(), 4);
    for replica in &replicas {
        let id = text(replica, "container_id");
        assert!(id.len() == 64 && id.bytes().all(|digit| digit.is_ascii_hexdigit()), "{replica}");
        assert!(number(replica, "recv_bytes_difference_percent").abs() <= 2.0, "{replica}");
    }
    for column in ["prometheus_cpu_seconds", "prometheus_recv_bytes", "scrape_count"] {
        let sum: f64 = replicas.iter().map(|replica| number(replica, column)).sum();
        assert!((sum - number(row, column)).abs() < 1e-6, "{column}: {sum} of {row}");
    }
}

fn the_printed_link_shows_the_campaign(stderr: &str, monitoring: &Monitoring, row: &Value) {
    let link = stderr.lines().find_map(|line| line.strip_prefix("graphs ")).unwrap_or_else(|| panic!("{stderr}"));
    let link = reqwest::Url::parse(link).unwrap();
    assert_eq!(link.port(), Some(monitoring.prometheus));
    let campaign = text(row, "campaign_id");
    let queries: Vec<String> =
        link.query_pairs().filter(|(name, _)| name.ends_with(".expr")).map(|(_, query)| query.into_owned()).collect();
    assert_eq!(queries.len(), 4, "requests, bytes, CPU and memory: {link}");
    for query in &queries {
        assert!(query.contains(campaign), "{query}");
        monitoring.assert_data(query, row, row);
    }
    let rules = fs::read_to_string(root().join("prometheus/rules.yml")).unwrap();
    let mut rules: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ")).collect();
    assert!(rules.len() >= 10, "{rules:?}");
    // This campaign had no failures; monitoring belongs to none.
    rules.retain(|rule| !rule.contains(":failures:") && !rule.contains(":monitoring_cpu:"));
    for rule in rules {
        monitoring.assert_data(&format!("{rule}{{campaign_id=\"{campaign}\"}}"), row, row);
    }
}

fn every_panel_of_the_dashboard_has_data(containers: &Containers, monitoring: &Monitoring) {
    // Failures are a panel as well.
    let arguments = monitoring.arguments("call_api", "2", &["--inject", "error=503:5%"]);
    let failed = containers.run(&[&arguments, &WATCHED[..]].concat());
    assert_eq!(failed.code, 3, "{failed:?}");
    let rows = containers.rows();
    let (first, last) = (&rows[0], &rows[1]);
    let campaigns = format!("{}|{}", text(first, "campaign_id"), text(last, "campaign_id"));
    let mut queries = Vec::new();
    for file in fs::read_dir(root().join("grafana/dashboards")).unwrap() {
        let dashboard = serde_json::from_str(&fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
        collect_queries(&dashboard, &mut queries);
    }
    assert!(queries.len() >= 20, "{queries:?}");
    for query in queries {
        let query = query.replace("$campaign", &campaigns).replace("$library", ".*");
        assert!(!query.contains('$'), "a variable that is not known: {query}");
        monitoring.assert_data(&query, first, last);
    }
}

/// Every query of a dashboard: those of its panels, and the series that its variables take their values from.
fn collect_queries(part: &Value, queries: &mut Vec<String>) {
    match part {
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value.as_str()) {
                    ("expr", Some(query)) => queries.push(query.to_owned()),
                    ("definition", Some(query)) => {
                        let series = query.strip_prefix("label_values(").and_then(|rest| rest.rsplit_once(", "));
                        queries.push(series.unwrap_or_else(|| panic!("{query}")).0.to_owned());
                    }
                    _ => collect_queries(value, queries),
                }
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect_queries(part, queries)),
        _ => {}
    }
}

fn campaigns_that_overlap_are_kept_apart(containers: &Containers, monitoring: &Monitoring) {
    let database = containers.harness.path("overlap.db");
    let database = ["--db", database.to_str().unwrap()];
    let command =
        |test: &str| containers.command(&[monitoring.arguments(test, "2", &WATCHED), database.to_vec()].concat());
    // Of very different sizes: one row with a byte of the other would be far off.
    let other = containers.spawn(command("call_api"));
    let one = containers.run_command(command("fetch_range"));
    let other = other.wait();
    assert_eq!((one.code, other.code), (0, 0), "{one:?} {other:?}");
    let rows: Vec<Value> = {
        let ended = containers.harness.run(&[&["get-results", "-", "--format", "json"], &database[..]].concat());
        serde_json::from_str(&ended.stdout).unwrap()
    };
    assert_eq!(rows.len(), 2);
    rows.iter().for_each(assert_seen);
}

fn totals_that_are_missing_are_asked_for_again(containers: &Containers, monitoring: &Monitoring) {
    let before = containers.rows();
    forget_totals(&containers.harness.path("benchmark.db"));
    assert!(containers.rows().iter().all(|row| row["prometheus_cpu_seconds"].is_null()));
    let ended = containers.harness.run(&monitoring.refresh());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("has the totals of 2 of the 2 runs"), "{}", ended.stderr);
    let after: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
    for (before, after) in before.iter().zip(&after) {
        for column in ["prometheus_cpu_seconds", "prometheus_recv_bytes", "scrape_count", "cpu_difference_percent"] {
            let (before, after) = (number(before, column), number(after, column));
            assert!((before - after).abs() < 1e-6, "{column}: {before} became {after}");
        }
    }
}

fn without_cadvisor_runs_are_valid_and_say_so(containers: &Containers, monitoring: &Monitoring) {
    monitoring.stop("cadvisor");
    eventually(PATIENCE, "Prometheus notices", || {
        monitoring.ask("query", "up{job=\"cadvisor\"} == 0", &[]).is_some_and(|series| !series.is_empty())
    });
    let ended = containers.run(&monitoring.arguments("call_api", "2", &SHORT));
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = containers.rows();
    let row = rows.last().unwrap();
    assert_valid(row);
    assert_eq!(text(row, "metrics_source"), "replica_network", "{row}");
    assert!(row["prometheus_cpu_seconds"].is_null() && row["scrape_count"].is_null(), "{row}");
    assert!(text(row, "prometheus_refusal").contains("Prometheus cannot scrape cAdvisor"), "{row}");
    let doctor = containers.run(&["doctor", "--prometheus", &monitoring.url()]);
    assert!(doctor.stdout.contains("up -d cadvisor"), "{}", doctor.stdout);
}

fn without_prometheus_nothing_is_lost(containers: &Containers, monitoring: &Monitoring) {
    let before = containers.rows();
    monitoring.stop("prometheus");
    assert_eq!(containers.rows(), before);
    assert!(number(&before[0], "prometheus_cpu_seconds") > 0.0);
    let ended = containers.harness.run(&monitoring.refresh());
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stderr.contains("warning: nothing refreshed: no Prometheus at"), "{}", ended.stderr);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&ended.stdout).unwrap(), before);
    let ended = containers.run(&monitoring.arguments("call_api", "1", &SHORT));
    assert_eq!(ended.code, 0, "{ended:?}");
    let rows = containers.rows();
    let row = rows.last().unwrap();
    assert_valid(row);
    assert!(text(row, "prometheus_refusal").starts_with("no Prometheus at"), "{row}");
}

/// A Prometheus and a cAdvisor of its own, which end with it.
struct Monitoring {
    tool: &'static str,
    project: String,
    prometheus: u16,
    cadvisor: u16,
}

impl Monitoring {
    /// Starts them, and waits until the one has scraped the other. `None` where there are no images: the test is skipped.
    fn up() -> Option<Self> {
        for variable in ["BENCHMARK_PROMETHEUS_IMAGE", "BENCHMARK_CADVISOR_IMAGE"] {
            if std::env::var(variable).is_err() {
                skip(&format!("{variable}: `eval \"$(scripts/monitoring-images)\"`"));
                return None;
            }
        }
        let tool = *compose_tools().first()?;
        let project = format!("benchmark-test-{}", std::process::id());
        let monitoring = Self { tool, project, prometheus: free_port(), cadvisor: free_port() };
        monitoring.compose(&["up", "--detach"]).unwrap();
        eventually(PATIENCE, "Prometheus has scraped cAdvisor", || {
            monitoring.ask("query", "up{job=\"cadvisor\"} == 1", &[]).is_some_and(|series| !series.is_empty())
        });
        Some(monitoring)
    }

    /// A run that they watch.
    fn arguments<'a>(&self, test: &'a str, replicas: &'a str, others: &[&'a str]) -> Vec<&'a str> {
        // Tests leak a few bytes with a good conscience.
        let url: &'static str = self.url().leak();
        [&["run-test", "baseline", test, "--replicas", replicas, "--prometheus", url], others].concat()
    }

    fn refresh(&self) -> Vec<&'static str> {
        vec!["get-results", "-", "--format", "json", "--refresh", "--prometheus", self.url().leak()]
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.prometheus)
    }

    fn become_healthy(&self) {
        let project = format!("label=com.docker.compose.project={}", self.project);
        let both = docker(&["ps", "--quiet", "--filter", &project]);
        assert_eq!(both.lines().count(), 2, "{both}");
        eventually(PATIENCE, "both are healthy", || {
            let health = |id| docker(&["inspect", "--format", "{{.State.Health.Status}}", id]);
            both.lines().all(|id| health(id).trim() == "healthy")
        });
    }

    fn stop(&self, service: &str) {
        self.compose(&["stop", "--timeout", "5", service]).unwrap();
    }

    /// Compose with the monitoring file; what it said where it failed.
    fn compose(&self, arguments: &[&str]) -> Result<(), String> {
        let mut command = compose(self.tool);
        command
            .args(["--project-name", &self.project, "--file", "docker-compose.monitoring.yml"])
            .args(arguments)
            .current_dir(root())
            .env("BENCHMARK_PROMETHEUS_PORT", self.prometheus.to_string())
            .env("BENCHMARK_CADVISOR_PORT", self.cadvisor.to_string());
        let output = command.stderr(Stdio::piped()).output().unwrap();
        let said = || format!("{} {arguments:?}: {}", self.tool, String::from_utf8_lossy(&output.stderr));
        output.status.success().then_some(()).ok_or_else(said)
    }

    /// The series that Prometheus has for a query; `None` where it does not answer.
    fn ask(&self, endpoint: &str, query: &str, others: &[(&str, &str)]) -> Option<Vec<Value>> {
        let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let others: String = others.iter().map(|(name, value)| format!("&{name}={}", encode(value))).collect();
        let body = get(self.prometheus, &format!("/api/v1/{endpoint}?query={}{others}", encode(query)))?;
        let answer: Value = serde_json::from_str(&body).ok()?;
        assert_eq!(answer["status"], "success", "{query}: {answer}");
        answer["data"]["result"].as_array().cloned()
    }

    /// A graph of the query from the start of one run's window to the end of another's shows something.
    fn assert_data(&self, query: &str, first: &Value, last: &Value) {
        let range = [("start", text(first, "start_time")), ("end", text(last, "end_time")), ("step", "1")];
        // Rules are evaluated once a second: the last of them may be under way.
        eventually(PATIENCE, query, || self.ask("query_range", query, &range).is_some_and(|series| !series.is_empty()));
    }
}

impl Drop for Monitoring {
    fn drop(&mut self) {
        let down = self.compose(&["down", "--volumes", "--timeout", "5"]);
        assert!(down.is_ok() || std::thread::panicking(), "{down:?}");
    }
}

/// As if Prometheus had not had the samples in time.
fn forget_totals(database: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(database).connect().await.unwrap();
        for statement in [
            "UPDATE runs SET prometheus_cpu_seconds = NULL, prometheus_recv_bytes = NULL, scrape_count = NULL",
            "UPDATE replicas SET prometheus_cpu_seconds = NULL, prometheus_recv_bytes = NULL, scrape_count = NULL",
        ] {
            sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
        }
        connection.close().await.unwrap();
    });
}
