//! Why a request failed, told from whatever error type a library has.

use std::error::Error;
use std::io;

use benchmark_protocol::counts::FailureKind;
use benchmark_protocol::tests::Fault;

use crate::request::Request;
use crate::response::Response;

/// A failed request: its kind, and what the library said.
#[derive(Debug)]
pub struct Failure {
    /// The kind that is counted.
    pub kind: FailureKind,
    /// What the library said; a few are kept as samples.
    pub text: String,
}

impl Failure {
    /// A failure of a kind that the caller knows.
    #[must_use]
    pub fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// A response with this status, where the library reports it as an error.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(FailureKind::Status, format!("status {status}"))
    }

    /// The last byte had not come within `--timeout`.
    pub(crate) fn timeout() -> Self {
        Self::new(FailureKind::Timeout, "no last byte within the timeout")
    }

    /// The server said that it has taken what it never read.
    #[must_use]
    pub fn unsent() -> Self {
        Self::new(FailureKind::Other, "the server answered before it had read the body")
    }

    /// The failure in the light of what had come. A head that was wrong stays what is wrong, whatever became of the body. A connection
    /// that ended before the head, where connections are kept, is taken for one that the server closed between two responses: that it was a
    /// new one, which had carried none, libraries do not show.
    pub(crate) fn after(self, request: &Request<'_>, response: &Response, keeps_connections: bool) -> Self {
        if response.answer().is_refused()
            && let Err(fault) = request.ask.judge(response.answer())
        {
            return fault.into();
        }
        if self.kind == FailureKind::Reset && keeps_connections && !response.answer().has_head() {
            return Self { kind: FailureKind::Closed, ..self };
        }
        self
    }

    /// Tells the kind from the error and its sources, innermost cause last in the text.
    #[must_use]
    pub fn from_error(error: &(dyn Error + 'static)) -> Self {
        let mut text = String::new();
        let mut kind = None;
        let mut cause = Some(error);
        while let Some(error) = cause {
            let part = error.to_string();
            // Many libraries repeat their source in their own text.
            if !text.contains(&part) {
                if !text.is_empty() {
                    text.push_str(": ");
                }
                text.push_str(&part);
            }
            // An io::Error often wraps another one; the innermost that says something counts.
            kind = error.downcast_ref::<io::Error>().and_then(kind_of_io).or(kind);
            cause = error.source().or_else(|| error.downcast_ref::<io::Error>().and_then(inner_of_io));
        }
        let kind = kind.or_else(|| kind_of_text(&text)).unwrap_or(FailureKind::Other);
        Self { kind, text }
    }
}

impl Failure {
    /// Calls a certificate that was not taken by its name, whatever the library takes it for, and names the way out.
    pub(crate) fn explain(&mut self) {
        if !self.text.contains(UNTRUSTED) {
            return;
        }
        self.kind = FailureKind::Tls;
        if self.text.contains(UNKNOWN_ISSUER) && !self.text.ends_with(WAY_OUT) {
            self.text.push_str(WAY_OUT);
        }
    }

    /// Whether no port was free to open a connection from (EADDRNOTAVAIL).
    pub(crate) fn is_out_of_ports(&self) -> bool {
        self.text.contains(OUT_OF_PORTS)
    }
}

/// What rustls says of a certificate that it does not take.
const UNTRUSTED: &str = "invalid peer certificate";
const UNKNOWN_ISSUER: &str = "UnknownIssuer";
const WAY_OUT: &str = " (`--ca FILE` names the certificates to trust)";

/// How EADDRNOTAVAIL ends in whatever words the C library has for it.
const OUT_OF_PORTS: &str = "(os error 99)";

impl From<Fault> for Failure {
    fn from(Fault { kind, text }: Fault) -> Self {
        Self { kind, text }
    }
}

/// `io::Error::source` skips the error that it wraps and goes on to that one's source.
fn inner_of_io(error: &io::Error) -> Option<&(dyn Error + 'static)> {
    error.get_ref().map(|inner| inner as &(dyn Error + 'static))
}

fn kind_of_io(error: &io::Error) -> Option<FailureKind> {
    use io::ErrorKind as Io;
    Some(match error.kind() {
        Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe | Io::NotConnected => FailureKind::Reset,
        Io::UnexpectedEof => FailureKind::ShortBody,
        Io::TimedOut => FailureKind::Timeout,
        Io::ConnectionRefused
        | Io::HostUnreachable
        | Io::NetworkUnreachable
        | Io::AddrNotAvailable
        | Io::NetworkDown => FailureKind::Connect,
        _ => return None,
    })
}

/// The last resort: some libraries keep the type of a cause to themselves.
fn kind_of_text(text: &str) -> Option<FailureKind> {
    const SIGNS: [(&str, FailureKind); 14] = [
        ("dns error", FailureKind::Dns),
        ("failed to lookup address", FailureKind::Dns),
        ("end of file before message length", FailureKind::ShortBody),
        ("invalid chunk", FailureKind::BadBytes),
        ("chunk length", FailureKind::BadBytes),
        ("chunk expected", FailureKind::BadBytes),
        ("error reading a body", FailureKind::ShortBody),
        ("connection closed before message completed", FailureKind::Reset),
        ("certificate", FailureKind::Tls),
        ("corrupt message", FailureKind::Tls),
        ("handshake", FailureKind::Tls),
        ("operation timed out", FailureKind::Timeout),
        ("timeout", FailureKind::Timeout),
        ("tcp connect error", FailureKind::Connect),
    ];
    let text = text.to_ascii_lowercase();
    SIGNS.into_iter().find(|(sign, _)| text.contains(sign)).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("request failed")]
    struct Wrapped(#[source] io::Error);

    #[test]
    fn the_kind_comes_from_the_innermost_io_error() {
        let failure = Failure::from_error(&Wrapped(io::ErrorKind::ConnectionReset.into()));
        assert_eq!(failure.kind, FailureKind::Reset);
        assert_eq!(failure.text, "request failed: connection reset");
        let nested = io::Error::other(Wrapped(io::ErrorKind::UnexpectedEof.into()));
        assert_eq!(Failure::from_error(&nested).kind, FailureKind::ShortBody);
    }

    #[test]
    fn a_certificate_of_an_unknown_issuer_is_told_with_the_way_out() {
        let mut failure = Failure::new(FailureKind::Connect, "cannot connect: invalid peer certificate: UnknownIssuer");
        failure.explain();
        failure.explain();
        assert_eq!(failure.kind, FailureKind::Tls);
        assert!(failure.text.ends_with("UnknownIssuer (`--ca FILE` names the certificates to trust)"), "{failure:?}");
        let mut expired = Failure::new(FailureKind::Other, "invalid peer certificate: Expired");
        expired.explain();
        assert_eq!((expired.kind, expired.text.as_str()), (FailureKind::Tls, "invalid peer certificate: Expired"));
    }

    #[test]
    fn want_of_ports_is_seen_wherever_the_library_has_it() {
        let refused = io::Error::from_raw_os_error(nix::errno::Errno::EADDRNOTAVAIL as i32);
        assert!(Failure::from_error(&Wrapped(refused)).is_out_of_ports());
        assert!(!Failure::from_error(&io::Error::from_raw_os_error(111)).is_out_of_ports());
    }

    #[test]
    fn what_nothing_tells_is_other() {
        assert_eq!(Failure::from_error(&io::Error::other("gremlins")).kind, FailureKind::Other);
        assert_eq!(Failure::from_error(&io::Error::other("dns error: no such host")).kind, FailureKind::Dns);
    }
}
