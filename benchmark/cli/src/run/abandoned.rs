//! A second signal: whatever is waited for is left at once.

use tokio::sync::watch;

/// What comes of this, unless a second signal ends it. The first one stays unheard: whoever listens next hears it.
pub(super) async fn unless_abandoned<T>(signals: &watch::Receiver<u32>, work: impl Future<Output = T>) -> Option<T> {
    let mut signals = signals.clone();
    tokio::select! {
        biased;
        Ok(_) = signals.wait_for(|signals| *signals > 1) => None,
        done = work => Some(done),
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn the_second_signal_ends_it_and_the_first_one_is_still_to_be_heard() {
        let (signals, mut heard) = watch::channel(0);
        assert_eq!(unless_abandoned(&heard, ready(7)).await, Some(7));
        signals.send(1).unwrap();
        assert_eq!(unless_abandoned(&heard, ready(7)).await, Some(7));
        heard.changed().await.unwrap();
        signals.send(2).unwrap();
        assert_eq!(unless_abandoned(&heard, pending::<u32>()).await, None);
        // Where nobody counts signals any more, none comes.
        drop(signals);
        let (_, gone) = watch::channel(0);
        assert_eq!(unless_abandoned(&gone, ready(7)).await, Some(7));
    }
}
