//! What a careful reader of a valid run should know: a name that stays, and the figures that earned it. Texts are made at the edge.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::reason::name_of;

/// A mark of a run. The database keeps it as a JSON object that names it; [`Mark::Told`] is a plain text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum Mark {
    /// The origin, not the client, is what was measured.
    OriginBound {
        /// Share of its CPUs that the origin used.
        share: f64,
    },
    /// The replicas used all the CPU time there was for them.
    GeneratorSaturated {
        /// Share of their CPUs that they used.
        share: f64,
    },
    /// The mean latency times the rate is not the concurrency (closed loop).
    LittlesLaw {
        /// By which share it is more.
        residual: f64,
    },
    /// Replicas of one run differ.
    ReplicaSpread {
        /// The fastest less the slowest, as a share of the fastest.
        share: f64,
    },
    /// Replicas did not start at one instant.
    StartSkew {
        /// From the first one's first request to the last one's, in nanoseconds.
        skew_ns: u64,
        /// By how much the offset of a replica's clock may be wrong, in nanoseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clock_uncertainty_ns: Option<u64>,
    },
    /// Prometheus and the replicas disagree.
    MetricsDifference {
        /// By how many percent of CPU time Prometheus saw more, where that is much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cpu_percent: Option<f64>,
        /// By how many percent of received bytes, where that is much.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recv_bytes_percent: Option<f64>,
    },
    /// Other programs used the replicas' CPUs.
    ForeignLoad {
        /// As a share of one CPU.
        share: f64,
    },
    /// The kernel held the replicas back at their CPU limit.
    Throttled {
        /// For how many seconds, over all of them.
        seconds: f64,
    },
    /// Origin and replicas had to share a CPU.
    SharedCpus,
    /// Replicas, or the threads of one, had to share CPUs.
    FewCpus {
        /// CPUs that there were for them.
        cpus: usize,
        /// One for each thread of each replica.
        wanted: usize,
    },
    /// The target is not ours: nobody counted the requests on the other side.
    NoAudit,
    /// The baseline differs from its twin in the same campaign.
    Noisy {
        /// Where, and by how much.
        pairs: Vec<NoisyPair>,
    },
    /// A text from before marks had figures.
    #[serde(untagged)]
    Told(String),
}

/// A pair of the baseline and its twin that differs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NoisyPair {
    /// The test.
    pub test: String,
    /// The twin's rate over the baseline's.
    pub rate: f64,
    /// The twin's CPU time per request over the baseline's.
    pub cpu: f64,
}

impl Mark {
    /// Its name, which runs have in common whatever their figures.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::OriginBound { .. } => "origin_bound",
            Self::GeneratorSaturated { .. } => "generator_saturated",
            Self::LittlesLaw { .. } => "littles_law",
            Self::ReplicaSpread { .. } => "replica_spread",
            Self::StartSkew { .. } => "start_skew",
            Self::MetricsDifference { .. } => "metrics_difference",
            Self::ForeignLoad { .. } => "foreign_load",
            Self::Throttled { .. } => "throttled",
            Self::SharedCpus => "shared_cpus",
            Self::FewCpus { .. } => "few_cpus",
            Self::NoAudit => "no_audit",
            Self::Noisy { .. } => "noisy",
            Self::Told(text) => name_of(text),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Self::OriginBound { share } | Self::GeneratorSaturated { share } => {
                write!(f, "{name} ({:.0} % of its CPUs)", share * 100.0)
            }
            Self::LittlesLaw { residual } => write!(f, "{name} ({:+.1} %)", residual * 100.0),
            Self::ReplicaSpread { share } => write!(f, "{name} ({:.0} %)", share * 100.0),
            Self::StartSkew { skew_ns, clock_uncertainty_ns } => {
                let ms = |ns: u64| Duration::from_nanos(ns).as_secs_f64() * 1e3;
                let known = clock_uncertainty_ns.map(|ns| format!(", clocks known to {:.2} ms", ms(ns)));
                write!(f, "{name} ({:.1} ms{})", ms(*skew_ns), known.unwrap_or_default())
            }
            Self::MetricsDifference { cpu_percent, recv_bytes_percent } => {
                let parts = [("CPU", cpu_percent), ("received bytes", recv_bytes_percent)];
                let parts =
                    parts.into_iter().filter_map(|(what, percent)| Some(format!("{what} {:+.1} %", (*percent)?)));
                write!(f, "{name} ({} in Prometheus)", parts.collect::<Vec<_>>().join(", "))
            }
            Self::ForeignLoad { share } => write!(f, "{name} ({:.0} % of a client CPU)", share * 100.0),
            Self::Throttled { seconds } => write!(f, "{name} ({seconds:.1} s at the CPU limit)"),
            Self::FewCpus { cpus, wanted } => write!(f, "{name} ({cpus} of {wanted})"),
            Self::SharedCpus | Self::NoAudit => f.write_str(name),
            Self::Noisy { pairs } => {
                let pairs: Vec<String> = pairs.iter().map(NoisyPair::to_string).collect();
                write!(f, "{name} (the baseline differs from itself in {})", pairs.join("; "))
            }
            Self::Told(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for NoisyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        write!(f, "{}: rate {:+.1} %, CPU/request {:+.1} %", self.test, percent(self.rate), percent(self.cpu))
    }
}

