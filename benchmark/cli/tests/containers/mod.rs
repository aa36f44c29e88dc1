//! Replicas as containers: the real Docker Engine, both generations of compose, and the real Prometheus and cAdvisor.

mod campaigns;
mod clocks;
mod contexts;
mod cores;
mod interruption;
mod losses;
mod monitoring;
mod refusals;
mod rights;
mod support;
