//! What is asked: the target's URL taken apart into what HTTP and S3 clients each need.

use thiserror::Error;

use crate::content;

/// A target, from `--target` and `--endpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Scheme, host and port, without a slash at the end: the endpoint of an S3 client.
    pub endpoint: String,
    /// `host:port`, the port always there.
    pub authority: String,
    /// Whether the scheme is https.
    pub tls: bool,
    /// What the path names.
    pub names: Names,
}

/// What the target's path names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    /// A bucket, whose objects are listed or are the origin's.
    Bucket(String),
    /// One object of a bucket.
    Object {
        /// The bucket.
        bucket: String,
        /// The key.
        key: String,
    },
    /// One resource of a plain HTTP server, by its path (with its query).
    Path(String),
}

/// A target that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    /// The text is no URL of a known scheme.
    #[error("target `{0}` is neither `http://host:port/path` nor `s3://bucket[/key]`")]
    Malformed(String),
    /// An S3 target without an endpoint.
    #[error("target `{0}` needs `--endpoint URL` (for example http://127.0.0.1:5000)")]
    NoEndpoint(String),
    /// The endpoint is no plain URL of a host.
    #[error("endpoint `{0}` is not `http://host:port` or `https://host:port`")]
    BadEndpoint(String),
}

impl Target {
    /// Takes a target apart. With `origin`, the path is a bucket of `benchmark origin`.
    ///
    /// # Errors
    /// When a text is no URL, or an `s3://` target comes without an endpoint.
    pub fn parse(target: &str, endpoint: Option<&str>, origin: bool) -> Result<Self, TargetError> {
        let malformed = || TargetError::Malformed(target.to_owned());
        if let Some(names) = target.strip_prefix("s3://") {
            let endpoint = endpoint.ok_or_else(|| TargetError::NoEndpoint(target.to_owned()))?;
            let (tls, authority, path) =
                split(endpoint).ok_or_else(|| TargetError::BadEndpoint(endpoint.to_owned()))?;
            if !path.trim_end_matches("/").is_empty() {
                return Err(TargetError::BadEndpoint(endpoint.to_owned()));
            }
            let names = match names.split_once('/').unwrap_or((names, "")) {
                (bucket, _) if bucket.is_empty() || bucket.contains(|c| is_blank(c) || "?#".contains(c)) => {
                    return Err(malformed());
                }
                (bucket, "") => Names::Bucket(bucket.into()),
                (bucket, key) => Names::Object { bucket: bucket.into(), key: key.into() },
            };
            return Ok(Self::new(tls, authority, names));
        }
        let (tls, authority, path) = split(target).ok_or_else(malformed)?;
        let names = if origin {
            Names::Bucket(path.trim_matches('/').to_owned())
        } else {
            Names::Path(if path.is_empty() { "/".to_owned() } else { path.to_owned() })
        };
        Ok(Self::new(tls, authority, names))
    }

    fn new(tls: bool, authority: &str, names: Names) -> Self {
        let scheme = if tls { "https" } else { "http" };
        let endpoint = format!("{scheme}://{authority}");
        let with_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let port = if tls { 443 } else { 80 };
        let authority = if with_port { authority.to_owned() } else { format!("{authority}:{port}") };
        Self { endpoint, authority, tls, names }
    }

    /// The value of the `host` header: the port only where it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> &str {
        let port = if self.tls { ":443" } else { ":80" };
        self.authority.strip_suffix(port).unwrap_or(&self.authority)
    }

    /// The target's bucket as both kinds of client name it.
    #[must_use]
    pub fn bucket(&self) -> Object {
        let object = self.object("");
        let path = format!("/{}", object.bucket);
        Object { url: format!("{}{path}", self.endpoint), path, key: String::new(), ..object }
    }

    /// An object of this target as both kinds of client name it.
    #[must_use]
    pub fn object(&self, key: &str) -> Object {
        let (bucket, key, path) = match &self.names {
            Names::Bucket(bucket) => (bucket.clone(), key.to_owned(), format!("/{bucket}/{}", escape(key))),
            Names::Object { bucket, key } => (bucket.clone(), key.clone(), format!("/{bucket}/{}", escape(key))),
            Names::Path(path) => {
                let (bucket, key) = path[1..].split_once('/').unwrap_or(("", &path[1..]));
                (bucket.to_owned(), key.to_owned(), path.clone())
            }
        };
        Object {
            url: format!("{}{path}", self.endpoint),
            path,
            bucket,
            pattern: content::origin_of(&key),
            key,
            size: 0,
        }
    }
}

