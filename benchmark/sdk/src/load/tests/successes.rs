//! Successes that are handed over many at a time: all of them reach the result, whatever became of their slot.

use std::sync::atomic::{AtomicU64, Ordering};

use super::super::asynchronous::Asynchronous;
use super::{answer, histogram, load};
use crate::client::{AsyncClient, ConstructError};
use crate::failure::Failure;
use crate::options::Options;
use crate::request::Request;
use crate::response::Response;

/// Answers all requests but one, which it never does.
struct StuckOnce(AtomicU64);

impl AsyncClient for StuckOnce {
    fn new(_: &Options) -> Result<Self, ConstructError> {
        Ok(Self(AtomicU64::new(0)))
    }

    async fn perform(&self, _: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        if self.0.fetch_add(1, Ordering::Relaxed) == 700 {
            std::future::pending::<()>().await;
        }
        tokio::task::yield_now().await;
        answer(response);
        Ok(())
    }
}

#[test]
fn each_success_has_its_latency_also_those_of_a_slot_that_is_stuck() {
    for threads in [1, 2] {
        let flags = format!("--concurrency 4 --threads {threads} --duration 300ms --warmup 0s --drain 100ms");
        let result = load::<Asynchronous<StuckOnce>>(&flags, None, None).unwrap();
        let window = result.window;
        assert_eq!((window.attempts - window.successes, window.censored), (1, 1), "{threads} threads");
        assert!(window.successes > 700, "{window:?}");
        assert_eq!(window.success_bytes, 2 * window.successes);
        assert_eq!(histogram(&result.latency).len(), window.successes, "{threads} threads");
        let sampled = histogram(&result.first_byte.unwrap()).len();
        assert!((window.successes / 10..window.successes / 6).contains(&sampled), "{sampled} of {window:?}");
    }
}
