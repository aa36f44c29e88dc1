//! Which requests the fast path may answer: plain ones of an object or a document. The rest is hyper's.

use std::mem::MaybeUninit;

use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::Seen;
use httparse::{Header, Request, Status};

use crate::range::{self, Asked};

/// The longest head that either path takes, in bytes.
pub(crate) const MOST_BYTES: usize = 64 << 10;

/// The most headers that either path takes (hyper's own limit).
const MOST_HEADERS: usize = 100;

/// What the first bytes of a connection, or those after a response, are.
#[derive(Debug)]
pub(crate) enum Head<'b> {
    /// More bytes are needed.
    Partial,
    /// A plain request, and the length of its head.
    Plain(Plain<'b>, usize),
    /// Something else that is HTTP, or might be: hyper judges.
    Other,
    /// 400
    Malformed(httparse::Error),
    /// 431
    TooLarge,
}

/// A plain request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Plain<'b> {
    pub(crate) method: Method,
    pub(crate) run: &'b str,
    /// Never empty.
    pub(crate) key: &'b str,
    pub(crate) range: Option<Asked>,
    /// The text of `?delay=`.
    pub(crate) delay: Option<&'b str>,
    pub(crate) query: Option<&'b str>,
    /// The length of its body.
    pub(crate) sends: u64,
    /// Whether the client asked for the connection to end.
    pub(crate) close: bool,
}

/// The method of a plain request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Head,
    /// Of an object or of a part of an upload.
    Put,
    Delete,
}

impl Plain<'_> {
    /// What the run's test is to judge.
    pub(crate) fn seen(&self) -> Seen<'_> {
        let range = match self.range {
            Some(Asked::FromTo(first, last)) => Some(first..=last),
            _ => None,
        };
        Seen {
            operation: Some(self.operation()),
            key: self.key,
            range,
            ranged: self.range.is_some(),
            delay: self.delay,
            query: self.query,
            sends: Some(self.sends),
        }
    }

    pub(crate) fn operation(&self) -> Operation {
        match self.method {
            Method::Get => Operation::Get,
            Method::Head => Operation::Head,
            // A plain query has nothing else than the two names of a part.
            Method::Put if self.query.is_some_and(|query| query.contains("uploadId=")) => Operation::UploadPart,
            Method::Put => Operation::Put,
            Method::Delete => Operation::Delete,
        }
    }
}

/// Reads the head at the start of `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> Head<'_> {
    // `b'\r'` and `b'\n'` stand before a request in the wild; httparse skips them.
    let mut headers = [const { MaybeUninit::<Header<'_>>::uninit() }; MOST_HEADERS];
    let mut request = Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, &mut headers) {
        Ok(Status::Complete(length)) if length <= MOST_BYTES => {
            plain(&request).map_or(Head::Other, |plain| Head::Plain(plain, length))
        }
        Ok(Status::Partial) if bytes.len() <= MOST_BYTES => Head::Partial,
        Ok(_) | Err(httparse::Error::TooManyHeaders) => Head::TooLarge,
        Err(error) => Head::Malformed(error),
    }
}

fn plain<'b>(request: &Request<'_, 'b>) -> Option<Plain<'b>> {
    let method = match request.method? {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        _ => return None,
    };
    let writes = matches!(method, Method::Put | Method::Delete);
    if request.version != Some(1) {
        return None;
    }
    let (path, query) = split(request.path?);
    // hyper's path decodes; in a path that needs no decoding there is nothing to get differently.
    let (run, key) = path.strip_prefix('/')?.split_once('/')?;
    if run.is_empty() || run == "-" || key.is_empty() || path.contains('%') {
        return None;
    }
    let mut plain = Plain { method, run, key, range: None, delay: None, query, sends: 0, close: false };
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        match pair.split_once('=')? {
            ("x-id", _) => {}
            ("partNumber" | "uploadId", text) if method == Method::Put && !text.contains(['%', '+']) => {}
            ("delay", text) if !text.contains(['%', '+']) => plain.delay = Some(text),
            _ => return None,
        }
    }
    let (mut ranges, mut lengths) = (0, 0);
    for header in request.headers.iter() {
        let name = header.name;
        // By length first: a client sends up to a dozen headers, and hardly one of them matters here.
        match name.len() {
            5 if name.eq_ignore_ascii_case("range") => {
                ranges += 1;
                plain.range = range::parse(header.value);
            }
            6 if name.eq_ignore_ascii_case("expect") => return None,
            8 if name.eq_ignore_ascii_case("if-range") || name.eq_ignore_ascii_case("if-match") => return None,
            10 if name.eq_ignore_ascii_case("connection") => plain.close |= has_token(header.value, b"close"),
            13 if name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("if-none-match") => {
                return None;
            }
            11 | 16
                if writes
                    && (name.eq_ignore_ascii_case("content-md5") || name.eq_ignore_ascii_case("content-encoding")) =>
            {
                return None;
            }
            14 if name.eq_ignore_ascii_case("content-length") => {
                lengths += 1;
                plain.sends = str::from_utf8(header.value).ok()?.parse().ok()?;
                if method != Method::Put && plain.sends > 0 {
                    return None;
                }
            }
            17 if name.eq_ignore_ascii_case("transfer-encoding") || name.eq_ignore_ascii_case("if-modified-since") => {
                return None;
            }
            19 if name.eq_ignore_ascii_case("if-unmodified-since") => return None,
            // Metadata, checksums, a source: whatever says more of an object than its bytes.
            16 if name.eq_ignore_ascii_case("x-amz-user-agent") => {}
            _ if writes && name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("x-amz-")) => return None,
            _ => {}
        }
    }
    // Two Range headers are several ranges: ignored like those in one header.
    plain.range = plain.range.filter(|_| ranges == 1);
    // A body without a length, or with two of them, is for hyper to judge.
    (lengths <= 1 && (method != Method::Put || lengths == 1)).then_some(plain)
}

