//! object_store: its S3 client against the origin and S3 endpoints, its HTTP client against any other server.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Names, Operation, Options, Request, Response};
use futures_util::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::http::{HttpBuilder, HttpStore};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    Certificate, ClientConfigKey, ClientOptions, Error, GetOptions, GetRange, HeaderMap, ObjectStore, ObjectStoreExt,
    RetryConfig,
};

enum Client {
    S3(AmazonS3),
    /// Only for reading: any other server than S3.
    Http(HttpStore),
}

impl AsyncClient for Client {
    const SIGNS: bool = true;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        let target = options.target()?;
        let headers = options.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers = headers.collect::<HashMap<String, String>>();
        let ca = Certificate::from_pem_bundle(options.ca().unwrap_or_default().as_bytes())?;
        let client = ClientOptions::new().with_no_system_certificates(!ca.is_empty());
        let client = ca
            .into_iter()
            .fold(client, ClientOptions::with_root_certificate)
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
            return Ok(Self::Http(store.build()?));
        };
        let store = AmazonS3Builder::new()
            .with_endpoint(&target.endpoint)
            .with_bucket_name(bucket)
            // One request for each delete, and no hash of what is put.
            .with_disable_bulk_delete(true)
            .with_unsigned_payload(true)
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
        Ok(Self::S3(store.build()?))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let performed = match self {
            Self::S3(store) => on_s3(store, request, response).await,
            Self::Http(store) => read(store, &Path::from(request.path()), request, response).await,
        };
        performed.map_err(|error| failure(&error))
    }
}

async fn on_s3(store: &AmazonS3, request: &Request<'_>, response: &mut Response) -> Result<(), Error> {
    let location = Path::from(request.key());
    let body = || request.body().unwrap_or_default().into();
    let upload = || request.upload().to_owned();
    // Its results are those of good statuses, which it does not show.
    let ok = |response: &mut Response| response.head(200, |_| None);
    match request.operation() {
        Operation::Get | Operation::Head => return read(store, &location, request, response).await,
        Operation::Put => {
            store.put(&location, body()).await?;
            ok(response);
        }
        Operation::Delete => {
            store.delete(&location).await?;
            ok(response);
        }
        Operation::List => {
            let asked = request.page();
            let options = PaginatedListOptions {
                max_keys: Some(asked.most as usize),
                page_token: asked.continuation,
                ..PaginatedListOptions::default()
            };
            let prefix = Some(&*asked.prefix).filter(|prefix| !prefix.is_empty());
            let page = store.list_paginated(prefix, options).await?;
            ok(response);
            page.result.objects.iter().for_each(|object| response.key(object.location.as_ref()));
            response.page_end(page.page_token.as_deref());
        }
        Operation::CreateUpload => {
            let id = store.create_multipart(&location).await?;
            ok(response);
            response.upload_id(&id);
        }
        Operation::UploadPart => {
            let part = store.put_part(&location, &upload(), request.part() as usize - 1, body()).await?;
            response.head(200, |_| Some(part.content_id.as_bytes()));
        }
        Operation::CompleteUpload => {
            let parts = request.tags().iter().map(|tag| PartId { content_id: tag.clone() }).collect();
            store.complete_multipart(&location, &upload(), parts).await?;
            ok(response);
            response.completed();
        }
        Operation::AbortUpload => {
            store.abort_multipart(&location, &upload()).await?;
            ok(response);
        }
    }
    Ok(())
}

/// A GET, or a HEAD.
async fn read(
    store: &impl ObjectStore,
    location: &Path,
    request: &Request<'_>,
    response: &mut Response,
) -> Result<(), Error> {
    let range = request.range().map(|range| GetRange::Bounded(*range.start()..range.end() + 1));
    let options = GetOptions { range, head: request.operation() == Operation::Head, ..GetOptions::default() };
    let got = store.get_opts(location, options).await?;
    let size = got.meta.size.to_string();
    // It shows no status: it answers a range with nothing but that very range, and the whole with all of it.
    match request.range() {
        None => response.head(200, |name| (name == "content-length").then_some(size.as_bytes())),
        Some(_) => {
            let range = format!("bytes {}-{}/{size}", got.range.start, got.range.end.saturating_sub(1));
            response.head(206, |_| Some(range.as_bytes()));
        }
    }
    if request.operation() == Operation::Get {
        let mut body = got.into_stream();
        while let Some(bytes) = body.next().await {
            response.chunk(&bytes?);
        }
    }
    Ok(())
}

/// Statuses are told in the text alone: `... status code: 503 Service Unavailable`.
fn failure(error: &Error) -> Failure {
    let failure = Failure::from_error(error);
    let status = match error {
        Error::PermissionDenied { .. } => Some(403),
        Error::Unauthenticated { .. } => Some(401),
        Error::NotFound { .. } => Some(404),
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
