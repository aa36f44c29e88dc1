//! Every target behind one: each run's is the one that its case names.

use anyhow::Result;
use benchmark_protocol::message::Object;
use benchmark_protocol::origin::{Audit, Begin};

use super::{External, Origin, Place, Target};
use crate::campaign::Listener;
use crate::case::Case;

/// The targets of a campaign; what is ours of them is kept from run to run.
#[derive(Debug)]
pub struct Targets {
    origin: Origin,
}

impl Targets {
    /// Those of ours will run at this place, once a run needs them.
    #[must_use]
    pub const fn new(place: Place) -> Self {
        Self { origin: Origin::new(place) }
    }

    /// The target of a case.
    ///
    /// # Errors
    /// When its URL is none.
    pub fn of(&mut self, case: &Case) -> Result<AnyTarget<'_>> {
        match &case.target {
            None => Ok(AnyTarget::Origin(&mut self.origin)),
            Some(url) => {
                let external = External::new(url, case.endpoint.as_deref(), case.ca.as_ref())?;
                Ok(AnyTarget::External(Box::new(external)))
            }
        }
    }

    /// Ends all that is ours.
    pub async fn stop(mut self) {
        self.origin.stop().await;
    }
}

/// A target of any kind.
#[derive(Debug)]
pub enum AnyTarget<'a> {
    /// Our origin.
    Origin(&'a mut Origin),
    /// A server that is not ours.
    External(Box<External>),
}

/// The same call to whichever it is.
macro_rules! each {
    ($target:expr, $name:ident => $call:expr) => {
        match $target {
            AnyTarget::Origin($name) => $call,
            AnyTarget::External($name) => $call,
        }
    };
}

impl Target for AnyTarget<'_> {
    async fn start(&mut self) -> Result<()> {
        each!(self, target => target.start().await)
    }

    fn addresses(&self, run_id: &str) -> Vec<String> {
        each!(self, target => target.addresses(run_id))
    }

    async fn announce(
        &mut self,
        run_id: &str,
        seed: u64,
        case: &Case,
        listener: &mut dyn Listener,
    ) -> Result<Vec<Object>> {
        each!(self, target => target.announce(run_id, seed, case, listener).await)
    }

    fn prefix(&self, run_id: &str, case: &Case) -> Option<String> {
        each!(self, target => target.prefix(run_id, case))
    }

    async fn begin(&self, run_id: &str, begin: Begin) -> Result<()> {
        each!(self, target => target.begin(run_id, begin).await)
    }

    async fn account(&mut self, run_id: &str) -> Result<Option<Audit>> {
        each!(self, target => target.account(run_id).await)
    }

    async fn clear(&mut self, run_id: &str, case: &Case, listener: &mut dyn Listener) {
        each!(self, target => target.clear(run_id, case, listener).await);
    }

    fn cpu_seconds(&self) -> Option<f64> {
        each!(self, target => target.cpu_seconds())
    }

    fn cpus(&self) -> Option<usize> {
        each!(self, target => target.cpus())
    }

    async fn stop(&mut self) {
        each!(self, target => target.stop().await);
    }
}
