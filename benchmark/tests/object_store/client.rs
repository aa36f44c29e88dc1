//! object_store: its S3 client against the origin and S3 endpoints, its HTTP client against any other server.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use benchmark_sdk::{
    AsyncClient, ConstructError, ContentRange, Failure, FailureKind, Names, Operation, Options, Request, Response,
};
use futures_util::StreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{ClientConfigKey, ClientOptions, GetOptions, GetRange, HeaderMap, ObjectStore, RetryConfig};

struct Client {
    store: Box<dyn ObjectStore>,
    /// Whether a location is the key alone, or (plain HTTP) the whole path.
    by_key: bool,
}

impl AsyncClient for Client {
    const SIGNS: bool = true;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        let target = options.target()?;
        let headers = options.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers = headers.collect::<HashMap<String, String>>();
        let client = ClientOptions::new()
            .with_default_headers(HeaderMap::try_from(&headers)?)
            .with_allow_http(true)
            .with_http1_only()
            .with_timeout_disabled()
            .with_connect_timeout_disabled()
            .with_config(ClientConfigKey::RandomizeAddresses, "false")
            .with_pool_idle_timeout(options.keep_alive_timeout)
            .with_pool_max_idle_per_host(options.idle_connections());
        // Without retries nothing resumes a body either.
        let retry = RetryConfig { max_retries: 0, retry_timeout: Duration::ZERO, ..RetryConfig::default() };
        let (Names::Bucket(bucket) | Names::Object { bucket, .. }) = &target.names else {
            let store = HttpBuilder::new().with_url(&target.endpoint).with_client_options(client).with_retry(retry);
            return Ok(Self { store: Box::new(store.build()?), by_key: false });
        };
        let store = AmazonS3Builder::new()
            .with_endpoint(&target.endpoint)
            .with_bucket_name(bucket)
            .with_client_options(client)
            .with_retry(retry);
        let store = match options.credentials() {
            None => store.with_skip_signature(true),
            Some(credentials) => {
                let store = store
                    .with_region(credentials.region)
                    .with_access_key_id(credentials.access_key_id)
                    .with_secret_access_key(credentials.secret_access_key);
                credentials.session_token.into_iter().fold(store, AmazonS3Builder::with_token)
            }
        };
        Ok(Self { store: Box::new(store.build()?), by_key: true })
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let Operation::Get = request.operation() else { return Err(Failure::unsupported(request.operation())) };
        let location = if self.by_key { Path::from(request.key()) } else { Path::from(request.path()) };
        let range = request.range().map(|range| GetRange::Bounded(*range.start()..range.end() + 1));
        let options = GetOptions { range, ..GetOptions::default() };
        let got = self.store.get_opts(&location, options).await.map_err(|error| failure(&error))?;
        // It shows no status: it answers a range with nothing but that very range, and the whole with all of it.
        match request.range() {
            None => response.head(200, None),
            Some(_) => {
                let last = got.range.end.saturating_sub(1);
                response.head(206, Some(ContentRange { first: got.range.start, last, size: got.meta.size }));
            }
        }
        let mut body = got.into_stream();
        while let Some(bytes) = body.next().await {
            response.chunk(&bytes.map_err(|error| failure(&error))?);
        }
        Ok(())
    }
}

/// Statuses are told in the text alone: `... status code: 503 Service Unavailable`.
fn failure(error: &object_store::Error) -> Failure {
    let failure = Failure::from_error(error);
    let status = match error {
        object_store::Error::PermissionDenied { .. } => Some(403),
        object_store::Error::Unauthenticated { .. } => Some(401),
        object_store::Error::NotFound { .. } => Some(404),
        _ => failure.text.split_once("status code: ").and_then(|(_, rest)| rest.get(..3)?.parse().ok()),
    };
    match status {
        Some(status) => Failure::status(status),
        None if failure.text.contains("ignored") => Failure::new(FailureKind::Status, failure.text),
        None => failure,
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("object_store"))
}
