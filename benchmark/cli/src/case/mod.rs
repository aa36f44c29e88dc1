//! A case: a library, a test, and every option that shapes the load.
//!
//! Options are rows of one [`table`]: flags, suites, the database's and the results' columns, names on screen, keys and the environment of
//! test programs are made from it. A new one is a row, the field that keeps it ([`shape`]) and the place that obeys it.

mod ca;
mod header;
mod key;
mod kind;
mod option;
mod rate;
mod runner;
mod settings;
mod shape;
mod table;
mod terms;
mod value;

pub use ca::Ca;
pub use header::{Header, without_values};
pub(crate) use header::{Mismatch, check_together, with_values};
pub use key::{case_key, workload_key};
pub(crate) use key::{integer, microseconds, params_json};
pub use kind::Kind;
pub use option::{CaseOption, Csv, Kept, Program, Scope, Screen, Suites, Told, Unsaid, Values};
pub use rate::{Arrivals, Rate};
pub use runner::RunnerName;
pub use settings::Settings;
pub use shape::{Amount, Case, Load};
pub(crate) use table::QUICK;
pub use table::{OPTIONS, named};
pub use terms::Terms;
pub use value::Value;
