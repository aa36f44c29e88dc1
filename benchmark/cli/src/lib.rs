//! The harness as a library: what `benchmark` does, apart from reading its command line.
//!
//! Flags become a [`plan`]; a [`campaign`] conducts its runs: a [`runner`] starts replicas, the [`coordinator`] hears them,
//! [`metrics`] ask Prometheus, the [`verdict`] judges, [`stats`] reduces, the [`store`] keeps; [`report`] and [`results`] show,
//! [`compare`] sets campaigns and libraries against each other.

pub mod bucket;
pub mod build;
pub mod calibrate;
pub mod campaign;
pub mod commands;
pub mod compare;
pub mod coordinator;
pub mod cost;
pub mod event;
pub mod exit;
pub mod library;
pub mod machine;
pub mod metrics;
pub mod noise;
pub mod origin_process;
pub mod plan;
pub mod rate;
pub mod record;
pub mod report;
pub mod results;
pub mod runner;
pub mod stats;
pub mod store;
pub mod suite;
pub mod verdict;
