//! The raw samples of a container, put together from the series that Prometheus keeps of it.
//!
//! cAdvisor writes the CPU counter per core or as `total`, and bytes per network device; what counts is their sum at each
//! instant. Samples of one instant carry one timestamp: that of cAdvisor's reading, not that of the scrape.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::container_id::container_id;

/// CPU time used, in seconds (a counter).
pub(super) const CPU: &str = "container_cpu_usage_seconds_total";

/// Bytes received by a network device (a counter).
pub(super) const RECEIVED: &str = "container_network_receive_bytes_total";

/// Memory in use, page cache included, in bytes (a gauge).
pub(super) const MEMORY: &str = "container_memory_usage_bytes";

/// cAdvisor's label for the container label `benchmark.run_id`.
pub(super) const RUN_LABEL: &str = "container_label_benchmark_run_id";

/// What Prometheus keeps of a container.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ContainerSeries {
    /// The run it belongs to; `None` where its labels are missing.
    pub run_id: Option<String>,
    /// The container's whole id.
    pub container_id: String,
    /// CPU seconds used, over all cores.
    pub cpu: Vec<Sample>,
    /// Bytes received, over all network devices but the loopback.
    pub received: Vec<Sample>,
    /// Memory in use, in bytes.
    pub memory: Vec<Sample>,
}

/// A value and its instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Wall clock, in microseconds since the epoch.
    pub at_us: i64,
    /// The value.
    pub value: f64,
}

/// A series as Prometheus's API writes it.
#[derive(Debug, Deserialize)]
pub(super) struct RawSeries {
    /// Its labels, the metric's name among them.
    pub(super) metric: BTreeMap<String, String>,
    /// Seconds since the epoch, and the value as text.
    pub(super) values: Vec<(f64, String)>,
}

/// One cgroup as one target told it. Two cAdvisors that see the same container, or a cgroup within the container's, are
/// further sources of the same numbers and must not be added.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Source {
    cgroup: String,
    job: String,
    instance: String,
}

/// Samples of one source, by instant.
#[derive(Default)]
struct Readings {
    run_id: Option<String>,
    cpu_total: BTreeMap<i64, f64>,
    cpu_cores: BTreeMap<i64, f64>,
    received: BTreeMap<i64, f64>,
    memory: BTreeMap<i64, f64>,
}

/// The containers among these series, by id, with the samples stamped at or after `from_us`.
pub(super) fn assemble(series: &[RawSeries], from_us: i64) -> Vec<ContainerSeries> {
    let mut containers: BTreeMap<&str, BTreeMap<Source, Readings>> = BTreeMap::new();
    for raw in series {
        let Some(id) = container_id(raw.label("id")) else { continue };
        containers.entry(id).or_default().entry(Source::of(raw)).or_default().add(raw, from_us);
    }
    containers.into_iter().filter_map(|(id, sources)| Some(best(sources)?.into_series(id))).collect()
}

/// The outermost cgroup, from the target that read it most often.
fn best(sources: BTreeMap<Source, Readings>) -> Option<Readings> {
    let rank = |(source, readings): &(Source, Readings)| (Reverse(source.cgroup.len()), readings.len());
    sources.into_iter().rev().max_by_key(rank).map(|(_, readings)| readings)
}

impl RawSeries {
    fn label(&self, name: &str) -> &str {
        self.metric.get(name).map_or("", String::as_str)
    }

    /// What is finite of its samples.
    fn samples(&self) -> impl Iterator<Item = (i64, f64)> {
        let parsed = self.values.iter().filter_map(|(at, value)| Some((*at, value.parse::<f64>().ok()?)));
        parsed.filter(|(_, value)| value.is_finite()).map(|(at, value)| ((at * 1e6).round() as i64, value))
    }
}

impl Source {
    fn of(raw: &RawSeries) -> Self {
        let [cgroup, job, instance] = ["id", "job", "instance"].map(|name| raw.label(name).to_owned());
        Self { cgroup, job, instance }
    }
}

impl Readings {
    fn add(&mut self, raw: &RawSeries, from_us: i64) {
        let run_id = raw.metric.get(RUN_LABEL).filter(|run_id| !run_id.is_empty());
        self.run_id = self.run_id.take().or_else(|| run_id.cloned());
        let sums = match raw.label("__name__") {
            CPU if raw.label("cpu") == "total" => &mut self.cpu_total,
            CPU => &mut self.cpu_cores,
            RECEIVED if raw.label("interface") != "lo" => &mut self.received,
            MEMORY => &mut self.memory,
            _ => return,
        };
        for (at_us, value) in raw.samples().filter(|(at_us, _)| *at_us >= from_us) {
            *sums.entry(at_us).or_default() += value;
        }
    }

    fn len(&self) -> usize {
        self.cpu_total.len().max(self.cpu_cores.len())
    }

    fn into_series(self, id: &str) -> ContainerSeries {
        let mut cpu = self.cpu_cores;
        cpu.extend(self.cpu_total);
        let samples = |sums: BTreeMap<i64, f64>| -> Vec<Sample> {
            sums.into_iter().map(|(at_us, value)| Sample { at_us, value }).collect()
        };
        ContainerSeries {
            run_id: self.run_id,
            container_id: id.to_owned(),
            cpu: samples(cpu),
            received: samples(self.received),
            memory: samples(self.memory),
        }
    }
}
