//! SIGINT and SIGTERM, counted: the first asks for a graceful end, the second for an end at once.

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::output::tell;

/// Signals since the campaign began.
#[derive(Clone, Debug)]
pub(crate) struct Interrupts(pub(crate) watch::Receiver<u32>);

impl Interrupts {
    /// From now on signals are counted and end nothing by themselves.
    pub(crate) fn listen() -> Result<Self> {
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let (sender, receiver) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    // Nobody asks any more.
                    () = sender.closed() => return,
                }
                sender.send_modify(|signals| *signals += 1);
                if *sender.borrow() == 1 {
                    tell!("stopping: what is finished is kept (once more: stop at once)");
                }
            }
        });
        Ok(Self(receiver))
    }

    /// Whether a signal came.
    pub(crate) fn came(&self) -> bool {
        *self.0.borrow() > 0
    }

    /// Waits for the first signal.
    pub(crate) async fn first(&mut self) {
        // The counting task lives as long as the runtime.
        let _ = self.0.wait_for(|signals| *signals > 0).await;
    }
}
