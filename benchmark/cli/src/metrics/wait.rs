//! Waiting until Prometheus has what the plateaus need: idle samples before the start, a final one after the drain.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use thiserror::Error;
use tokio::time::{Instant, sleep, timeout_at};

use super::error::MetricsError;
use super::prometheus::{Prometheus, string};
use super::series::{CPU, RUN_LABEL};

/// The pause between two looks.
const POLL: Duration = Duration::from_millis(200);

/// How far the clocks of this host and of Prometheus may differ.
const AHEAD: Duration = Duration::from_secs(10);

/// How long one look may take.
const LOOK: Duration = Duration::from_secs(5);

/// Why the samples did not come.
#[derive(Debug, Error)]
pub enum WaitError {
    /// Some containers lack samples.
    #[error(
        "{seen} of {containers} containers have {samples} {} in Prometheus after {:.1} s (does cAdvisor run? \
         `benchmark doctor` says)",
        if *samples == 1 { "sample" } else { "samples" },
        limit.as_secs_f64()
    )]
    TimedOut {
        /// Containers that have as many samples as were wanted.
        seen: usize,
        /// Containers that should.
        containers: usize,
        /// Samples that were wanted of each.
        samples: usize,
        /// How long they were waited for.
        limit: Duration,
    },
    /// Prometheus cannot be asked.
    #[error(transparent)]
    Prometheus(#[from] MetricsError),
}

impl Prometheus {
    /// Waits until each of so many containers of the run has `samples` samples stamped at or after `since_us`. May be
    /// dropped at any time.
    ///
    /// # Errors
    /// When they have not come within the limit, or Prometheus cannot be asked.
    pub async fn await_idle(
        &self,
        run_id: &str,
        containers: usize,
        since_us: i64,
        samples: usize,
        limit: Duration,
    ) -> Result<(), WaitError> {
        let deadline = Instant::now() + limit;
        let mut seen = 0;
        let enough = async {
            loop {
                seen = self.containers_with(run_id, since_us, samples).await?;
                if seen >= containers {
                    return Ok(());
                }
                sleep(POLL).await;
            }
        };
        match timeout_at(deadline, enough).await {
            Ok(ended) => ended,
            Err(_) => Err(WaitError::TimedOut { seen, containers, samples, limit }),
        }
    }

    /// Waits until each of so many containers of the run has a sample stamped at or after `after_us`. May be dropped at
    /// any time.
    ///
    /// # Errors
    /// When they have not come within the limit, or Prometheus cannot be asked.
    pub async fn await_final(
        &self,
        run_id: &str,
        containers: usize,
        after_us: i64,
        limit: Duration,
    ) -> Result<(), WaitError> {
        self.await_idle(run_id, containers, after_us, 1, limit).await
    }

    async fn containers_with(&self, run_id: &str, since_us: i64, samples: usize) -> Result<usize, WaitError> {
        let end_us = now_us() + AHEAD.as_micros() as i64;
        let span = Duration::from_micros(u64::try_from(end_us - since_us).unwrap_or(0));
        let selector = format!("{RUN_LABEL}={}", string(run_id));
        let found = self.raw(&[CPU], &selector, end_us, span, LOOK).await?;
        Ok(found.iter().filter(|series| series.cpu.len() >= samples).count())
    }
}

/// The wall clock, in microseconds since the epoch.
fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
