//! A campaign: one way from a plan to stored runs.
//!
//! [`run`] goes it: the plan's runners are chosen ([`choice`]), a campaign that goes on is taken over ([`resume`]), every program is built
//! ([`build`]), then block after block is run ([`blocks`]), each run judged and stored as it ends, in one transaction. Whatever is decided
//! on the way - what is missing ([`blocks`]), at which rate ([`capacity`]), whether the trials are enough ([`trials`]) - is read back from the
//! store, so that a campaign that goes on is no different from one that was never stopped.

mod blocks;
mod build;
mod capacity;
mod choice;
mod cooling;
mod event;
mod interrupts;
mod own_cost;
mod record;
mod resume;
mod run;
mod trials;

pub use event::{Event, Listener};
pub(crate) use interrupts::Interrupts;
pub use own_cost::OwnCost;
pub use record::Campaign;
pub use resume::Resumed;
pub use run::{Outcome, run};
