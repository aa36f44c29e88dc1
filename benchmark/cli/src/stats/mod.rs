//! The statistics of a run: pure functions of what the replicas said, in two steps.
//!
//! [`summarise`] reduces a run's raw data once, when it is stored: totals, merged histograms, samples. [`Figures`] are
//! what a reader sees, derived from the summary of one run or pooled over the trials of a case. MEASUREMENT.md has the
//! rules; what was not measured is `None` all the way. [`comparison`] sets cases against each other.

pub mod comparison;
mod family;
mod figures;
mod histogram;
mod knee;
mod mean;
mod measured;
mod observation;
mod operation;
mod percentiles;
mod samples;
mod summary;

pub use family::Family;
pub use figures::Figures;
pub use histogram::{HistogramError, Histograms, decode, decode_bytes, encode, merge};
pub use knee::{Knee, Point, knee};
pub(crate) use mean::{geometric_mean, mean};
pub use measured::{Measured, Totals};
pub use observation::Observation;
pub use operation::OperationSummary;
pub use percentiles::{Latencies, Percentiles};
pub use samples::Samples;
pub use summary::{RunSummary, StatsError, Summary, summarise};
