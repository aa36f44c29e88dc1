//! `fetch_range` of aws-sdk-s3 without the SDK: the same client, the same ranges, and nothing recorded. `scripts/bench --only sdk` compares the two.

#[path = "../../bare.rs"]
mod bare;

use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use bare::Failure;
use benchmark_protocol::target::{Object, Target};

struct Client(aws_sdk_s3::Client);

impl bare::Client for Client {
    fn new(target: &Target, concurrency: usize) -> Result<Self, Failure> {
        let http = Builder::new()
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_max_idle_per_host(concurrency)
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_https();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&target.endpoint)
            .force_path_style(true)
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .allow_no_auth();
        Ok(Self(aws_sdk_s3::Client::from_conf(config.build())))
    }

    async fn get(&self, object: &Object, first: u64, last: u64) -> Result<u64, Failure> {
        let asked = self.0.get_object().bucket(&object.bucket).key(&object.key);
        let mut got = asked.range(format!("bytes={first}-{last}")).send().await?;
        let mut received = 0;
        while let Some(bytes) = got.body.next().await {
            received += bytes?.len() as u64;
        }
        Ok(received)
    }
}

fn main() -> Result<(), Failure> {
    bare::run::<Client>()
}
