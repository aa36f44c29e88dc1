//! reqwest's async client.

use std::process::ExitCode;

use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Operation, Options, Request, Response};
use reqwest::Method;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG};

struct Client(reqwest::Client);

impl AsyncClient for Client {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let client = reqwest::Client::builder()
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(options.idle_connections())
            .pool_idle_timeout(options.keep_alive_timeout)
            .build()?;
        Ok(Self(client))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let method = match request.operation() {
            Operation::Get | Operation::List => Method::GET,
            Operation::Head => Method::HEAD,
            Operation::Put | Operation::UploadPart => Method::PUT,
            Operation::CreateUpload | Operation::CompleteUpload => Method::POST,
            Operation::Delete | Operation::AbortUpload => Method::DELETE,
        };
        let asked = self.0.request(method, request.url());
        let asked = request.headers().fold(asked, |asked, (name, value)| asked.header(name, value));
        let asked = request.body().into_iter().fold(asked, reqwest::RequestBuilder::body);
        let mut got = asked.send().await.map_err(|error| {
            let failure = Failure::from_error(&error);
            let kind = if error.is_connect() && failure.kind != FailureKind::Dns {
                FailureKind::Connect
            } else {
                failure.kind
            };
            Failure { kind, ..failure }
        })?;
        response.head(got.status().as_u16(), |name| {
            // By constants: a name that is a text is read and hashed anew.
            let name = match name {
                "content-range" => CONTENT_RANGE,
                "content-length" => CONTENT_LENGTH,
                "etag" => ETAG,
                _ => return None,
            };
            got.headers().get(name).map(|value| value.as_bytes())
        });
        while let Some(bytes) = got.chunk().await.map_err(|error| Failure::from_error(&error))? {
            response.chunk(&bytes);
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("reqwest"))
}
