//! reqwest's async client.

use std::process::ExitCode;

use benchmark_sdk::{
    AsyncClient, ConstructError, ContentRange, Failure, FailureKind, Operation, Options, Request, Response,
};
use reqwest::header::CONTENT_RANGE;

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
        let Operation::Get = request.operation() else { return Err(Failure::unsupported(request.operation())) };
        let asked = request.headers().fold(self.0.get(request.url()), |asked, (name, value)| asked.header(name, value));
        let mut got = asked.send().await.map_err(|error| {
            let failure = Failure::from_error(&error);
            let kind = if error.is_connect() && failure.kind != FailureKind::Dns {
                FailureKind::Connect
            } else {
                failure.kind
            };
            Failure { kind, ..failure }
        })?;
        let range = got.headers().get(CONTENT_RANGE).and_then(|value| ContentRange::parse(value.as_bytes()));
        response.head(got.status().as_u16(), range);
        while let Some(bytes) = got.chunk().await.map_err(|error| Failure::from_error(&error))? {
            response.chunk(&bytes);
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("reqwest"))
}
