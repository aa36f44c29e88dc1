//! `fetch_range` of hyper without the SDK: the same client, the same ranges, and nothing recorded. `scripts/bench --only sdk` compares the two.

#[path = "../../bare.rs"]
mod bare;

use std::time::Duration;

use bare::Failure;
use benchmark_protocol::target::{Object, Target};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper::header::RANGE;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

struct Client(hyper_util::client::legacy::Client<HttpConnector, Empty<Bytes>>);

impl bare::Client for Client {
    fn new(_target: &Target, concurrency: usize) -> Result<Self, Failure> {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(concurrency)
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_timer(TokioTimer::new())
            .retry_canceled_requests(false)
            .build(connector);
        Ok(Self(client))
    }

    async fn get(&self, object: &Object, first: u64, last: u64) -> Result<u64, Failure> {
        let asked = hyper::Request::get(&object.url).header(RANGE, format!("bytes={first}-{last}"));
        let mut got = self.0.request(asked.body(Empty::new())?).await?;
        if got.status() != 206 {
            return Err(format!("status {}", got.status()).into());
        }
        let mut received = 0;
        while let Some(frame) = got.body_mut().frame().await {
            if let Some(bytes) = frame?.data_ref() {
                received += bytes.len() as u64;
            }
        }
        Ok(received)
    }
}

fn main() -> Result<(), Failure> {
    bare::run::<Client>()
}
