//! Metrics: what the harness exposes while it runs, and what Prometheus and cAdvisor saw of its containers. The only
//! place that knows PromQL.
//!
//! [`LiveMetrics`] listens to the replicas' ticks and [`serve`] shows them. [`Prometheus`] fetches raw samples and waits
//! for them; [`totals`] and [`families`] are pure functions of those samples (MEASUREMENT D 17 and 19).

mod container_id;
mod error;
mod exposition;
mod families;
mod health;
mod links;
mod monitoring;
mod plateau;
mod prometheus;
mod seen;
mod series;
mod server;
mod wait;

pub use container_id::container_id;
pub use error::MetricsError;
pub use exposition::{Labels, LiveMetrics};
pub use families::families;
pub(crate) use health::read_any;
pub use health::{Health, Target, TargetError};
pub use links::{Graph, Watched, graphs, link};
pub use monitoring::monitoring_cpu_seconds;
pub use plateau::{Counter, Refusal, RunRefusal, Span, combine, totals};
pub use prometheus::Prometheus;
pub(crate) use prometheus::containers;
pub use seen::Seen;
pub use series::{ContainerSeries, Sample};
pub use server::{CONNECTIONS, FIRST_PORT, LAST_PORT, MetricsServer, ServeError, serve};
pub use wait::WaitError;
