//! The counters of the runs under way, in Prometheus's text format.
//!
//! A replica's tick counters begin anew with each phase; what is exposed only ever grows. Requests of the warm-up that
//! ended after its last tick are in no tick and so in no live counter: graphs are for looking at, totals come from results.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ::prometheus::TextEncoder;
use ::prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType};
use benchmark_protocol::counts::{Counts, FailureKind};
use benchmark_protocol::message::{Phase, Tick};

/// How long the counters of an ended run stay: five scrapes, so that the last tick is surely seen.
const LINGER: Duration = Duration::from_secs(5);

/// What the replicas told, for whoever scrapes. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LiveMetrics(Arc<Mutex<Vec<LiveRun>>>);

/// What tells the series of one run from those of another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// The campaign.
    pub campaign_id: String,
    /// The run.
    pub run_id: String,
    /// The measured library.
    pub library: String,
    /// The test.
    pub test: String,
    /// What started the replicas.
    pub runner: String,
}

#[derive(Debug)]
struct LiveRun {
    labels: Labels,
    ended: Option<Instant>,
    replicas: BTreeMap<u32, LiveReplica>,
}

#[derive(Debug)]
struct LiveReplica {
    warm_up: Counts,
    window: Counts,
    last: Tick,
}

impl LiveMetrics {
    /// A run begins: the ticks from now on are its own.
    pub fn run_started(&self, labels: &Labels) {
        self.start(labels, Instant::now());
    }

    /// A replica of the run told its counters.
    pub fn ticked(&self, replica: u32, tick: &Tick) {
        if let Some(run) = self.runs().last_mut().filter(|run| run.ended.is_none()) {
            run.replicas.entry(replica).or_insert_with(|| LiveReplica::new(tick)).hear(tick);
        }
    }

    /// The run is over: its gauges vanish at once, its counters after five seconds.
    pub fn run_ended(&self) {
        self.end(Instant::now());
    }

    /// All series, in the text format 0.0.4.
    #[must_use]
    pub fn text(&self) -> String {
        self.text_at(Instant::now())
    }

    fn start(&self, labels: &Labels, now: Instant) {
        self.end(now);
        let mut runs = self.runs();
        runs.retain(|run| run.is_shown(now));
        runs.push(LiveRun { labels: labels.clone(), ended: None, replicas: BTreeMap::new() });
    }

    fn end(&self, now: Instant) {
        if let Some(run) = self.runs().last_mut() {
            run.ended.get_or_insert(now);
        }
    }

    fn text_at(&self, now: Instant) -> String {
        let mut runs = self.runs();
        runs.retain(|run| run.is_shown(now));
        let families: Vec<MetricFamily> = FAMILIES.iter().filter_map(|family| family.of(&runs)).collect();
        drop(runs);
        let mut text = String::new();
        if let Err(error) = TextEncoder::new().encode_utf8(&families, &mut text) {
            tracing::warn!("live metrics cannot be written: {error}");
        }
        text
    }

    fn runs(&self) -> MutexGuard<'_, Vec<LiveRun>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveRun {
    fn is_shown(&self, now: Instant) -> bool {
        self.ended.is_none_or(|ended| now.saturating_duration_since(ended) < LINGER)
    }

    fn labels(&self, replica: u32) -> Vec<LabelPair> {
        let labels = &self.labels;
        vec![
            pair("campaign_id", &labels.campaign_id),
            pair("run_id", &labels.run_id),
            pair("library", &labels.library),
            pair("test", &labels.test),
            pair("runner", &labels.runner),
            pair("replica", &replica.to_string()),
        ]
    }
}

impl LiveReplica {
    fn new(tick: &Tick) -> Self {
        Self { warm_up: Counts::default(), window: Counts::default(), last: *tick }
    }

    fn hear(&mut self, tick: &Tick) {
        match tick.phase {
            Phase::WarmUp => self.warm_up = tick.counts,
            Phase::Window | Phase::Drain => self.window = tick.counts,
        }
        self.last = *tick;
    }

    /// Of warm-up and window together.
    fn counts(&self) -> Counts {
        let mut counts = self.warm_up;
        counts += self.window;
        counts
    }
}

/// A metric: its name, what it is, and its values of a replica.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    values: fn(&LiveReplica) -> Vec<Value>,
}

/// A value, and the label (name and value) that tells it from its siblings of the same metric.
type Value = (Option<(&'static str, &'static str)>, f64);

