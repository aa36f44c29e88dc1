//! What the SDK asks through: its own connector, and a look at answers of which it would show nothing, or keep all.

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::primitives::{ByteStream, ByteStreamError, SdkBody};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::Headers;
use benchmark_sdk::{LONGEST_KEPT, LONGEST_READ_OUT, Response, good_statuses};

/// This client, its answers looked at, the server asked to close where connections are not kept: only here that is not signed, and whoever
/// stands between may change it.
pub(crate) fn looked(client: SharedHttpClient, keeps_connections: bool) -> SharedHttpClient {
    http_client_fn(move |settings: &HttpConnectorSettings, components| {
        let connector = client.http_connector(settings, components);
        SharedHttpConnector::new(Looked { connector, keeps_connections })
    })
}

/// An answer of another status than the one wanted.
#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub(crate) struct Refused {
    status: u16,
    headers: Headers,
}

impl Refused {
    pub(crate) fn tell(&self, response: &mut Response) {
        response.head(self.status, |name| self.headers.get(name).map(str::as_bytes));
    }
}

/// An answer in XML whose head had come, and whose body did not come whole.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Cut(ByteStreamError);

/// An answer in XML that does not end.
#[derive(Debug, thiserror::Error)]
#[error("a body of more than {LONGEST_KEPT} bytes")]
pub(crate) struct TooLong;

#[derive(Debug)]
struct Looked {
    connector: SharedHttpConnector,
    keeps_connections: bool,
}

impl HttpConnector for Looked {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let good = good_statuses(request.method(), request.headers().contains_key("range"));
        let is_xml = request.method() == "POST" || request.uri().contains("list-type=");
        if !self.keeps_connections {
            request.headers_mut().insert("connection", "close");
        }
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move {
            let response = answer.await?;
            match (good.contains(&response.status().as_u16()), is_xml) {
                (true, false) => Ok(response),
                (true, true) => bounded(response).await,
                (false, _) => Err(refused(response).await),
            }
        })
    }
}

async fn bounded(mut response: HttpResponse) -> Result<HttpResponse, ConnectorError> {
    let mut body = ByteStream::new(std::mem::replace(response.body_mut(), SdkBody::taken()));
    let mut whole = Vec::new();
    while let Some(bytes) = body.next().await {
        whole.extend_from_slice(&bytes.map_err(|error| ConnectorError::other(Cut(error).into(), None))?);
        if whole.len() > LONGEST_KEPT {
            return Err(ConnectorError::other(TooLong.into(), None));
        }
    }
    *response.body_mut() = whole.into();
    Ok(response)
}

async fn refused(response: HttpResponse) -> ConnectorError {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let length = headers.get("content-length").and_then(|length| length.parse::<u64>().ok());
    if length.is_some_and(|length| length <= LONGEST_READ_OUT) {
        let mut body = ByteStream::new(response.into_body());
        // What is wrong is known already.
        while let Some(Ok(_)) = body.next().await {}
    }
    ConnectorError::other(Refused { status, headers }.into(), None)
}
