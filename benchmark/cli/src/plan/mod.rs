//! Flags become a plan: every case checked against what libraries and tests can do, before anything is built or run.

mod cases;
mod options;

pub use cases::{Plan, Selection, least_delay, plan};
pub use options::{AskedRunner, Database, LoadOptions};
