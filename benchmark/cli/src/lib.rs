//! The harness as a library: what `benchmark` does, apart from reading its command line.
//!
//! Flags become a [`plan`] of [`case`]s; a [`campaign`] conducts it, [`run`] after run, with programs of the [`library`]: a
//! [`runner`] starts replicas against a [`target`], the coordinator hears them, [`metrics`] ask Prometheus, the verdict judges,
//! [`stats`] reduces, the [`store`] keeps; [`report`] and [`results`] show, [`compare`] sets campaigns and libraries against each other.

// What is written goes through `output`.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod calibrate;
pub mod campaign;
pub mod case;
pub mod commands;
pub mod compare;
pub mod conform;
pub mod exit;
#[doc(hidden)]
pub mod fuzz;
pub mod library;
pub mod machine;
pub mod metrics;
mod output;
pub mod plan;
pub mod report;
pub mod results;
pub mod run;
pub mod runner;
mod shell;
pub mod stats;
pub mod store;
pub mod suite;
pub mod target;