impl From<String> for Mark {
    fn from(text: String) -> Self {
        Self::Told(text)
    }
}

impl From<&str> for Mark {
    fn from(text: &str) -> Self {
        Self::Told(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_kept_as_objects_and_texts_of_before_read_back_as_they_were() {
        let bound = Mark::OriginBound { share: 0.97 };
        let kept = serde_json::to_string(&[bound.clone(), Mark::NoAudit]).unwrap();
        assert_eq!(kept, r#"[{"name":"origin_bound","share":0.97},{"name":"no_audit"}]"#);
        assert_eq!(serde_json::from_str::<Vec<Mark>>(&kept).unwrap(), [bound.clone(), Mark::NoAudit]);
        let before: Vec<Mark> = serde_json::from_str(r#"["origin_bound (97 % of its CPUs)","no_audit"]"#).unwrap();
        assert_eq!(before, [Mark::from("origin_bound (97 % of its CPUs)"), Mark::from("no_audit")]);
        assert_eq!(before[0].to_string(), bound.to_string());
        assert_eq!((before[0].name(), before[1].name()), (bound.name(), "no_audit"));
        let skew: Mark = serde_json::from_str(r#"{"name":"start_skew","skew_ns":6000000}"#).unwrap();
        assert_eq!(skew.to_string(), "start_skew (6.0 ms)");
    }

    #[test]
    fn a_name_is_the_one_that_is_kept() {
        let pair = NoisyPair { test: "fetch_range".into(), rate: 1.02, cpu: 0.98 };
        let marks = [
            Mark::OriginBound { share: 1.0 },
            Mark::GeneratorSaturated { share: 1.0 },
            Mark::LittlesLaw { residual: 0.5 },
            Mark::ReplicaSpread { share: 0.5 },
            Mark::StartSkew { skew_ns: 1, clock_uncertainty_ns: Some(1) },
            Mark::MetricsDifference { cpu_percent: None, recv_bytes_percent: Some(3.0) },
            Mark::ForeignLoad { share: 0.5 },
            Mark::Throttled { seconds: 1.5 },
            Mark::SharedCpus,
            Mark::FewCpus { cpus: 1, wanted: 4 },
            Mark::NoAudit,
            Mark::Noisy { pairs: vec![pair] },
        ];
        for mark in marks {
            let kept = serde_json::to_value(&mark).unwrap();
            assert_eq!(kept["name"], mark.name());
            assert_eq!(name_of(&mark.to_string()), mark.name());
            assert_eq!(serde_json::from_value::<Mark>(kept).unwrap(), mark);
        }
    }
}
