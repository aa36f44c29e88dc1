//! A case: a library, a test, and every option that shapes the load.

mod key;
mod rate;
mod runner;
mod shape;

pub(crate) use key::{amount, inject_text, integer, microseconds, params_json};
pub use key::{case_key, workload_key};
pub use rate::{Arrivals, Rate};
pub use runner::RunnerName;
pub use shape::{Amount, Case, Load};
