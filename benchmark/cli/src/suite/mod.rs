//! A suite: an experiment as data. A TOML file becomes a plan in four steps: its text is [`read`] into tables of axes, flags
//! overlay them, each table's product is [`expand`]ed into cases, and those are checked like the cases of any other command.
//!
//! Nothing is run before the whole file is known to be good; whatever is wrong with it is said at once, each problem with its
//! line and column. `docs/SUITES.md` explains the format.

mod axis;
mod expand;
mod file;
mod overlay;
mod planned;
mod problem;
mod range;
mod read;
mod scalar;
mod schema;

pub use expand::Skipped;
pub use file::{Listed, Source, find, list};
pub use planned::{Planned, plan};
pub use schema::schema;
