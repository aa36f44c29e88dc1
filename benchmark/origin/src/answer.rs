//! What a GET or HEAD is answered, whichever path it came by.

use std::time::Duration;

use benchmark_protocol::content;
use benchmark_protocol::units::parse_duration;

use crate::faults::Fate;
use crate::object::{Content, Object};
use crate::range::{Asked, Part, resolve};
use crate::reply::{ContentRange, Payload, Reply};
use crate::run::Run;
use crate::store::Full;
use crate::taken::slow_down;

/// The id of a document, where the key is one of a document: `api/<id>`.
pub(crate) fn document_id(key: &str) -> Option<u64> {
    let digits = key.strip_prefix("api/")?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// The answer to a GET of the object, or to one of the document, that this key names in this run.
pub(crate) fn get(run: &Run, key: &str, range: Option<Asked>, signed: bool) -> Reply {
    let document = document_id(key);
    if run.contract.signed && !signed && document.is_none() {
        return access_denied();
    }
    match (run.find(key), document) {
        (Some(found), _) => object(&found, range),
        (None, Some(id)) => Reply::new(200, "application/json", Payload::Bytes(content::document(id).into())),
        (None, None) => no_such_key(key),
    }
}

/// The answer to a DELETE: the same whether or not there was such an object.
pub(crate) fn delete(run: &Run, key: &str) -> Reply {
    match run.delete(key) {
        Ok(()) => Reply::new(204, "application/xml", Payload::EMPTY),
        Err(Full) => slow_down(run.store.budget()),
    }
}

/// The answer to a GET of an object.
pub(crate) fn object(object: &Object, range: Option<Asked>) -> Reply {
    let (status, offset, length, content_range) = match resolve(range, object.size) {
        Part::Whole => (200, 0, object.size, ContentRange::None),
        Part::Slice(first, last) => (206, first, last - first + 1, ContentRange::Of { first, last, size: object.size }),
        Part::Unsatisfiable => {
            let mut reply = Reply::error(416, "InvalidRange", "The requested range is not satisfiable");
            reply.content_range = ContentRange::Unsatisfied { size: object.size };
            return reply;
        }
    };
    let payload = match &object.content {
        Content::Pattern(origin) => Payload::Pattern { origin: *origin, offset, length },
        Content::Stored(stored) => Payload::Bytes(stored.bytes.slice(offset as usize..(offset + length) as usize)),
    };
    let mut reply = Reply::new(status, object.metadata.content_type.clone(), payload);
    reply.object = Some((object.etag, object.modified));
    reply.lines = object.metadata.lines.clone();
    reply.content_range = content_range;
    reply
}

/// The answer that a fate gives in place of the request's own.
pub(crate) fn instead(fate: Fate) -> Option<Reply> {
    match fate {
        Fate::Error(status) => Some(Reply::error(status, "InjectedError", "The origin was told to answer so.")),
        Fate::Refuse(seconds) => {
            let mut reply = Reply::error(429, "TooManyRequests", "Please reduce your request rate.");
            reply.retry_after = Some(seconds);
            Some(reply)
        }
        Fate::Serve | Fate::Truncate | Fate::Reset => None,
    }
}

/// How much of a body goes out where the response is cut: half, and so at least one byte less than all.
pub(crate) fn half(length: u64) -> u64 {
    length / 2
}

/// How much of a head goes out where the response is cut and has no body to cut (HEAD, 204, an empty object).
///
/// A whole head would be a success in the client's eyes, and a close before the first byte looks like a kept-alive
/// connection that the server gave up, which clients retry in silence: half a status line is neither.
pub(crate) const CUT_HEAD: u64 = 10;

/// The longest `?delay=`: a client that leaves is not noticed before, and its connection is held so long.
const MOST_DELAY: Duration = Duration::from_secs(300);

/// Reads `?delay=`; the error is the answer.
pub(crate) fn delay(text: Option<&str>) -> Result<Duration, Box<Reply>> {
    let Some(text) = text else { return Ok(Duration::ZERO) };
    let refused = |error: String| Box::new(Reply::error(400, "InvalidArgument", &format!("delay: {error}")));
    let delay = parse_duration(text).map_err(|error| refused(error.to_string()))?;
    if delay > MOST_DELAY {
        return Err(refused(format!("`{text}` is longer than {} s", MOST_DELAY.as_secs())));
    }
    Ok(delay)
}

pub(crate) fn no_such_bucket(name: &str) -> Reply {
    Reply::error(404, "NoSuchBucket", &format!("No run `{name}` was announced."))
}

pub(crate) fn access_denied() -> Reply {
    Reply::error(403, "AccessDenied", "This run's requests must be signed.")
}

fn no_such_key(key: &str) -> Reply {
    Reply::error(404, "NoSuchKey", &format!("The run has no object `{key}`."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_have_numbers() {
        assert_eq!(document_id("api/42"), Some(42));
        for key in ["api/", "api/x", "api/-1", "api/1/2", "api", "object-000001", "api/99999999999999999999"] {
            assert_eq!(document_id(key), None, "{key}");
        }
    }
}
