//! One run: the coordinator hears its replicas, the conductor takes it from its announcement to its row, the verdict judges it.

mod conduct;
pub mod coordinator;
mod monitor;
mod record;
pub mod verdict;

pub(crate) use conduct::Conductor;
pub(crate) use monitor::Monitor;
pub use record::{Replica, Run};
