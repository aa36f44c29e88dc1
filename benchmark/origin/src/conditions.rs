//! Conditional requests, in the order of RFC 9110, section 13.2.2. Only hyper's path meets them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use hyper::header::{IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};

use crate::object::Object;

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Answer; the range counts where `true`.
    Go { range: bool },
    /// 304
    NotModified,
    /// 412
    Failed,
}

/// Judges a GET or HEAD of an object.
pub(crate) fn judge(headers: &HeaderMap, object: &Object) -> Outcome {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let tag = object.etag.to_string();
    let modified = seconds(object.modified.time);
    let date = |text: &str| httpdate::parse_http_date(text).ok().map(seconds);
    if let Some(tags) = text(IF_MATCH) {
        if !lists(tags, &tag) {
            return Outcome::Failed;
        }
    } else if text(IF_UNMODIFIED_SINCE).and_then(date).is_some_and(|since| modified > since) {
        return Outcome::Failed;
    }
    if let Some(tags) = text(IF_NONE_MATCH) {
        if lists(tags, &tag) {
            return Outcome::NotModified;
        }
    } else if text(IF_MODIFIED_SINCE).and_then(date).is_some_and(|since| modified <= since) {
        return Outcome::NotModified;
    }
    let range = text(IF_RANGE).is_none_or(|validator| match validator.strip_prefix('"') {
        Some(_) => validator.trim_matches('"') == tag,
        None => date(validator) == Some(modified),
    });
    Outcome::Go { range }
}

/// Whether a list of entity tags names this one. Ours are strong, so that weak and strong comparison differ in the mark only.
fn lists(tags: &str, tag: &str) -> bool {
    tags.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/").trim_matches('"') == tag)
}

/// HTTP's dates have whole seconds.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;
    use crate::object::{BINARY, Content, ETag, Modified};

    #[test]
    fn conditions_are_judged_in_order() {
        let etag = ETag::of_bytes(b"");
        let modified = Modified::at(UNIX_EPOCH + Duration::from_millis(1_000_000_500));
        let object = Object { content: Content::Pattern(0), size: 1, etag, modified, content_type: BINARY };
        let quoted = format!("\"{etag}\"");
        let (same, earlier) = ("Mon, 12 Jan 1970 13:46:40 GMT", "Mon, 12 Jan 1970 13:46:39 GMT");
        let go = Outcome::Go { range: true };
        for (headers, outcome) in [
            (vec![], go),
            (vec![(IF_NONE_MATCH, quoted.as_str())], Outcome::NotModified),
            (vec![(IF_NONE_MATCH, "\"x\", *")], Outcome::NotModified),
            (vec![(IF_NONE_MATCH, "\"x\""), (IF_MODIFIED_SINCE, same)], go),
            (vec![(IF_MODIFIED_SINCE, same)], Outcome::NotModified),
            (vec![(IF_MODIFIED_SINCE, earlier)], go),
            (vec![(IF_MATCH, "\"x\"")], Outcome::Failed),
            (vec![(IF_MATCH, &quoted), (IF_UNMODIFIED_SINCE, earlier)], go),
            (vec![(IF_UNMODIFIED_SINCE, earlier)], Outcome::Failed),
            (vec![(IF_RANGE, &quoted)], go),
            (vec![(IF_RANGE, "\"x\"")], Outcome::Go { range: false }),
            (vec![(IF_RANGE, same)], go),
            (vec![(IF_RANGE, earlier)], Outcome::Go { range: false }),
        ] as [(Vec<(HeaderName, &str)>, Outcome); 13]
        {
            let map = headers.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect();
            assert_eq!(judge(&map, &object), outcome, "{headers:?}");
        }
    }
}
