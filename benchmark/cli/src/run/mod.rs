//! One run: the coordinator hears its replicas, the conductor takes it from its announcement to its row, the verdict judges it.

mod abandoned;
mod audit;
mod clock_offset;
mod conduct;
pub mod coordinator;
mod mark;
mod monitor;
mod observer;
mod reason;
mod record;
pub mod verdict;

pub use clock_offset::ClockOffset;
pub(crate) use conduct::Conductor;
pub use mark::{Mark, NoisyPair};
pub(crate) use monitor::Monitor;
pub use reason::Reason;
pub use record::{Replica, Run, summarise};
