//! Conditional requests, in the order of RFC 9110, section 13.2.2. Only hyper's path meets them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::HeaderMap;
use hyper::header::{HeaderName, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, IF_UNMODIFIED_SINCE};

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

/// Whether an object may be written, or deleted, where this one is or none.
pub(crate) fn lets(headers: &HeaderMap, object: Option<&Object>) -> bool {
    let tags = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let names = |tags| object.is_some_and(|object| lists(tags, &object.etag.to_string()));
    tags(IF_MATCH).is_none_or(names) && !tags(IF_NONE_MATCH).is_some_and(names)
}

/// Whether a request may copy this object, by the headers that S3 has for it.
pub(crate) fn let_copy(headers: &HeaderMap, object: &Object) -> bool {
    const COPIED: &str = "x-amz-copy-source-";
    let conditions = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(COPIED).filter(|name| name.starts_with("if-"))?;
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value.clone()))
    });
    matches!(judge(&conditions.collect(), object), Outcome::Go { .. })
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
    use super::*;
    use crate::object::{BINARY, Content, ETag, Modified};

    fn object() -> Object {
        let etag = ETag::of_bytes(b"");
        let modified = Modified::at(UNIX_EPOCH + Duration::from_millis(1_000_000_500));
        Object { content: Content::Pattern(0), size: 1, etag, modified, metadata: BINARY.into() }
    }

    #[test]
    fn writing_and_copying_have_conditions_too() {
        let object = object();
        let map = |name: &'static str, value: &str| [(HeaderName::from_static(name), value.parse().unwrap())];
        let quoted = format!("\"{}\"", object.etag);
        for (name, value, where_it_is, where_none_is) in [
            ("if-none-match", "*", false, true),
            ("if-none-match", "\"x\"", true, true),
            ("if-match", "*", true, false),
            ("if-match", quoted.as_str(), true, false),
            ("if-match", "\"x\"", false, false),
            ("if-modified-since", "Mon, 12 Jan 1970 13:46:40 GMT", true, true),
        ] {
            let headers = map(name, value).into_iter().collect();
            assert_eq!(
                (lets(&headers, Some(&object)), lets(&headers, None)),
                (where_it_is, where_none_is),
                "{name} {value}"
            );
        }
        for (name, value, good) in [
            ("x-amz-copy-source-if-match", quoted.as_str(), true),
            ("x-amz-copy-source-if-match", "\"x\"", false),
            ("x-amz-copy-source-if-none-match", &quoted, false),
            ("x-amz-copy-source-if-modified-since", "Mon, 12 Jan 1970 13:46:40 GMT", false),
            ("x-amz-copy-source-if-unmodified-since", "Mon, 12 Jan 1970 13:46:39 GMT", false),
            ("x-amz-copy-source", "if-match", true),
            ("if-match", "\"x\"", true),
        ] {
            assert_eq!(let_copy(&map(name, value).into_iter().collect(), &object), good, "{name} {value}");
        }
    }

    #[test]
    fn conditions_are_judged_in_order() {
        let object = object();
        let quoted = format!("\"{}\"", object.etag);
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
