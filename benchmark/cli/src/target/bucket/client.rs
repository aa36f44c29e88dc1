//! One client for all that the harness asks of a bucket: requests signed in their URL where there are credentials, with the headers of the
//! load, repeated where the server is busy, and answers read so far and no farther.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use benchmark_protocol::tests::xml;
use benchmark_protocol::units::format_size;
use jiff::Timestamp;
use reqwest::{Method, StatusCode, Url};
use rusty_s3::signing::sign;
use rusty_s3::{Credentials, UrlStyle};

use super::content::Content;
use crate::case::{Ca, Header};

/// The longest answer that is read, in bytes: 1,000 keys of 1 KiB, with room for what else S3s say of each.
const MOST_BYTES: usize = 8 << 20;

/// How often a request is made at most, where the server is busy or does not answer.
const TRIES: u32 = 4;

/// The pause before the second try; each later one is twice as long.
const PAUSE: Duration = Duration::from_millis(200);

/// How long an answer may take, and as much again for every so many bytes that are sent.
const ANSWER: Duration = Duration::from_secs(10);
const BYTES_AN_ANSWER: u64 = 8 << 20;

/// A bucket at its server.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// As messages name it.
    pub(super) name: String,
    pub(super) address: rusty_s3::Bucket,
    credentials: Option<Credentials>,
    headers: Vec<Header>,
    client: reqwest::Client,
}

/// What is sent with a request.
pub(super) enum Sent<'a> {
    Nothing,
    /// The object of this key, of this size.
    Object(&'a str, u64),
    /// A text and its MD5, as S3 asks for it.
    Text(&'a str, Option<&'a str>),
}

/// What came back, with a good status or not.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    body: Vec<u8>,
}

impl Answer {
    /// The text of a good answer.
    ///
    /// # Errors
    /// What the server said instead, with a good status or not: one that had begun to answer when it failed could not take that back.
    pub(super) fn good(self) -> Result<String> {
        if !self.status.is_success() || self.is_error() {
            bail!("{}", self.refusal());
        }
        String::from_utf8(self.body).context("an answer that is no UTF-8")
    }

    /// Whether the body is what S3 says of an error.
    fn is_error(&self) -> bool {
        let mut root = String::new();
        let read = xml::elements(&String::from_utf8_lossy(&self.body), |_, name, _| name.clone_into(&mut root));
        // The outermost element ends last.
        read.is_ok() && root == "Error"
    }

    /// `status 403 (AccessDenied: Access Denied)`.
    pub(super) fn refusal(&self) -> String {
        let (mut code, mut message) = (String::new(), String::new());
        // What is no XML says no more than its status.
        let _ = xml::elements(&String::from_utf8_lossy(&self.body), |_, name, text| match name {
            "Code" => text.clone_into(&mut code),
            "Message" => text.clone_into(&mut message),
            _ => {}
        });
        let status = self.status.as_u16();
        match (code.as_str(), message.as_str()) {
            ("", _) => format!("status {status}"),
            (code, "") => format!("status {status} ({code})"),
            (code, message) => format!("status {status} ({code}: {message})"),
        }
    }
}

