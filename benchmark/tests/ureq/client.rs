//! ureq's agent: one for all threads, as its documentation advises.

mod transport;

use std::cell::RefCell;
use std::io::{ErrorKind, Read as _};
use std::process::ExitCode;
use std::sync::Arc;

use benchmark_sdk::{BlockingClient, ConstructError, Failure, FailureKind, Operation, Options, Request, Response};
use ureq::http;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, RustlsConnector, TcpConnector};

use crate::transport::TellsResets;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

/// Bodies are read through a buffer of the thread's own.
const BUFFER: usize = 32 << 10;

thread_local! {
    static PIECE: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER]);
}

struct Client {
    agent: ureq::Agent,
    /// Idle connections at most: so many may turn out to be closed, one after the other.
    idle: usize,
}

impl BlockingClient for Client {
    fn new(options: &Options) -> Result<Self, ConstructError> {
        let roots = options.ca().map_or(RootCerts::WebPki, |ca| {
            let certificates = parse_pem(ca.as_bytes()).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            RootCerts::Specific(Arc::new(certificates.collect()))
        });
        let config = ureq::Agent::config_builder()
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .no_delay(true)
            // A hung server is cut off by these, which are set once for each connection.
            .timeout_connect(Some(options.timeout))
            .timeout_per_read(Some(options.timeout))
            .timeout_per_write(Some(options.timeout))
            // One that trickles, by these: as they are longer, nothing is set anew for each request. Not `timeout_global`: with it ureq
            // looks the name up in a new thread for each request, which costs four times what the request does. The SDK fails
            // whatever takes longer in all.
            .timeout_send_request(Some(options.timeout * 2))
            .timeout_recv_response(Some(options.timeout * 2))
            .timeout_recv_body(Some(options.timeout * 2))
            .max_idle_connections(options.idle_connections())
            .max_idle_connections_per_host(options.idle_connections())
            .max_idle_age(options.keep_alive_timeout)
            .build();
        let connector = ().chain(TcpConnector::default()).chain(TellsResets).chain(RustlsConnector::default());
        let agent = ureq::Agent::with_parts(config, connector, DefaultResolver::default());
        Ok(Self { agent, idle: options.idle_connections() })
    }

    fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        let mut got = self.send(request)?;
        response.head(got.status().as_u16(), |name| got.headers().get(name).map(|value| value.as_bytes()));
        let mut body = got.body_mut().as_reader();
        PIECE.with_borrow_mut(|piece| {
            while !response.is_over() {
                match body.read(piece).map_err(|error| Failure::from_error(&error))? {
                    0 => break,
                    read => response.chunk(&piece[..read]),
                }
            }
            Ok(())
        })
    }
}

impl Client {
    fn send(&self, request: &Request<'_>) -> Result<http::Response<ureq::Body>, Failure> {
        // A request that could send something says that it sends nothing.
        let is_empty = request.operation() == Operation::CreateUpload;
        let body = request.body().or_else(|| is_empty.then(Default::default));
        let mut closed = 0;
        loop {
            let asked = http::Request::builder().method(request.method()).uri(request.url());
            let asked = request.headers().fold(asked, |asked, (name, value)| asked.header(name, value));
            let sent = match &body {
                Some(body) => asked.body(&body[..]).map(|asked| self.agent.run(asked)),
                None => asked.body(()).map(|asked| self.agent.run(asked)),
            };
            match sent.map_err(|error| Failure::from_error(&error))? {
                // Of a head alone, which is one write, no byte was written: nobody has seen it, and it goes out on another connection.
                Err(ureq::Error::Io(error))
                    if error.kind() == ErrorKind::BrokenPipe && body.is_none() && closed < self.idle =>
                {
                    closed += 1;
                }
                Err(error) => return Err(failure(error)),
                Ok(got) => return Ok(got),
            }
        }
    }
}

fn failure(error: ureq::Error) -> Failure {
    let kind = match &error {
        ureq::Error::HostNotFound => FailureKind::Dns,
        ureq::Error::ConnectionFailed => FailureKind::Connect,
        ureq::Error::Timeout(_) => FailureKind::Timeout,
        ureq::Error::Tls(_) => FailureKind::Tls,
        // There is no body yet that could end too early.
        ureq::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => FailureKind::Reset,
        ureq::Error::Io(error) => return Failure::from_error(error),
        _ => return Failure::from_error(&error),
    };
    Failure::new(kind, error.to_string())
}

fn main() -> ExitCode {
    benchmark_sdk::run_blocking::<Client>(benchmark_sdk::program!("ureq"))
}
