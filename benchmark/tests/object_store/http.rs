//! What object_store asks through: its own service on reqwest, on a client that its options cannot make so (no redirects, no proxy), and
//! a look at answers that it would show nothing of.

use async_trait::async_trait;
use benchmark_sdk::{ConstructError, LONGEST_KEPT, LONGEST_READ_OUT, Options, Response, error_in, good_statuses};
use futures_util::StreamExt;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use object_store::{ClientOptions, HeaderMap};

/// Hands out the one client there is.
#[derive(Debug)]
pub(crate) struct Connector(reqwest::Client);

impl Connector {
    pub(crate) fn new(options: &Options) -> Result<Self, ConstructError> {
        let mut headers = HeaderMap::new();
        for (name, value) in options.headers() {
            headers.append(name.parse::<reqwest::header::HeaderName>()?, value.parse()?);
        }
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("object_store/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .tcp_nodelay(true)
            .pool_idle_timeout(options.keep_alive_timeout)
            .pool_max_idle_per_host(options.idle_connections());
        if let Some(ca) = options.ca() {
            client = client.tls_certs_only(reqwest::Certificate::from_pem_bundle(ca.as_bytes())?);
        }
        Ok(Self(client.build()?))
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Looked(self.0.clone())))
    }
}

/// An answer of another status than the one wanted, or without the range.
#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub(crate) struct Refused {
    status: u16,
    headers: HeaderMap,
}

impl Refused {
    pub(crate) fn tell(&self, response: &mut Response) {
        response.head(self.status, |name| self.headers.get(name).map(|value| value.as_bytes()));
    }
}

/// An answer in XML whose head had come, and whose body did not come whole.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Cut(HttpError);

/// An answer that object_store would take for a good one, or keep without end.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unreadable(String);

#[derive(Debug)]
struct Looked(reqwest::Client);

#[async_trait]
impl HttpService for Looked {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let range = request.headers().get("range").cloned();
        let method = request.method().clone();
        // All others' answers have no body but an error's.
        let is_object = (method == "GET" && !request.uri().query().is_some_and(|query| query.contains("list-type=")))
            || method == "HEAD";
        let response = self.0.call(request).await?;
        let status = response.status().as_u16();
        let is_good = good_statuses(method.as_str(), range.is_some()).contains(&status)
            && range.is_none_or(|range| is_of(&range, response.headers()));
        match (is_good, is_object) {
            (true, true) => Ok(response),
            (true, false) => bounded(response).await,
            (false, _) => Err(refused(response).await),
        }
    }
}

/// Whether the answer names this range, of an object of a known size: `bytes=0-9` and `bytes 0-9/10`.
fn is_of(range: &reqwest::header::HeaderValue, headers: &HeaderMap) -> bool {
    let named = || {
        let named = headers.get("content-range")?.to_str().ok()?.strip_prefix("bytes ")?;
        let size = named.strip_prefix(range.to_str().ok()?.strip_prefix("bytes=")?)?.strip_prefix('/')?;
        size.parse::<u64>().ok()
    };
    named().is_some()
}

async fn bounded(response: HttpResponse) -> Result<HttpResponse, HttpError> {
    let (parts, body) = response.into_parts();
    let (mut body, mut whole) = (body.bytes_stream(), Vec::new());
    while let Some(bytes) = body.next().await {
        whole.extend_from_slice(&bytes.map_err(|error| HttpError::new(error.kind(), Cut(error)))?);
        if whole.len() > LONGEST_KEPT {
            let text = format!("a body of more than {LONGEST_KEPT} bytes");
            return Err(HttpError::new(HttpErrorKind::Decode, Unreadable(text)));
        }
    }
    if let Some(error) = error_in(&whole) {
        return Err(HttpError::new(HttpErrorKind::Decode, Unreadable(error)));
    }
    Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(bytes::Bytes::from(whole))))
}

async fn refused(response: HttpResponse) -> HttpError {
    let (parts, body) = response.into_parts();
    let length = parts.headers.get("content-length").and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length <= LONGEST_READ_OUT) {
        let mut body = body.bytes_stream();
        // What is wrong is known already.
        while let Some(Ok(_)) = body.next().await {}
    }
    HttpError::new(HttpErrorKind::Decode, Refused { status: parts.status.as_u16(), headers: parts.headers })
}
