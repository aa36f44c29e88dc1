//! The conformance run: every library against servers that misbehave, one [`Mode`] each, and whether all are judged alike.
//!
//! For each library and mode a [`run_cell`] serves what the mode says on an address of its own, runs the harness against it as a user would, and
//! reads the verdict back: an [`Outcome`] in words. A [`Matrix`] holds them all, against what is right and against what libraries declare.

mod cell;
mod matrix;
mod mode;
mod modes;
mod outcome;
mod page;
mod server;
mod tls;
mod trouble;

pub use cell::{Bench, Where, run_cell};
pub use matrix::{Cell, Matrix, Standing, expected};
pub use mode::{Kind, Mode};
pub use modes::{modes, named};
pub use outcome::Outcome;
pub use page::{page, table};
pub use trouble::{check_declared, troubles};