/// Splits a request target at its query.
fn split(target: &str) -> (&str, Option<&str>) {
    target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query).filter(|query| !query.is_empty())))
}

fn has_token(value: &[u8], token: &[u8]) -> bool {
    value.split(|byte| *byte == b',').any(|one| one.trim_ascii().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(target: &str, headers: &str) -> Head<'static> {
        let head = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        parse(head.leak().as_bytes())
    }

    #[test]
    fn what_libraries_send_for_a_range_is_plain() {
        let head = read(
            "/run/object-000001?x-id=GetObject",
            "user-agent: x\r\nRANGE: bytes=1-2\r\naccept: */*\r\namz-sdk-request: attempt=1\r\nConnection: keep-alive\r\n",
        );
        let Head::Plain(plain, _) = head else { panic!("{head:?}") };
        let range = Some(Asked::FromTo(1, 2));
        let (run, key, query) = ("run", "object-000001", Some("x-id=GetObject"));
        let expected = Plain { method: Method::Get, run, key, range, delay: None, query, sends: 0, close: false };
        assert_eq!(plain, expected);
        let head = read("/run/api/7?delay=350ms", "connection: TE, Close\r\n");
        let Head::Plain(plain, _) = head else { panic!("{head:?}") };
        assert_eq!((plain.key, plain.delay, plain.close), ("api/7", Some("350ms"), true));
    }

    #[test]
    fn what_libraries_send_to_put_and_delete_is_plain() {
        for (head, method, operation, sends) in [
            ("PUT /r/k HTTP/1.1\r\nContent-Length: 7\r\n\r\n", Method::Put, Operation::Put, 7),
            (
                "PUT /r/k?x-id=UploadPart&partNumber=2&uploadId=u HTTP/1.1\r\ncontent-length: 7\r\n\r\n",
                Method::Put,
                Operation::UploadPart,
                7,
            ),
            ("DELETE /r/k?x-id=DeleteObject HTTP/1.1\r\n\r\n", Method::Delete, Operation::Delete, 0),
        ] {
            let Head::Plain(plain, length) = parse(head.as_bytes()) else { panic!("{head}") };
            assert_eq!((plain.method, plain.operation(), plain.sends, length), (method, operation, sends, head.len()));
        }
    }

    #[test]
    fn what_hyper_knows_better_is_left_to_it() {
        for (target, headers) in [
            ("/run/key", "authorization: AWS4-HMAC-SHA256 x\r\n"),
            ("/run/key", "Expect: 100-continue\r\n"),
            ("/run/key", "Transfer-Encoding: chunked\r\n"),
            ("/run/key", "Content-Length: 5\r\n"),
            ("/run/key", "If-None-Match: *\r\n"),
            ("/run/key", "If-Range: \"x\"\r\n"),
            ("/run/key?X-Amz-Signature=1", ""),
            ("/run/key?uploads", ""),
            ("/run/k%20y", ""),
            ("/run/", ""),
            ("/run", ""),
            ("/?list", ""),
            ("/-/runs/x", ""),
            ("http://host/run/key", ""),
        ] {
            assert!(matches!(read(target, headers), Head::Other), "{target} {headers}");
        }
        for head in [
            "PUT /run/key HTTP/1.1\r\n\r\n",
            "PUT /run/key HTTP/1.1\r\nContent-Length: 5\r\nx-amz-meta-a: b\r\n\r\n",
            "PUT /run/key HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
            "PUT /run/key HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
            "PUT /run/key?acl= HTTP/1.1\r\nContent-Length: 5\r\n\r\n",
            "DELETE /run/key?uploadId=x HTTP/1.1\r\n\r\n",
            "POST /run/key?uploads= HTTP/1.1\r\n\r\n",
        ] {
            assert!(matches!(parse(head.as_bytes()), Head::Other), "{head}");
        }
        assert!(matches!(parse(b"GET /run/key HTTP/1.0\r\n\r\n"), Head::Other));
    }

    #[test]
    fn two_ranges_are_none() {
        let head = read("/run/key", "Range: bytes=0-1\r\nRange: bytes=2-3\r\n");
        let Head::Plain(plain, _) = head else { panic!("{head:?}") };
        assert_eq!(plain.range, None);
    }

    #[test]
    fn heads_have_an_end_and_a_limit() {
        assert!(matches!(parse(b"GET /run/key HTT"), Head::Partial));
        assert!(matches!(parse(b"GET /run/key NONSENSE\r\n\r\n"), Head::Malformed(_)));
        assert!(matches!(parse(b"\0\0\0\0"), Head::Malformed(_)));
        let long = format!("GET /run/key HTTP/1.1\r\nX: {}", "x".repeat(MOST_BYTES));
        assert!(matches!(parse(long.as_bytes()), Head::TooLarge));
        assert!(matches!(read("/run/key", &"a: b\r\n".repeat(101)), Head::TooLarge));
    }
}
