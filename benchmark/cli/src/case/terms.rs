//! What holds once for a whole campaign.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::machine::Cpus;

/// The options of a campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Blocks, where told.
    pub trials: Option<u32>,
    /// Passes over all cases in a block.
    pub passes: u32,
    /// The half-width of intervals that ends it, as a share.
    pub until: Option<f64>,
    /// The seed of everything that is drawn.
    pub seed: u64,
    /// Short runs for a first look.
    pub quick: bool,
    /// What killed campaigns left at targets is removed.
    pub sweep: bool,
    /// CPUs of the origin and the harness.
    pub origin_cpus: Option<Cpus>,
    /// CPUs of the replicas.
    pub client_cpus: Option<Cpus>,
    /// Where the harness listens for replicas.
    pub listen: Option<IpAddr>,
    /// The Prometheus to ask.
    pub prometheus: Option<String>,
    /// The database's file.
    pub db: Option<PathBuf>,
}
