//! The AWS SDK's S3 client, on its default HTTPS stack.

use std::error::Error;
use std::process::ExitCode;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_s3::error::SdkError;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use benchmark_sdk::{AsyncClient, ConstructError, ContentRange, Failure, Names, Operation, Options, Request, Response};

struct Client(aws_sdk_s3::Client);

impl AsyncClient for Client {
    const SIGNS: bool = true;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        let target = options.target()?;
        if matches!(&target.names, Names::Path(path) if !path[1..].contains('/')) {
            return Err("aws-sdk-s3 needs a bucket and a key: http://host:port/bucket/key or s3://bucket/key".into());
        }
        let http = Builder::new()
            .pool_idle_timeout(options.keep_alive_timeout)
            .pool_max_idle_per_host(options.idle_connections())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_https();
        let credentials = options.credentials();
        let region = credentials.as_ref().map_or("us-east-1", |credentials| &credentials.region).to_owned();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .endpoint_url(target.endpoint)
            .force_path_style(true)
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let config = match credentials {
            None => config.allow_no_auth(),
            Some(given) => config.credentials_provider(Credentials::new(
                given.access_key_id,
                given.secret_access_key,
                given.session_token,
                None,
                "environment",
            )),
        };
        Ok(Self(aws_sdk_s3::Client::from_conf(config.build())))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let Operation::Get = request.operation() else { return Err(Failure::unsupported(request.operation())) };
        let asked = self.0.get_object().bucket(request.bucket()).key(request.key());
        let asked = asked.set_range(request.range_header().map(str::to_owned));
        let sent = match request.given_headers().next() {
            None => asked.send().await,
            Some(_) => {
                // What changes a request is kept beyond this call: it owns what it says.
                let given: Vec<_> =
                    request.given_headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                let changed = asked.customize().mutate_request(move |request| {
                    for (name, value) in &given {
                        request.headers_mut().insert(name.clone(), value.clone());
                    }
                });
                changed.send().await
            }
        };
        let mut got = match sent {
            Ok(got) => got,
            Err(error) => return failed(&error, response),
        };
        let range = got.content_range().and_then(|value| ContentRange::parse(value.as_bytes()));
        // It shows no status of a success: 206 is what comes with a range.
        response.head(if range.is_some() { 206 } else { 200 }, range);
        while let Some(bytes) = got.body.next().await {
            response.chunk(&bytes.map_err(|error| Failure::from_error(&error))?);
        }
        Ok(())
    }
}

fn failed<E: Error + 'static>(
    error: &SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
    response: &mut Response,
) -> Result<(), Failure> {
    match error.raw_response() {
        Some(raw) if !raw.status().is_success() => {
            response.head(raw.status().as_u16(), None);
            Ok(())
        }
        _ => Err(Failure::from_error(error)),
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("aws-sdk-s3"))
}
