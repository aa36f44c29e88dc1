//! The AWS SDK's S3 client, on its default HTTPS stack.

mod http;

use std::error::Error;
use std::process::ExitCode;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Names, Operation, Options, Request, Response};

use crate::http::{Cut, Refused, TooLong, looked};

struct Client(aws_sdk_s3::Client);

/// Sends one of its requests with the headers that were given; what came is its value, and an error the end of `perform`.
macro_rules! send {
    ($asked:expr, $request:ident, $response:ident) => {{
        // What changes a request is kept beyond this call: it owns what it says.
        let given = given($request);
        let sent = if given.is_empty() {
            $asked.send().await
        } else {
            let change = move |request: &mut aws_sdk_s3::config::http::HttpRequest| {
                for (name, value) in &given {
                    request.headers_mut().insert(name.clone(), value.clone());
                }
            };
            $asked.mutate_request(change).send().await
        };
        match sent {
            Ok(got) => got,
            Err(error) => return failed(&error, $response),
        }
    }};
}

impl AsyncClient for Client {
    const SIGNS: bool = true;

    fn new(options: &Options) -> Result<Self, ConstructError> {
        let target = options.target()?;
        if matches!(&target.names, Names::Path(path) if !path[1..].contains('/')) {
            return Err("aws-sdk-s3 needs a bucket and a key: http://host:port/bucket/key or s3://bucket/key".into());
        }
        if target.names.has_query() || !target.names.is_as_a_key_is_encoded() {
            return Err("aws-sdk-s3 is given a key and encodes it itself: it would ask for another path".into());
        }
        let roots = options.ca().map_or_else(TrustStore::default, |ca| TrustStore::empty().with_pem_certificate(ca));
        let http = Builder::new()
            .pool_idle_timeout(options.keep_alive_timeout)
            .pool_max_idle_per_host(options.idle_connections())
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(TlsContext::builder().with_trust_store(roots).build()?)
            .build_https();
        let credentials = options.credentials();
        let region = credentials.as_ref().map_or("us-east-1", |credentials| &credentials.region).to_owned();
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            // The bucket is put right behind it.
            .endpoint_url(target.endpoint + "/")
            .force_path_style(true)
            .http_client(looked(http, options.keep_alive))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            // No checksum that no other library makes.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
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
        let (client, bucket, key) = (&self.0, request.bucket(), request.key());
        let body = || ByteStream::from(request.body().unwrap_or_default());
        match request.operation() {
            Operation::Get => {
                let asked = client.get_object().bucket(bucket).key(key);
                let asked = asked.set_range(request.range_header().map(str::to_owned));
                let mut got = send!(asked.customize(), request, response);
                let range = got.content_range().map(str::as_bytes);
                // It shows no status, and has none but the one that goes with what was asked for.
                response.head(if request.range().is_some() { 206 } else { 200 }, |_| range);
                while !response.is_over()
                    && let Some(bytes) = got.body.next().await
                {
                    response.chunk(&bytes.map_err(|error| Failure::from_error(&error))?);
                }
            }
            Operation::Head => {
                let asked = client.head_object().bucket(bucket).key(key);
                let length =
                    send!(asked.customize(), request, response).content_length().map(|length| length.to_string());
                response.head(200, |_| length.as_deref().map(str::as_bytes));
            }
            Operation::Put => {
                let asked = client.put_object().bucket(bucket).key(key).body(body());
                // As all libraries do: no hash of what is put.
                send!(asked.customize().disable_payload_signing(), request, response);
                response.head(200, |_| None);
            }
            Operation::Delete => {
                send!(client.delete_object().bucket(bucket).key(key).customize(), request, response);
                response.head(204, |_| None);
            }
            Operation::List => {
                let page = request.page();
                let asked = client.list_objects_v2().bucket(bucket).max_keys(page.most.cast_signed());
                let asked = asked.prefix(page.prefix).set_continuation_token(page.continuation);
                let got = send!(asked.customize(), request, response);
                response.head(200, |_| None);
                got.contents().iter().filter_map(|object| object.key()).for_each(|key| response.key(key));
                let truncated = got.is_truncated() == Some(true);
                if truncated && got.next_continuation_token().is_none() {
                    let text = "a truncated page without a NextContinuationToken";
                    return Err(Failure::new(FailureKind::BadBytes, text));
                }
                response.page_end(got.next_continuation_token().filter(|_| truncated));
            }
            Operation::CreateUpload => {
                let asked = client.create_multipart_upload().bucket(bucket).key(key);
                let got = send!(asked.customize(), request, response);
                response.head(200, |_| None);
                response.upload_id(got.upload_id().unwrap_or_default());
            }
            Operation::UploadPart => {
                let asked = client.upload_part().bucket(bucket).key(key).upload_id(request.upload());
                let asked = asked.part_number(request.part().cast_signed()).body(body());
                let got = send!(asked.customize().disable_payload_signing(), request, response);
                response.head(200, |_| got.e_tag().map(str::as_bytes));
            }
            Operation::CompleteUpload => {
                let part =
                    |(number, tag): (i32, &String)| CompletedPart::builder().part_number(number).e_tag(tag).build();
                let parts = (1..).zip(request.tags()).map(part).collect();
                let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
                let asked = client.complete_multipart_upload().bucket(bucket).key(key).upload_id(request.upload());
                send!(asked.multipart_upload(parts).customize(), request, response);
                response.head(200, |_| None);
                response.completed();
            }
            Operation::AbortUpload => {
                let asked = client.abort_multipart_upload().bucket(bucket).key(key).upload_id(request.upload());
                send!(asked.customize(), request, response);
                response.head(204, |_| None);
            }
        }
        Ok(())
    }
}

/// The headers that the user gave. That the server is to close is said below what is signed.
fn given(request: &Request<'_>) -> Vec<(String, String)> {
    let given = request.given_headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
    given.filter(|(name, _)| name != "connection").collect()
}

/// What went wrong below it is told by its kind. Else it has read the whole answer, and does not take it for one.
fn failed<E: Error + 'static>(error: &SdkError<E, HttpResponse>, response: &mut Response) -> Result<(), Failure> {
    if let Some(refused) = cause::<Refused>(error) {
        refused.tell(response);
        return Ok(());
    }
    if cause::<Cut>(error).is_some() {
        response.head(200, |_| None);
    }
    let failure = Failure::from_error(error);
    let is_unreadable = error.raw_response().is_some() || cause::<TooLong>(error).is_some();
    if is_unreadable { Err(Failure { kind: FailureKind::BadBytes, ..failure }) } else { Err(failure) }
}

fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(error.source(), |cause| (*cause).source()).find_map(|cause| cause.downcast_ref())
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("aws-sdk-s3"))
}