impl Bucket {
    /// A bucket of this endpoint, asked with the AWS_* variables' credentials where there are some.
    ///
    /// # Errors
    /// When endpoint and name are none that can be asked.
    pub(crate) fn new(endpoint: &str, name: &str, headers: &[Header], ca: Option<&Ca>) -> Result<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let region =
            variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).unwrap_or_else(|| "us-east-1".into());
        let credentials = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY")).map(|(key, secret)| {
            match variable("AWS_SESSION_TOKEN") {
                Some(token) => Credentials::new_with_token(key, secret, token),
                None => Credentials::new(key, secret),
            }
        });
        let url = endpoint.parse().with_context(|| format!("endpoint `{endpoint}`"))?;
        let address = rusty_s3::Bucket::new(url, UrlStyle::Path, name.to_owned(), region)
            .with_context(|| format!("bucket `{name}`"))?;
        let trusted = ca.map(|ca| reqwest::Certificate::from_pem_bundle(ca.pem().as_bytes())).transpose()?;
        let client = trusted
            .into_iter()
            .fold(reqwest::Client::builder(), reqwest::ClientBuilder::tls_certs_only)
            .connect_timeout(ANSWER)
            // Replicas obey none either: what is listed and put is the bucket that they ask.
            .no_proxy()
            // Whoever serves both can tell what the harness asks from what the library does.
            .user_agent(concat!("benchmark/", env!("CARGO_PKG_VERSION")))
            // Headers may be secrets: they go to whom they are meant for, and not where that one sends them.
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let headers = headers.to_vec();
        Ok(Self { name: format!("bucket `{name}` at {endpoint}"), address, credentials, headers, client })
    }

    /// Asks for a key, or where it is empty for the bucket itself; `query` is in the order of its names.
    ///
    /// # Errors
    /// When no answer comes, however often it is asked.
    pub(super) async fn ask(
        &self,
        method: &Method,
        key: &str,
        query: &[(&str, &str)],
        sent: &Sent<'_>,
    ) -> Result<Answer> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.ask_once(method.clone(), key, query, sent).await;
            let is_busy = match &answer {
                Ok(answer) => answer.status == StatusCode::TOO_MANY_REQUESTS || is_passing(answer.status),
                Err(_) => true,
            };
            if !is_busy || tries == TRIES {
                return answer;
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(tries - 1)).await;
        }
    }

    async fn ask_once(&self, method: Method, key: &str, query: &[(&str, &str)], sent: &Sent<'_>) -> Result<Answer> {
        let request = self.client.request(method.clone(), self.url(&method, key, query, &Timestamp::now()));
        let request =
            self.headers.iter().fold(request, |request, header| request.header(header.name(), header.value()));
        let (request, bytes) = match sent {
            Sent::Nothing => (request, 0),
            Sent::Object(key, size) => (request.body(reqwest::Body::wrap(Content::of(key, *size))), *size),
            Sent::Text(text, md5) => {
                let request = md5.iter().fold(request, |request, md5| request.header("content-md5", *md5));
                (request.body((*text).to_owned()), text.len() as u64)
            }
        };
        let patience = ANSWER * u32::try_from(bytes / BYTES_AN_ANSWER).unwrap_or(u32::MAX - 1).saturating_add(1);
        let mut response = request.timeout(patience).send().await.map_err(reqwest::Error::without_url)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            if body.len() + chunk.len() > MOST_BYTES {
                bail!("an answer of more than {}", format_size(MOST_BYTES as u64));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), body })
    }

    /// The URL of a request; signed, it is a secret for as long as it is good.
    fn url(&self, method: &Method, key: &str, query: &[(&str, &str)], now: &Timestamp) -> Url {
        let url = if key.is_empty() { self.address.base_url().clone() } else { self.address.object_url(key) };
        let Some(credentials) = &self.credentials else {
            let mut url = url;
            if !query.is_empty() {
                url.query_pairs_mut().extend_pairs(query);
            }
            return url;
        };
        let method = match method.as_str() {
            "PUT" => rusty_s3::Method::Put,
            "POST" => rusty_s3::Method::Post,
            "DELETE" => rusty_s3::Method::Delete,
            _ => rusty_s3::Method::Get,
        };
        sign(
            now,
            method,
            url,
            credentials.key(),
            credentials.secret(),
            credentials.token(),
            self.address.region(),
            60,
            query.iter().copied(),
            std::iter::empty(),
        )
    }
}

/// Whether a server may answer otherwise in a moment.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::target::Target;

    use super::*;

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let answer = |body: &str| Answer { status: StatusCode::FORBIDDEN, body: body.into() };
        let error = "<Error><Code>AccessDenied</Code><Message>Not yours</Message></Error>";
        for (body, says) in [
            (error, "status 403 (AccessDenied: Not yours)"),
            ("<Error><Code>AccessDenied</Code></Error>", "status 403 (AccessDenied)"),
            ("<html>", "status 403"),
            ("", "status 403"),
        ] {
            assert_eq!(answer(body).refusal(), says, "{body}");
            assert_eq!(answer(body).good().unwrap_err().to_string(), says);
        }
        let late = |body: &str| Answer { status: StatusCode::OK, body: body.into() }.good();
        assert_eq!(late(error).unwrap_err().to_string(), "status 200 (AccessDenied: Not yours)");
        for good in ["", "{}", "<html>", "<ListBucketResult><Error/></ListBucketResult>"] {
            assert_eq!(late(good).unwrap(), good);
        }
    }

    /// As botocore 1.44.8 signs the same requests at the same instant.
    #[test]
    fn what_is_signed_is_the_host_in_its_normal_form_and_the_path_of_the_endpoint() {
        let bucket = |endpoint: &str| {
            let target = Target::parse("s3://data", Some(endpoint), false).unwrap();
            let bucket = Bucket::new(&target.endpoint, "data", &[], None).unwrap();
            Bucket { credentials: Some(Credentials::new("key", "secret")), ..bucket }
        };
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        for (endpoint, key, query, url, signature) in [
            (
                "http://LOCALHOST:80/storage/v1/s3/",
                "",
                &[("list-type", "2"), ("prefix", "a b/")][..],
                "http://localhost/storage/v1/s3/data/?",
                "6c74cc9e91a973525b4d40a256c1aa317e9477ca9888a35450559ebfa0aa0b4b",
            ),
            (
                "https://Example.org:443/s3",
                "a b/c",
                &[],
                "https://example.org/s3/data/a%20b/c?",
                "a8de847c613a83499a28b152c01dedfbcaf9d4f1944a0c72f3116f94a4f09035",
            ),
            (
                "http://[::FFFF:127.0.0.1]:9000",
                "c",
                &[],
                "http://[::ffff:7f00:1]:9000/data/c?",
                "f0237dcfa799286fc8d0fa06e79f327e6cc92b1e6abcba05681b3dcaa1ab55f4",
            ),
        ] {
            let signed = bucket(endpoint).url(&Method::GET, key, query, &now).to_string();
            assert!(signed.starts_with(url), "{signed}");
            assert!(signed.ends_with(&format!("X-Amz-Signature={signature}")), "{signed}");
        }
    }
}
