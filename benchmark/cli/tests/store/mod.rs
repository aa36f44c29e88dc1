//! The store on real files.

#![expect(clippy::unwrap_used, reason = "a helper of tests that fails is a test that fails")]

mod campaigns;
pub(crate) mod child;
mod opening;
mod processes;
mod resuming;
mod runs;
