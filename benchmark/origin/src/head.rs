//! Which requests the fast path answers: plain GET and HEAD of an object or a document. The rest is hyper's.

use std::mem::MaybeUninit;

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
    /// HEAD, not GET.
    pub(crate) head_only: bool,
    pub(crate) run: &'b str,
    /// Never empty.
    pub(crate) key: &'b str,
    pub(crate) range: Option<Asked>,
    /// The text of `?delay=`.
    pub(crate) delay: Option<&'b str>,
    /// Whether the client asked for the connection to end.
    pub(crate) close: bool,
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
    let head_only = match request.method? {
        "GET" => false,
        "HEAD" => true,
        _ => return None,
    };
    if request.version != Some(1) {
        return None;
    }
    let (path, query) = split(request.path?);
    // hyper's path decodes; in a path that needs no decoding there is nothing to get differently.
    let (run, key) = path.strip_prefix('/')?.split_once('/')?;
    if run.is_empty() || run == "-" || key.is_empty() || path.contains('%') {
        return None;
    }
    let mut plain = Plain { head_only, run, key, range: None, delay: None, close: false };
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        match pair.split_once('=')? {
            ("x-id", _) => {}
            ("delay", text) if !text.contains(['%', '+']) => plain.delay = Some(text),
            _ => return None,
        }
    }
    let mut ranges = 0;
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
            14 if name.eq_ignore_ascii_case("content-length") && header.value != b"0" => return None,
            17 if name.eq_ignore_ascii_case("transfer-encoding") || name.eq_ignore_ascii_case("if-modified-since") => {
                return None;
            }
            19 if name.eq_ignore_ascii_case("if-unmodified-since") => return None,
            _ => {}
        }
    }
    // Two Range headers are several ranges: ignored like those in one header.
    plain.range = plain.range.filter(|_| ranges == 1);
    Some(plain)
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
        let expected = Plain { head_only: false, run: "run", key: "object-000001", range, delay: None, close: false };
        assert_eq!(plain, expected);
        let head = read("/run/api/7?delay=350ms", "connection: TE, Close\r\n");
        let Head::Plain(plain, _) = head else { panic!("{head:?}") };
        assert_eq!((plain.key, plain.delay, plain.close), ("api/7", Some("350ms"), true));
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
        assert!(matches!(parse(b"PUT /run/key HTTP/1.1\r\n\r\n"), Head::Other));
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
