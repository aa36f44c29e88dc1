//! hyper through the pooled client of hyper-util, as its users know it.

use std::process::ExitCode;

use benchmark_sdk::{AsyncClient, ConstructError, Failure, FailureKind, Options, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

struct Client(hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>);

impl AsyncClient for Client {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        if options.target()?.tls {
            return Err("hyper is measured over plain HTTP only".into());
        }
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(options.idle_connections())
            .pool_idle_timeout(options.keep_alive_timeout)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self(client))
    }

    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let builder = hyper::Request::builder().method(request.method()).uri(request.url());
        let builder = request.headers().fold(builder, |builder, (name, value)| builder.header(name, value));
        let body = request.body().unwrap_or_default();
        let asked = builder.body(Full::new(body)).map_err(|error| Failure::from_error(&error))?;
        let mut got = self.0.request(asked).await.map_err(|error| {
            let failure = Failure::from_error(&error);
            let is_connect = failure.kind == FailureKind::Other && error.is_connect();
            let kind = if is_connect { FailureKind::Connect } else { failure.kind };
            Failure { kind, ..failure }
        })?;
        response.head(got.status().as_u16(), |name| got.headers().get(name).map(|value| value.as_bytes()));
        while !response.is_over()
            && let Some(frame) = got.body_mut().frame().await
        {
            let frame = frame.map_err(|error| Failure::from_error(&error))?;
            if let Some(bytes) = frame.data_ref() {
                response.chunk(bytes);
            }
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    benchmark_sdk::run_async::<Client>(benchmark_sdk::program!("hyper"))
}
