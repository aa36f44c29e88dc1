//! The package's one integration binary.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a test that fails")]

mod compare;
mod conformance;
mod containers;
mod fixture;
mod harness;
mod metrics;
mod options;
mod results;
mod store;
mod suites;
mod vectors;
mod verdict;