/// Something that can be asked for, named as each kind of client wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The whole URL.
    pub url: String,
    /// The URL's path and query.
    pub path: String,
    /// The S3 bucket: of a plain HTTP target the path's first segment, empty where there is only one.
    pub bucket: String,
    /// The S3 key: of a plain HTTP target the rest of the path.
    pub key: String,
    /// The size in bytes; 0 until it is known.
    pub size: u64,
    /// Where in the content pattern the object begins.
    pub pattern: usize,
}

/// Scheme, authority and path of an http(s) URL.
fn split(url: &str) -> Option<(bool, &str, &str)> {
    let (tls, rest) = match url.strip_prefix("http://") {
        Some(rest) => (false, rest),
        None => (true, url.strip_prefix("https://")?),
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let good = !authority.is_empty()
        && !authority.contains(|c| is_blank(c) || "@?#".contains(c))
        && !authority.starts_with(':');
    let port_is_good =
        authority.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok() || port.ends_with(']'));
    (good && port_is_good && !path.contains(|c| is_blank(c) || c == '#')).then_some((tls, authority, path))
}

/// What may not be in a URL as it is: it would end a line or a word of the request's head.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Percent-encodes a key for a path, as S3 does: everything but unreserved characters and the slash.
fn escape(key: &str) -> String {
    escape_but(b"-._~/", key)
}

/// Percent-encodes the value of a query, as it is signed: everything but unreserved characters.
pub(crate) fn escape_value(value: &str) -> String {
    escape_but(b"-._~", value)
}

fn escape_but(marks: &[u8], text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || marks.contains(&byte) {
            escaped.push(byte as char);
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_origin_is_a_bucket_of_objects() {
        let target = Target::parse("http://127.0.0.1:9000/run-1", None, true).unwrap();
        let object = target.object("object-000003");
        assert_eq!(object.url, "http://127.0.0.1:9000/run-1/object-000003");
        assert_eq!((object.bucket.as_str(), object.key.as_str()), ("run-1", "object-000003"));
    }

    #[test]
    fn a_plain_target_is_one_path() {
        let target = Target::parse("http://localhost/files/a.bin", None, false).unwrap();
        assert_eq!((target.authority.as_str(), target.endpoint.as_str()), ("localhost:80", "http://localhost"));
        let object = target.object("ignored");
        assert_eq!(
            (object.path.as_str(), object.bucket.as_str(), object.key.as_str()),
            ("/files/a.bin", "files", "a.bin")
        );
    }

    #[test]
    fn an_s3_target_is_a_bucket_or_an_object_at_its_endpoint() {
        let target = Target::parse("s3://data", Some("http://127.0.0.1:5000/"), false).unwrap();
        assert_eq!(target.object("a b/c").path, "/data/a%20b/c");
        let target = Target::parse("s3://data/a/b", Some("https://s3.example.org"), false).unwrap();
        assert_eq!(target.names, Names::Object { bucket: "data".into(), key: "a/b".into() });
        assert!(target.tls);
        assert!(matches!(Target::parse("s3://data", None, false), Err(TargetError::NoEndpoint(_))));
    }

    #[test]
    fn what_is_no_url_is_refused() {
        let blank = ["http://h/a\r\nx: y", "http://h\t/", "http://h/\u{2003}", "s3://a\nb", "s3://a?b/c"];
        let texts = ["", "localhost:80", "ftp://x/", "http://", "http://host:port/x", "http://a b/", "s3://"];
        for text in texts.into_iter().chain(blank) {
            assert!(Target::parse(text, Some("http://h:1"), false).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_target_is_refused_by_its_name_or_fits_into_a_request(
            text in r"(https?|s3)://[a-z0-9.:\[\]]{0,12}(/.{0,12})?(\n(https?://)?[a-z0-9.:]{0,9}.{0,4})?|.{0,30}",
        ) {
            crate::fuzz::target_url(text.as_bytes());
        }
    }
}
