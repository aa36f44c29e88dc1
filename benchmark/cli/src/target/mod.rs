//! What is under load: our origin, or a server that is not ours. A target is started (or named), has addresses, is told of each run and
//! of its window, gives an account of it and of its CPU time, is cleared of what the run put there, and is gone at the end. Whoever conducts
//! a run knows no more of it.

pub(crate) mod bucket;
mod each;
mod external;
mod left;
mod origin;
mod origin_process;

use std::net::{IpAddr, Ipv4Addr};

use anyhow::Result;
use benchmark_protocol::message::Object;
use benchmark_protocol::origin::{Audit, Begin};

use crate::campaign::Listener;
use crate::case::Case;
use crate::machine::Cpus;

pub use bucket::LeftOver;
pub use each::{AnyTarget, Targets};
pub use external::External;
pub(crate) use left::sweep;
pub use origin::Origin;
pub use origin_process::OriginProcess;

/// Where a target of ours runs, and how replicas reach it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The CPUs that it has.
    pub cpus: Cpus,
    /// The address of this host at which it listens.
    pub address: IpAddr,
    /// What replicas call that address, where it is not itself.
    pub host_name: Option<&'static str>,
}

impl Place {
    /// The loopback: whoever asks runs on this host as well.
    #[must_use]
    pub fn loopback(cpus: &Cpus) -> Self {
        Self { cpus: cpus.clone(), address: Ipv4Addr::LOCALHOST.into(), host_name: None }
    }
}

/// Something that can be put under load.
pub trait Target {
    /// Starts what is not there yet of it; nothing where it is only named.
    ///
    /// # Errors
    /// When it does not come up.
    fn start(&mut self) -> impl Future<Output = Result<()>>;

    /// Where replicas send the requests of a run, as they call it: an address for each node.
    fn addresses(&self, run_id: &str) -> Vec<String>;

    /// Tells it of a run, starts what was lost of it since the last one, and puts there what the run needs. The objects that replicas are
    /// to ask for, where those are not the test's to name.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    fn announce(
        &mut self,
        run_id: &str,
        seed: u64,
        case: &Case,
        listener: &mut dyn Listener,
    ) -> impl Future<Output = Result<Vec<Object>>>;

    /// What the keys of a run begin with, where it may touch no others.
    fn prefix(&self, run_id: &str, case: &Case) -> Option<String>;

    /// Tells it when the run begins.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    fn begin(&self, run_id: &str, begin: Begin) -> impl Future<Output = Result<()>>;

    /// What it saw of a run that is over; `None` where it keeps no account.
    ///
    /// # Errors
    /// When it does not answer: it is lost then, and another one takes its place at the next run.
    fn account(&mut self, run_id: &str) -> impl Future<Output = Result<Option<Audit>>>;

    /// Removes what the run put there, whatever came of it. What stays is said.
    fn clear(&mut self, run_id: &str, case: &Case, listener: &mut dyn Listener) -> impl Future<Output = ()>;

    /// CPU time that it has used so far, in seconds; `None` where that is not to be seen from here.
    fn cpu_seconds(&self) -> Option<f64>;

    /// CPUs that it may use; `None` where that is not known.
    fn cpus(&self) -> Option<usize>;

    /// Ends what is ours of it.
    fn stop(&mut self) -> impl Future<Output = ()>;
}
