//! What is asked: the target's URL taken apart into what HTTP and S3 clients each need.

use thiserror::Error;

use crate::content;
use crate::host;

/// A target, from `--target` and `--endpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Scheme, host and port, and the endpoint's own path where it has one, without a slash at the end: the endpoint of an S3 client.
    pub endpoint: String,
    /// `host:port`, the host in its normal form, the port always there.
    pub authority: String,
    /// Whether the scheme is https.
    pub tls: bool,
    /// The path of the endpoint, as gateways have one: `/storage/v1/s3`; mostly empty.
    base: String,
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
    /// The endpoint is no plain URL of a server.
    #[error("endpoint `{0}` is not `http://host:port` or `https://host:port`, with a path or without")]
    BadEndpoint(String),
    /// The host is none, or libraries would call it by different names.
    #[error("target `{0}`: {1}")]
    Host(String, String),
    /// Libraries would ask for different paths.
    #[error("target `{0}`: {1}")]
    Path(String, String),
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
            let (tls, authority, base) =
                split(endpoint).ok_or_else(|| TargetError::BadEndpoint(endpoint.to_owned()))?;
            let base = base.trim_end_matches('/');
            if base.contains('?') {
                return Err(TargetError::BadEndpoint(endpoint.to_owned()));
            }
            check_path(base).map_err(|why| TargetError::Path(endpoint.to_owned(), why))?;
            let names = match names.split_once('/').unwrap_or((names, "")) {
                (bucket, _) if bucket.is_empty() || bucket.contains(|c| is_blank(c) || "?#".contains(c)) => {
                    return Err(malformed());
                }
                (bucket, "") => Names::Bucket(bucket.into()),
                (bucket, key) => Names::Object { bucket: bucket.into(), key: key.into() },
            };
            if let Names::Object { key, .. } = &names
                && !can_be_named(key)
            {
                return Err(TargetError::Path(target.to_owned(), NOT_TO_BE_NAMED.to_owned()));
            }
            return Self::new(target, tls, authority, base, names);
        }
        let (tls, authority, path) = split(target).ok_or_else(malformed)?;
        check_path(path).map_err(|why| TargetError::Path(target.to_owned(), why))?;
        let names = if origin {
            Names::Bucket(path.trim_matches('/').to_owned())
        } else {
            let slash = if path.starts_with('/') { "" } else { "/" };
            Names::Path(format!("{slash}{path}"))
        };
        Self::new(target, tls, authority, "", names)
    }

    fn new(text: &str, tls: bool, authority: &str, base: &str, names: Names) -> Result<Self, TargetError> {
        let (scheme, usual) = if tls { ("https", 443) } else { ("http", 80) };
        let (host, port) = match authority.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>())) {
            Some((host, Ok(port))) => (host, port),
            _ => (authority, usual),
        };
        let host = host::normal(host).map_err(|why| TargetError::Host(text.to_owned(), why))?;
        let shown = if port == usual { host.clone() } else { format!("{host}:{port}") };
        let endpoint = format!("{scheme}://{shown}{base}");
        Ok(Self { endpoint, authority: format!("{host}:{port}"), tls, base: base.to_owned(), names })
    }

    /// The value of the `host` header: the port only where it is not the scheme's own.
    #[must_use]
    pub fn host(&self) -> &str {
        let port = if self.tls { ":443" } else { ":80" };
        self.authority.strip_suffix(port).unwrap_or(&self.authority)
    }

    fn url(&self, path: &str) -> String {
        // The endpoint ends with the base, and the path begins with it.
        format!("{}{path}", &self.endpoint[..self.endpoint.len() - self.base.len()])
    }

    /// The target's bucket as both kinds of client name it.
    #[must_use]
    pub fn bucket(&self) -> Object {
        let object = self.object("");
        let path = format!("{}/{}", self.base, object.bucket);
        Object { url: self.url(&path), path, key: String::new(), ..object }
    }

    /// An object of this target as both kinds of client name it.
    #[must_use]
    pub fn object(&self, key: &str) -> Object {
        let base = &self.base;
        let (bucket, key, path) = match &self.names {
            Names::Bucket(bucket) => (bucket.clone(), key.to_owned(), format!("{base}/{bucket}/{}", escape(key))),
            Names::Object { bucket, key } => (bucket.clone(), key.clone(), format!("{base}/{bucket}/{}", escape(key))),
            Names::Path(path) => {
                let named = unescape(&path[1..]).unwrap_or_else(|| path[1..].to_owned());
                let (bucket, key) = named.split_once('/').unwrap_or(("", &named));
                (bucket.to_owned(), key.to_owned(), path.clone())
            }
        };
        Object { url: self.url(&path), path, bucket, pattern: content::origin_of(&key), key, size: 0 }
    }
}

impl Names {
    /// Whether it is a path that S3 clients ask for as it is, though they are given a key and encode it themselves.
    #[must_use]
    pub fn is_as_a_key_is_encoded(&self) -> bool {
        match self {
            Self::Path(path) => unescape(path).is_some_and(|named| escape(&named) == *path),
            Self::Bucket(_) | Self::Object { .. } => true,
        }
    }

