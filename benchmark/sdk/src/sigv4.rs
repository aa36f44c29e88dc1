//! Signature Version 4 in the headers, for clients that know nothing of S3.
//!
//! As documented in "Authenticating Requests: Using the Authorization Header" of the Amazon S3 API Reference; the tests hold its
//! published example. What is sent is not signed, as with most clients over TLS: hashing it would be measured.

use std::sync::{PoisonError, RwLock};

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::request::Request;

/// What stands for the hash of a body that is not signed.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// The SHA-256 of an empty body.
const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// A key pair, from the usual AWS variables.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: Option<String>,
    /// `AWS_REGION` or `AWS_DEFAULT_REGION`; `us-east-1` where neither is set.
    pub region: String,
}

impl Credentials {
    /// The credentials of the environment, `None` where it has none.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Some(Self {
            access_key_id: variable("AWS_ACCESS_KEY_ID")?,
            secret_access_key: variable("AWS_SECRET_ACCESS_KEY")?,
            session_token: variable("AWS_SESSION_TOKEN"),
            region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).unwrap_or("us-east-1".into()),
        })
    }
}

/// The headers that sign one request, by name.
pub(crate) type Signature = Vec<(&'static str, String)>;

/// Signs the requests of one host. The key is derived once a day, as AWS's own clients do; slots on several threads read it side by side.
#[derive(Debug)]
pub(crate) struct Signer {
    credentials: Credentials,
    host: String,
    /// The date, and its key.
    key: RwLock<(String, Vec<u8>)>,
}

impl Signer {
    /// `host` is what the client sends as the header of that name.
    pub(crate) fn new(credentials: Credentials, host: &str) -> Self {
        Self { credentials, host: host.to_owned(), key: RwLock::default() }
    }

    /// The headers that sign a request made at `now`.
    pub(crate) fn sign(&self, request: &Request<'_>, now: Timestamp) -> Signature {
        let (path, query) = request.path().split_once('?').unwrap_or((request.path(), ""));
        let hash = if request.body().is_some() { UNSIGNED } else { EMPTY_BODY };
        let query = canonical_query(query);
        let range = request.range_header();
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let date = time[..8].to_owned();
        let mut signed: Signature = vec![("host", self.host.clone())];
        signed.extend(range.map(|range| ("range", range.to_owned())));
        signed.push(("x-amz-content-sha256", hash.to_owned()));
        signed.push(("x-amz-date", time.clone()));
        signed.extend(self.credentials.session_token.clone().map(|token| ("x-amz-security-token", token)));

        let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let headers: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let request = format!("{}\n{path}\n{query}\n{headers}\n{names}\n{hash}", request.method());
        let scope = format!("{date}/{}/s3/aws4_request", self.credentials.region);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hex(&Sha256::digest(request)));
        let signature = hex(&self.with_key(&date, |key| hmac(key, &text)));
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}",
            self.credentials.access_key_id
        );
        // The client sets `host` and the range itself.
        signed.retain(|(name, _)| name.starts_with("x-amz-"));
        signed.push(("authorization", authorization));
        signed
    }

    fn with_key<T>(&self, date: &str, using: impl FnOnce(&[u8]) -> T) -> T {
        {
            let key = self.key.read().unwrap_or_else(PoisonError::into_inner);
            if key.0 == date {
                return using(&key.1);
            }
        }
        let derived = self.derive(date);
        let signed = using(&derived);
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = (date.to_owned(), derived);
        signed
    }

    fn derive(&self, date: &str) -> Vec<u8> {
        let secret = format!("AWS4{}", self.credentials.secret_access_key);
        let parts = [date, &self.credentials.region, "s3", "aws4_request"];
        parts.iter().fold(secret.into_bytes(), |key, part| hmac(&key, part))
    }
}

/// A query whose names and values are percent-encoded, as it is signed: in order, and with a `=` behind each name.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| if pair.contains('=') { pair.to_owned() } else { format!("{pair}=") })
        .collect();
    pairs.sort_unstable();
    pairs.join("&")
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    // HMAC takes keys of any length, so that this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::operation::Operation;
    use benchmark_protocol::target::{Object, Target};
    use benchmark_protocol::tests::{Ask, Expected, More, Page};

    use super::*;
    use crate::request::NOTHING;

    const HOST: &str = "examplebucket.s3.amazonaws.com";

    fn signer() -> Signer {
        let credentials = Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
            region: "us-east-1".into(),
        };
        Signer::new(credentials, HOST)
    }

    fn object(path: &str) -> Object {
        Target::parse(&format!("https://{HOST}{path}"), None, false).unwrap().object("")
    }

    fn authorization(request: &Request<'_>) -> String {
        let headers = signer().sign(request, "2013-05-24T00:00:00Z".parse().unwrap());
        headers.into_iter().find(|(name, _)| *name == "authorization").unwrap().1
    }

    const ANY: Expected = Expected::Object { size: None, pattern: None };

    /// "Example: GET Object" of the API reference.
    #[test]
    fn the_published_example_is_reproduced() {
        let object = object("/test.txt");
        let signed = authorization(&Request::new(Ask::get(&object, Some(0..=9), ANY), &NOTHING));
        let signature = "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert!(signed.ends_with(signature), "{signed}");
        assert!(signed.contains("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date"));
    }

    /// "Example: Get Bucket (List Objects)" and "Example: GET Bucket Lifecycle" of the API reference.
    #[test]
    fn a_query_is_signed_too() {
        let page = |prefix: &str| More::Page(Page { prefix: prefix.to_owned(), most: 2, continuation: None });
        // The last was computed apart, by Python's hmac.
        for (more, query, signature) in [
            (None, "?max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
            (None, "?prefix=J&max-keys=2", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
            (None, "?lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            (Some(page("J")), "", "e3ab4883b61bffa64511cd8baf47af7be2627282ad1e662e23b56b4e6ab9fe8a"),
        ] {
            let object = object(&format!("/{query}"));
            let ask = Ask { more: more.map(Box::new), ..Ask::new(Operation::List, &object, ANY) };
            let signed = authorization(&Request::new(ask, &NOTHING));
            assert!(signed.ends_with(signature), "{query}: {signed}");
        }
    }
}
