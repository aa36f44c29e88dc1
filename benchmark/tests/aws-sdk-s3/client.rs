//! The AWS SDK's S3 client, on its default HTTPS stack.

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
use benchmark_sdk::{AsyncClient, ConstructError, Failure, Names, Operation, Options, Request, Response};

struct Client(aws_sdk_s3::Client);

/// Sends one of its requests with the headers that were given; what came is its value, and an error the end of `perform`.
macro_rules! send {
    ($asked:expr, $request:ident, $response:ident) => {{
        let sent = match $request.given_headers().next() {
            None => $asked.send().await,
            Some(_) => {
                // What changes a request is kept beyond this call: it owns what it says.
                let given: Vec<_> =
                    $request.given_headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
                let change = move |request: &mut aws_sdk_s3::config::http::HttpRequest| {
                    for (name, value) in &given {
                        request.headers_mut().insert(name.clone(), value.clone());
                    }
                };
                $asked.mutate_request(change).send().await
            }
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
            .endpoint_url(target.endpoint)
            .force_path_style(true)
            .http_client(http)
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
                // It shows no status of a success: 206 is what comes with a range.
                response.head(if range.is_some() { 206 } else { 200 }, |_| range);
                while let Some(bytes) = got.body.next().await {
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

fn failed<E: Error + 'static>(error: &SdkError<E, HttpResponse>, response: &mut Response) -> Result<(), Failure> {
    match error.raw_response() {
        Some(raw) if !raw.status().is_success() => {
            response.head(raw.status().as_u16(), |_| None);
            Ok(())
        }
        _ => Err(Failure::from_error(error)),
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("aws-sdk-s3"))
}