    /// Whether it has a query.
    #[must_use]
    pub fn has_query(&self) -> bool {
        matches!(self, Self::Path(path) if path.contains('?'))
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
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let good = !authority.is_empty()
        && !authority.contains(|c| is_blank(c) || "@?#\\".contains(c))
        && !authority.starts_with(':');
    let port_is_good =
        authority.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok() || port.ends_with(']'));
    (good && port_is_good && !path.contains(|c| is_blank(c) || c == '#')).then_some((tls, authority, path))
}

/// What may not be in a URL as it is: it would end a line or a word of the request's head.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c.is_control()
}

/// Whether all libraries ask for this key: some read URLs so that `.`, `..` and nothing between or behind slashes are no names.
#[must_use]
pub fn can_be_named(key: &str) -> bool {
    key.split('/').all(|part| !matches!(part, "" | "." | "..")) && !key.contains(|c: char| c.is_control())
}

const NOT_TO_BE_NAMED: &str =
    "libraries ask in different ways for a key with `.`, `..` or nothing between or behind its slashes";

/// Whether all libraries send this path (and query) as it is.
fn check_path(path: &str) -> Result<(), String> {
    let (only_path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~!$&()*+,;=:@/%".contains(c);
    let odd = only_path
        .chars()
        .find(|c| !plain(*c) && *c != '\'')
        .or_else(|| query?.chars().find(|c| !plain(*c) && *c != '?'));
    if let Some(odd) = odd {
        let encoded = escape_but(b"", &odd.to_string());
        return Err(format!("libraries send `{odd}` in different ways: write `{encoded}`"));
    }
    let escapes = |text: &str| text.split('%').skip(1).all(|rest| rest.get(..2).is_some_and(is_hex));
    if !escapes(path) {
        return Err(
            "libraries send `%` in different ways where no two hexadecimal digits follow it: write `%25`".to_owned()
        );
    }
    let dots = |part: &str| matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
    if only_path.split('/').any(dots) {
        return Err("some libraries leave out `.` and `..`: write the path that is meant".to_owned());
    }
    Ok(())
}

fn is_hex(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a percent-encoded text says; `None` where that is no text.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        (bytes, rest) = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?);
                (bytes, after)
            }
            _ => {
                bytes.push(*first);
                (bytes, after)
            }
        };
    }
    String::from_utf8(bytes).ok()
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

    #[test]
    fn a_host_has_one_form_and_an_endpoint_may_have_a_path() {
        let target = Target::parse("s3://data", Some("http://LOCALHOST:80/storage/v1/s3/"), false).unwrap();
        assert_eq!(target.endpoint, "http://localhost/storage/v1/s3");
        assert_eq!((target.host(), target.authority.as_str()), ("localhost", "localhost:80"));
        let object = target.object("a b");
        assert_eq!(object.path, "/storage/v1/s3/data/a%20b");
        assert_eq!(object.url, "http://localhost/storage/v1/s3/data/a%20b");
        assert_eq!(target.bucket().url, "http://localhost/storage/v1/s3/data");
        let target = Target::parse("http://[::ffff:127.0.0.1]:9000/x/y", None, false).unwrap();
        assert_eq!(target.object("").url, "http://[::ffff:7f00:1]:9000/x/y");
        assert_eq!(Target::parse("https://127.1:443/", None, false).unwrap().endpoint, "https://127.0.0.1");
        assert!(Target::parse("s3://b", Some("http://h/x?y=z"), false).is_err());
    }

    #[test]
    fn a_path_goes_out_as_it_was_typed_or_is_refused_with_the_way_out() {
        let target = Target::parse("http://h/a%20b/%C3%BC%2f?x=1&y=%41", None, false).unwrap();
        let object = target.object("");
        assert_eq!(object.path, "/a%20b/%C3%BC%2f?x=1&y=%41");
        assert_eq!((object.bucket.as_str(), object.key.as_str()), ("a b", "\u{fc}/?x=1&y=A"));
        assert!(target.names.has_query() && !target.names.is_as_a_key_is_encoded());
        let good = Target::parse("http://h/b/a%20%5B~", None, false).unwrap();
        assert!(good.names.is_as_a_key_is_encoded() && !good.names.has_query());
        for (target, way_out) in [
            ("http://h/\u{fc}", "%C3%BC"),
            ("http://h/a[1]", "%5B"),
            ("http://h/a%4", "%25"),
            ("http://h/a?b='", "%27"),
            ("http://h/a/../b", "`..`"),
            ("http://h/a/%2E/b", "`..`"),
            ("s3://b/a//c", "slashes"),
            ("http://b\u{fc}cher.de/", "xn--"),
        ] {
            let error = Target::parse(target, Some("http://h"), false).unwrap_err().to_string();
            assert!(error.contains(target) && error.contains(way_out), "{error}");
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
