//! reqwest's async client.

use std::process::ExitCode;

use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Options, Request, Response};
use reqwest::Method;

struct Client(reqwest::Client);

impl AsyncClient for Client {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let mut client = reqwest::Client::builder()
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .pool_max_idle_per_host(options.idle_connections())
            .pool_idle_timeout(options.keep_alive_timeout);
        if let Some(ca) = options.ca() {
            client = client.tls_certs_only(reqwest::Certificate::from_pem_bundle(ca.as_bytes())?);
        }
        Ok(Self(client.build()?))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let method = Method::from_bytes(request.method().as_bytes()).map_err(|error| Failure::from_error(&error))?;
        let asked = self.0.request(method, request.url());
        let asked = request.headers().fold(asked, |asked, (name, value)| asked.header(name, value));
        let asked = request.body().into_iter().fold(asked, reqwest::RequestBuilder::body);
        let mut got = asked.send().await.map_err(|error| {
            let failure = Failure::from_error(&error);
            let is_connect = failure.kind == FailureKind::Other && error.is_connect();
            let kind = if is_connect { FailureKind::Connect } else { failure.kind };
            Failure { kind, ..failure }
        })?;
        response.head(got.status().as_u16(), |name| got.headers().get(name).map(|value| value.as_bytes()));
        while !response.is_over()
            && let Some(bytes) = got.chunk().await.map_err(|error| Failure::from_error(&error))?
        {
            response.chunk(&bytes);
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("reqwest"))
}
