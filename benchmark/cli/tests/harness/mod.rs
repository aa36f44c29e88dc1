//! The command as its users run it: real replicas of real libraries against the real origin, and other servers.

mod buckets;
pub(crate) mod ca;
pub(crate) mod checkout;
pub(crate) mod clocks;
mod commands;
pub(crate) mod cores;
mod engines;
mod interruption;
mod liars;
mod libraries;
mod new;
mod open_loop;
mod output;
mod protocol;
pub(crate) mod support;
mod targets;
mod trials;
