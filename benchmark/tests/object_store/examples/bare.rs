//! `fetch_range` of object_store without the SDK: the same client, the same ranges, and nothing recorded. `scripts/bench --only sdk` compares the two.

#[path = "../../bare.rs"]
mod bare;

use std::time::Duration;

use bare::Failure;
use benchmark_protocol::target::{Object, Target};
use futures_util::StreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{ClientConfigKey, ClientOptions, GetOptions, GetRange, ObjectStore, RetryConfig};

struct Client(Box<dyn ObjectStore>);

impl bare::Client for Client {
    fn new(target: &Target, concurrency: usize) -> Result<Self, Failure> {
        let client = ClientOptions::new()
            .with_allow_http(true)
            .with_http1_only()
            .with_timeout_disabled()
            .with_connect_timeout_disabled()
            .with_config(ClientConfigKey::RandomizeAddresses, "false")
            .with_pool_idle_timeout(Duration::from_secs(90))
            .with_pool_max_idle_per_host(concurrency);
        let retry = RetryConfig { max_retries: 0, retry_timeout: Duration::ZERO, ..RetryConfig::default() };
        let store = AmazonS3Builder::new()
            .with_endpoint(&target.endpoint)
            .with_bucket_name(target.object("").bucket)
            .with_client_options(client)
            .with_retry(retry)
            .with_skip_signature(true);
        Ok(Self(Box::new(store.build()?)))
    }

    async fn get(&self, object: &Object, first: u64, last: u64) -> Result<u64, Failure> {
        let options = GetOptions { range: Some(GetRange::Bounded(first..last + 1)), ..GetOptions::default() };
        let got = self.0.get_opts(&Path::from(object.key.as_str()), options).await?;
        let mut body = got.into_stream();
        let mut received = 0;
        while let Some(bytes) = body.next().await {
            received += bytes?.len() as u64;
        }
        Ok(received)
    }
}

fn main() -> Result<(), Failure> {
    bare::run::<Client>()
}
