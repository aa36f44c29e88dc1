//! Flags become a plan: every case checked against what libraries and tests can do, before anything is built or run.

mod blocks;
mod cases;
mod options;

pub use blocks::{Plan, assemble, capacity_case, plan};
pub use cases::{Refused, Selection, case, cases, least_delay};
pub use options::{Database, LoadOptions};