impl Family {
    fn of(&self, runs: &[LiveRun]) -> Option<MetricFamily> {
        let is_counter = self.kind == MetricType::COUNTER;
        let mut metrics = Vec::new();
        for run in runs.iter().filter(|run| is_counter || run.ended.is_none()) {
            for (index, replica) in &run.replicas {
                for (label, value) in (self.values)(replica) {
                    let mut labels = run.labels(*index);
                    labels.extend(label.map(|(name, value)| pair(name, value)));
                    metrics.push(self.metric(labels, value));
                }
            }
        }
        let mut family = MetricFamily::default();
        family.set_name(self.name.to_owned());
        family.set_help(self.help.to_owned());
        family.set_field_type(self.kind);
        // The encoder refuses a family without series.
        (!metrics.is_empty()).then(|| {
            family.set_metric(metrics);
            family
        })
    }

    fn metric(&self, labels: Vec<LabelPair>, value: f64) -> Metric {
        let mut metric = Metric::from_label(labels);
        if self.kind == MetricType::COUNTER {
            let mut counter = Counter::default();
            counter.set_value(value);
            metric.set_counter(counter);
        } else {
            let mut gauge = Gauge::default();
            gauge.set_value(value);
            metric.set_gauge(gauge);
        }
        metric
    }
}

const FAMILIES: [Family; 8] = [
    Family {
        name: "benchmark_successes_total",
        help: "Verified successes since the start of the run, warm-up included.",
        kind: MetricType::COUNTER,
        values: |replica| one(replica.counts().successes as f64),
    },
    Family {
        name: "benchmark_requests_total",
        help: "Finished requests since the start of the run: successes and failures.",
        kind: MetricType::COUNTER,
        values: |replica| {
            let counts = replica.counts();
            one((counts.successes + counts.failures.total()) as f64)
        },
    },
    Family {
        name: "benchmark_failures_total",
        help: "Failures since the start of the run, by kind.",
        kind: MetricType::COUNTER,
        values: |replica| {
            let failures = replica.counts().failures;
            FailureKind::ALL.map(|kind| (Some(("kind", kind.name())), failures.of(kind) as f64)).to_vec()
        },
    },
    Family {
        name: "benchmark_received_bytes_total",
        help: "Body bytes received since the start of the run, of successes and failures.",
        kind: MetricType::COUNTER,
        values: |replica| one(replica.last.received_bytes as f64),
    },
    Family {
        name: "benchmark_success_bytes_total",
        help: "Body bytes of successes since the start of the run, received and sent.",
        kind: MetricType::COUNTER,
        values: |replica| {
            let Counts { success_bytes, sent_bytes, .. } = replica.counts();
            one(success_bytes as f64 + sent_bytes as f64)
        },
    },
    Family {
        name: "benchmark_cpu_seconds_total",
        help: "CPU time of the replica since its process began, by mode.",
        kind: MetricType::COUNTER,
        values: |replica| {
            let resources = &replica.last.resources;
            vec![
                (Some(("mode", "user")), resources.cpu_user_us as f64 / 1e6),
                (Some(("mode", "system")), resources.cpu_system_us as f64 / 1e6),
            ]
        },
    },
    Family {
        name: "benchmark_in_flight",
        help: "Requests under way.",
        kind: MetricType::GAUGE,
        values: |replica| one(replica.last.in_flight as f64),
    },
    Family {
        name: "benchmark_resident_memory_bytes",
        help: "Resident set size of the replica.",
        kind: MetricType::GAUGE,
        values: |replica| one(replica.last.resources.rss_bytes as f64),
    },
];

fn one(value: f64) -> Vec<Value> {
    vec![(None, value)]
}

fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.to_owned());
    pair.set_value(value.to_owned());
    pair
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::resources::Resources;

    use super::*;

    fn labels(run_id: &str) -> Labels {
        let [campaign_id, library, test, runner] = ["c1", "re\"qwest", "call_api", "compose"].map(str::to_owned);
        Labels { campaign_id, run_id: run_id.to_owned(), library, test, runner }
    }

    fn tick(phase: Phase, successes: u64, timeouts: u64, received_bytes: u64) -> Tick {
        let (success_bytes, sent_bytes) = (successes * 10, successes);
        let mut counts = Counts { successes, success_bytes, sent_bytes, ..Counts::default() };
        counts.failures.set(FailureKind::Timeout, timeouts);
        let resources = Resources {
            cpu_user_us: received_bytes * 1_000,
            cpu_system_us: 250_000,
            rss_bytes: 4_096,
            ..Resources::default()
        };
        Tick { phase, elapsed_ns: 0, counts, received_bytes, in_flight: 3, resources }
    }

    /// The value of the only series whose name and labels contain these texts.
    fn value(text: &str, of: &[&str]) -> Option<f64> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && of.iter().all(|part| line.contains(part)));
        let line = lines.next()?;
        assert_eq!(lines.next(), None, "more than one series has {of:?}");
        line.rsplit_once(' ')?.1.parse().ok()
    }

    #[test]
    fn a_replica_has_every_metric_with_all_its_labels() {
        let live = LiveMetrics::default();
        live.run_started(&labels("r1"));
        live.ticked(1, &tick(Phase::Window, 5, 2, 1_500));
        let text = live.text();
        let own = r#"{campaign_id="c1",run_id="r1",library="re\"qwest",test="call_api",runner="compose",replica="1"}"#;
        for line in [
            "# TYPE benchmark_successes_total counter".to_owned(),
            format!("benchmark_successes_total{own} 5"),
            format!("benchmark_requests_total{own} 7"),
            format!("benchmark_received_bytes_total{own} 1500"),
            format!("benchmark_success_bytes_total{own} 55"),
            "# TYPE benchmark_in_flight gauge".to_owned(),
            format!("benchmark_in_flight{own} 3"),
            format!("benchmark_resident_memory_bytes{own} 4096"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
        assert_eq!(value(&text, &["failures_total", r#"kind="timeout""#]), Some(2.0));
        assert_eq!(
            value(&text, &["failures_total", r#"kind="dns""#]),
            Some(0.0),
            "a rate needs the zero before the first"
        );
        assert_eq!(value(&text, &["cpu_seconds_total", r#"mode="user""#]), Some(1.5));
        assert_eq!(value(&text, &["cpu_seconds_total", r#"mode="system""#]), Some(0.25));
    }

    #[test]
    fn counters_grow_through_every_phase() {
        let live = LiveMetrics::default();
        live.run_started(&labels("r1"));
        let ticks = [
            tick(Phase::WarmUp, 4, 1, 40),
            tick(Phase::WarmUp, 9, 1, 90),
            tick(Phase::Window, 0, 0, 100),
            tick(Phase::Window, 7, 2, 170),
            tick(Phase::Drain, 8, 3, 180),
        ];
        let seen = ticks.map(|tick| {
            live.ticked(0, &tick);
            let text = live.text();
            ["successes_total", "requests_total", "received_bytes_total", "success_bytes_total"]
                .map(|name| value(&text, &[name]).unwrap() as u64)
        });
        assert_eq!(seen, [[4, 5, 40, 44], [9, 10, 90, 99], [9, 10, 100, 99], [16, 19, 170, 176], [17, 21, 180, 187],]);
    }

    #[test]
    fn an_ended_run_leaves_after_five_seconds_and_its_gauges_at_once() {
        let live = LiveMetrics::default();
        let begun = Instant::now();
        let at = |seconds: f64| begun + Duration::from_secs_f64(seconds);
        assert_eq!(live.text_at(begun), "");
        live.start(&labels("r1"), begun);
        live.ticked(0, &tick(Phase::Window, 1, 0, 10));
        live.end(at(10.0));
        live.ticked(0, &tick(Phase::Window, 2, 0, 20));
        let lingering = live.text_at(at(14.9));
        assert_eq!(value(&lingering, &["successes_total"]), Some(1.0), "a tick after the end is not of this run");
        assert_eq!(value(&lingering, &["in_flight"]), None);
        live.start(&labels("r2"), at(14.9));
        live.ticked(0, &tick(Phase::WarmUp, 1, 0, 10));
        let both = live.text_at(at(14.9));
        assert!(
            value(&both, &["successes_total", "r1"]).is_some() && value(&both, &["successes_total", "r2"]).is_some()
        );
        assert!(!live.text_at(at(15.0)).contains("r1"));
        live.end(at(20.0));
        assert_eq!(live.text_at(at(25.0)), "");
    }

    #[test]
    fn runs_that_nobody_scrapes_are_not_kept() {
        let live = LiveMetrics::default();
        let begun = Instant::now();
        for run in 0..100 {
            live.start(&labels(&run.to_string()), begun + Duration::from_secs(run));
        }
        assert!(live.runs().len() <= 7, "{}", live.runs().len());
    }
}
