//! object_store: its S3 client against the origin and S3 endpoints, its HTTP client against any other server.

mod http;

use std::error::Error as _;
use std::process::ExitCode;
use std::time::Duration;

use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Names, Operation, Options, Request, Response};
use futures_util::StreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::HttpError;
use object_store::http::{HttpBuilder, HttpStore};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{ClientOptions, Error, GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig};

use crate::http::{Connector, Cut, Refused, Unreadable};

enum Client {
    S3(AmazonS3),
    /// Only for reading: any other server than S3.
    Http(HttpStore),
}

impl AsyncClient for Client {
    const SIGNS: bool = true;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        let target = options.target()?;
        let connector = Connector::new(options)?;
        let client = ClientOptions::new().with_allow_http(true);
        // Without retries nothing resumes a body either.
        let retry = RetryConfig { max_retries: 0, retry_timeout: Duration::ZERO, ..RetryConfig::default() };
        let (Names::Bucket(bucket) | Names::Object { bucket, .. }) = &target.names else {
            // The whole of it, so that it goes out as it was typed: a location would be encoded again.
            let store = HttpBuilder::new().with_url(target.object("").url).with_http_connector(connector);
            return Ok(Self::Http(store.with_client_options(client).with_retry(retry).build()?));
        };
        let store = AmazonS3Builder::new()
            .with_endpoint(&target.endpoint)
            .with_bucket_name(bucket)
            // One request for each delete, and no hash of what is put.
            .with_disable_bulk_delete(true)
            .with_unsigned_payload(true)
            .with_client_options(client)
            .with_http_connector(connector)
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
            Self::Http(store) => read(store, &Path::default(), request, response).await,
        };
        performed.or_else(|error| failed(&error, response))
    }
}

async fn on_s3(store: &AmazonS3, request: &Request<'_>, response: &mut Response) -> Result<(), Error> {
    let location = Path::parse(request.key())?;
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
    // It shows no status, and has none but these.
    match request.range() {
        None => response.head(200, |name| (name == "content-length").then_some(size.as_bytes())),
        Some(_) => {
            let range = format!("bytes {}-{}/{size}", got.range.start, got.range.end.saturating_sub(1));
            response.head(206, |_| Some(range.as_bytes()));
        }
    }
    if request.operation() == Operation::Get {
        let mut body = got.into_stream();
        while !response.is_over()
            && let Some(bytes) = body.next().await
        {
            response.chunk(&bytes?);
        }
    }
    Ok(())
}

/// What went wrong below it is told by its kind. Else it has read the whole answer, and does not take it for one.
fn failed(error: &Error, response: &mut Response) -> Result<(), Failure> {
    if let Some(refused) = cause::<Refused>(error) {
        refused.tell(response);
        return Ok(());
    }
    if cause::<Cut>(error).is_some() {
        response.head(200, |_| None);
    }
    let failure = Failure::from_error(error);
    let is_unreadable = cause::<HttpError>(error).is_none() || cause::<Unreadable>(error).is_some();
    if is_unreadable { Err(Failure { kind: FailureKind::BadBytes, ..failure }) } else { Err(failure) }
}

fn cause<E: std::error::Error + 'static>(error: &Error) -> Option<&E> {
    std::iter::successors(error.source(), |cause| (*cause).source()).find_map(|cause| cause.downcast_ref())
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("object_store"))
}
