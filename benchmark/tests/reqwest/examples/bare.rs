//! `fetch_range` of reqwest without the SDK: the same client, the same ranges, and nothing recorded. `scripts/bench --only sdk` compares the two.

#[path = "../../bare.rs"]
mod bare;

use std::time::Duration;

use bare::Failure;
use benchmark_protocol::target::{Object, Target};
use reqwest::header::RANGE;

struct Client(reqwest::Client);

impl bare::Client for Client {
    fn new(_target: &Target, concurrency: usize) -> Result<Self, Failure> {
        let client = reqwest::Client::builder()
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(concurrency)
            .pool_idle_timeout(Duration::from_secs(90))
            .build()?;
        Ok(Self(client))
    }

    async fn get(&self, object: &Object, first: u64, last: u64) -> Result<u64, Failure> {
        let asked = self.0.get(&object.url).header(RANGE, format!("bytes={first}-{last}"));
        let mut got = asked.send().await?;
        if got.status() != 206 {
            return Err(format!("status {}", got.status()).into());
        }
        let mut received = 0;
        while let Some(bytes) = got.chunk().await? {
            received += bytes.len() as u64;
        }
        Ok(received)
    }
}

fn main() -> Result<(), Failure> {
    bare::run::<Client>()
}
