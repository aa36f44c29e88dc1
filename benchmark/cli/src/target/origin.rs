//! Our origin as a target: started with the first run that needs it, and anew after one that lost it.

use anyhow::{Context, Result};
use benchmark_protocol::message::Object;
use benchmark_protocol::origin::{Announcement, Audit, Begin};

use super::{OriginProcess, Place, Target};
use crate::campaign::Listener;
use crate::case::Case;

/// The origin of a campaign.
#[derive(Debug)]
pub struct Origin {
    place: Place,
    process: Option<OriginProcess>,
}

impl Origin {
    /// One that will run at this place.
    #[must_use]
    pub const fn new(place: Place) -> Self {
        Self { place, process: None }
    }

    async fn running(&mut self) -> Result<&OriginProcess> {
        match self.process.take() {
            Some(process) => Ok(self.process.insert(process)),
            None => Ok(self.process.insert(OriginProcess::start(&self.place).await?)),
        }
    }
}

impl Target for Origin {
    async fn start(&mut self) -> Result<()> {
        self.running().await.map(drop)
    }

    fn addresses(&self, run_id: &str) -> Vec<String> {
        self.process.iter().map(|process| process.bucket_url(run_id)).collect()
    }

    async fn announce(&mut self, run_id: &str, seed: u64, case: &Case, _: &mut dyn Listener) -> Result<Vec<Object>> {
        let announcement =
            Announcement { seed, contract: case.test.contract(&case.params), inject: case.inject.clone() };
        if let Some(process) = &self.process
            && process.announce(run_id, &announcement).await.is_err()
        {
            // It may have died since the last run, or been stopped.
            self.process = None;
        } else if self.process.is_some() {
            return Ok(Vec::new());
        }
        self.running().await?.announce(run_id, &announcement).await.context("origin")?;
        Ok(Vec::new())
    }

    /// The bucket is the run.
    fn prefix(&self, _: &str, _: &Case) -> Option<String> {
        None
    }

    async fn begin(&self, run_id: &str, begin: Begin) -> Result<()> {
        match &self.process {
            Some(process) => process.begin(run_id, begin).await,
            None => Ok(()),
        }
    }

    async fn account(&mut self, run_id: &str) -> Result<Option<Audit>> {
        let Some(process) = &self.process else { return Ok(None) };
        let audit = process.audit(run_id).await;
        if audit.is_err() {
            self.process = None;
        }
        audit.map(Some)
    }

    /// It forgets a run by itself.
    async fn clear(&mut self, _: &str, _: &Case, _: &mut dyn Listener) {}

    fn cpu_seconds(&self) -> Option<f64> {
        self.process.as_ref()?.cpu_seconds()
    }

    fn cpus(&self) -> Option<usize> {
        Some(self.place.cpus.count())
    }

    async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }
}
