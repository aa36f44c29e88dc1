//! The comparison of what was expected with what came.

use std::ops::RangeInclusive;

use serde::de::IgnoredAny;

use super::answer::{Answer, LONGEST_KEPT, leading_number};
use super::ask::Ask;
use super::expected::{Document, Expected};
use crate::content;
use crate::counts::FailureKind;
use crate::operation::Operation;

/// Why an answer is not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind that is counted.
    pub kind: FailureKind,
    /// What is wrong with it.
    pub text: String,
}

impl Fault {
    fn bad(text: impl Into<String>) -> Self {
        Self { kind: FailureKind::BadBytes, text: text.into() }
    }
}

impl Ask<'_> {
    /// Whether status, range, length and content are those that were asked for.
    ///
    /// # Errors
    /// What is wrong first.
    pub fn judge(&self, answer: &Answer) -> Result<(), Fault> {
        match (&self.expected, &self.range) {
            (Expected::Object { size, .. }, Some(range)) => judge_range(answer, range, *size),
            (Expected::Object { size, .. }, None) => judge_whole(answer, *size),
            (Expected::Document { known }, _) => judge_document(answer, known.as_ref()),
            (Expected::Head { size }, _) => judge_head(answer, *size),
            (Expected::Taken, _) => self.judge_taken(answer),
            (Expected::Gone, _) => self.judge_said(answer),
            (Expected::Upload, _) => judge_told(answer, &answer.told.upload, "an upload's id"),
            (Expected::Completed, _) => judge_read(answer),
            (Expected::Page { first, total, known }, _) => self.judge_page(answer, *first, *total, *known),
        }
    }

    /// That it was done, by its status and by what the body says, where there is one.
    fn judge_said(&self, answer: &Answer) -> Result<(), Fault> {
        judge_status(answer, self.operation.good_statuses(false))?;
        answer.told.unreadable.as_ref().map_or(Ok(()), |why| Err(Fault::bad(why.clone())))
    }

    fn judge_taken(&self, answer: &Answer) -> Result<(), Fault> {
        self.judge_said(answer)?;
        if self.operation == Operation::UploadPart && answer.told.tag.is_empty() {
            return Err(Fault::bad("a part without an entity tag"));
        }
        Ok(())
    }

    fn judge_page(&self, answer: &Answer, first: u64, total: u64, known: bool) -> Result<(), Fault> {
        judge_read(answer)?;
        let listing = &answer.told.listing;
        let seen = first + listing.keys;
        if let Some(key) = &listing.wrong {
            let wanted = if known { "is not the next of the run's objects" } else { "is out of order" };
            return Err(Fault::bad(format!("key `{key}` on a page of a listing {wanted}")));
        }
        match &listing.continuation {
            Some(token) if self.continuation() == Some(token) => {
                Err(Fault::bad("a page that goes on with the token that it was asked for with"))
            }
            Some(_) if listing.keys == 0 => Err(Fault::bad("a page without keys that says that others follow")),
            Some(_) if known && seen >= total => Err(Fault::bad(format!("more than the {total} keys that there are"))),
            None if known && seen < total => Err(Fault {
                kind: FailureKind::ShortBody,
                text: format!("the listing ends after {seen} of {total} keys"),
            }),
            None if known && seen > total => Err(Fault::bad(format!("{seen} keys instead of {total}"))),
            _ => Ok(()),
        }
    }
}

fn judge_range(answer: &Answer, range: &RangeInclusive<u64>, size: Option<u64>) -> Result<(), Fault> {
    if answer.status != 206 {
        return Err(bad_status(answer, Some(range)));
    }
    match answer.content_range {
        Some(got) if got.is(range) => {
            if size.is_some_and(|size| size != got.size) {
                return Err(Fault::bad(format!("the object is now {} bytes long", got.size)));
            }
        }
        Some(got) => {
            return Err(Fault::bad(format!(
                "asked for bytes {}-{}, got {}-{} of {}",
                range.start(),
                range.end(),
                got.first,
                got.last,
                got.size
            )));
        }
        None => return Err(Fault::bad("no usable content-range: it must name the range and the object's size")),
    }
    judge_body(answer, Some(range.end() - range.start() + 1))
}

fn judge_whole(answer: &Answer, size: Option<u64>) -> Result<(), Fault> {
    judge_status(answer, &[200])?;
    judge_body(answer, size)
}

fn judge_status(answer: &Answer, good: &[u16]) -> Result<(), Fault> {
    if good.contains(&answer.status) {
        return Ok(());
    }
    Err(bad_status(answer, None))
}

/// What is said of a status that was not wanted: with where it points to, or what it says of the object.
#[cold]
fn bad_status(answer: &Answer, range: Option<&RangeInclusive<u64>>) -> Fault {
    let elsewhere = answer.told.elsewhere.as_ref().filter(|_| answer.has_head());
    let location = elsewhere.and_then(|elsewhere| elsewhere.location.as_ref());
    let size = elsewhere.and_then(|elsewhere| elsewhere.size);
    let hint = match (answer.status, range, location, size) {
        (200, Some(_), ..) => " (a range was asked for: 206 expected)".to_owned(),
        (_, _, Some(location), _) => format!(" to {}", printable(location)),
        (416, Some(range), _, Some(size)) => {
            format!(" (the object holds {size} bytes, bytes {}-{} were asked for)", range.start(), range.end())
        }
        _ => String::new(),
    };
    Fault { kind: FailureKind::Status, text: format!("status {}{hint}", answer.status) }
}

/// A text of a server's, of no more than a line.
fn printable(text: &str) -> String {
    text.chars().take(200).map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn judge_head(answer: &Answer, size: Option<u64>) -> Result<(), Fault> {
    judge_status(answer, &[200])?;
    match (size, answer.told.named_length) {
        (Some(size), Some(named)) if size != named => {
            Err(Fault::bad(format!("the object is {named} bytes long instead of {size}")))
        }
        (Some(size), None) => Err(Fault::bad(format!("no content-length where it is {size}"))),
        _ => Ok(()),
    }
}

/// That the body says what was asked for.
fn judge_read(answer: &Answer) -> Result<(), Fault> {
    judge_status(answer, &[200])?;
    answer.told.unreadable.as_ref().map_or(Ok(()), |why| Err(Fault::bad(why.clone())))
}

fn judge_told(answer: &Answer, told: &str, what: &str) -> Result<(), Fault> {
    judge_read(answer)?;
    if told.is_empty() { Err(Fault::bad(format!("the answer does not name {what}"))) } else { Ok(()) }
}

fn judge_body(answer: &Answer, wanted: Option<u64>) -> Result<(), Fault> {
    match wanted {
        Some(wanted) if answer.length < wanted => {
            let text = format!("{} of {wanted} bytes", answer.length);
            return Err(Fault { kind: FailureKind::ShortBody, text });
        }
        Some(wanted) if answer.length > wanted => {
            return Err(Fault::bad(format!("more than the {wanted} bytes that were asked for")));
        }
        _ => {}
    }
    if answer.content_differs { Err(Fault::bad("the content is not the object's")) } else { Ok(()) }
}

fn judge_document(answer: &Answer, known: Option<&Document>) -> Result<(), Fault> {
    judge_status(answer, &[200])?;
    if answer.length > LONGEST_KEPT as u64 {
        return Err(Fault::bad(format!("a document of more than {LONGEST_KEPT} bytes")));
    }
    let not_json = |error: &dyn std::fmt::Display| Fault::bad(format!("not JSON: {error}"));
    let text = str::from_utf8(&answer.told.body).map_err(|error| not_json(&error))?;
    // Nothing of it is kept, which costs a fraction of reading it into a value.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| not_json(&error))?;
    let Some(known) = known else { return Ok(()) };
    match document_id(&answer.told.body) {
        Some(id) if id == u64::from(known.id) => {}
        Some(id) => return Err(Fault::bad(format!("asked for document {}, got document {id}", known.id))),
        None => return Err(Fault::bad(format!("asked for document {}, got another text", known.id))),
    }
    judge_body(answer, Some(known.length.into()))?;
    if known.compared && text != content::document(known.id.into()) {
        return Err(Fault::bad(format!("the content is not document {}'s", known.id)));
    }
    Ok(())
}

/// The id that a document of our origin begins with.
fn document_id(body: &[u8]) -> Option<u64> {
    let (id, rest) = leading_number(body.strip_prefix(b"{\"id\":")?)?;
    rest.starts_with(b",").then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::{Object, Target};

    fn object() -> Object {
        Target::parse("http://h/run", None, true).unwrap().object("object-000000")
    }

    fn judged(ask: &Ask<'_>, (status, content_range): (u16, &str), body: &[u8]) -> Result<(), FailureKind> {
        let mut answer = Answer::default();
        answer.expect(ask);
        answer.head(status, |name| (name == "content-range").then_some(content_range.as_bytes()));
        body.chunks(3).for_each(|chunk| answer.chunk(chunk));
        answer.close();
        ask.judge(&answer).map_err(|fault| fault.kind)
    }

    #[test]
    fn only_the_very_range_is_a_success() {
        let object = object();
        let ask = Ask::get(&object, Some(10..=19), Expected::Object { size: Some(100), pattern: Some(3) });
        let good = content::piece(3, 10, 10);
        let head = (206, "bytes 10-19/100");
        assert_eq!(judged(&ask, head, good), Ok(()));
        assert_eq!(judged(&ask, (200, head.1), good), Err(FailureKind::Status));
        assert_eq!(judged(&ask, (206, "bytes 10-18/100"), good), Err(FailureKind::BadBytes));
        assert_eq!(judged(&ask, (206, "bytes 10-19/101"), good), Err(FailureKind::BadBytes));
        assert_eq!(judged(&ask, (206, ""), good), Err(FailureKind::BadBytes));
        assert_eq!(judged(&ask, head, &good[..9]), Err(FailureKind::ShortBody));
        assert_eq!(judged(&ask, head, content::piece(3, 10, 11)), Err(FailureKind::BadBytes));
        assert_eq!(judged(&ask, head, content::piece(3, 11, 10)), Err(FailureKind::BadBytes));
    }

    #[test]
    fn a_whole_object_has_its_length_and_its_content() {
        let object = object();
        let ask = Ask::get(&object, None, Expected::Object { size: Some(10), pattern: Some(3) });
        let good = content::piece(3, 0, 10);
        assert_eq!(judged(&ask, (200, ""), good), Ok(()));
        assert_eq!(judged(&ask, (206, "bytes 0-9/10"), good), Err(FailureKind::Status));
        assert_eq!(judged(&ask, (200, ""), &good[..9]), Err(FailureKind::ShortBody));
        assert_eq!(judged(&ask, (200, ""), content::piece(4, 0, 10)), Err(FailureKind::BadBytes));
        let unknown = Ask::get(&object, None, Expected::Object { size: None, pattern: None });
        assert_eq!(judged(&unknown, (200, ""), b"anything"), Ok(()));
    }

    #[test]
    fn a_document_is_the_one_that_was_asked_for() {
        let object = object();
        let length = content::document(7).len() as u32;
        let known = |compared| Some(Document { id: 7, length, compared });
        let ask = |known| Ask::get(&object, None, Expected::Document { known });
        let good = content::document(7).into_bytes();
        let mut changed = good.clone();
        *changed.iter_mut().rfind(|byte| byte.is_ascii_digit()).unwrap() ^= 1;
        for (body, shallow, whole) in [
            (&good[..], Ok(()), Ok(())),
            (b"{}", Err(FailureKind::BadBytes), Err(FailureKind::BadBytes)),
            (content::document(8).as_bytes(), Err(FailureKind::BadBytes), Err(FailureKind::BadBytes)),
            (br#"{"id":7,"name":"item 7"}"#, Err(FailureKind::ShortBody), Err(FailureKind::ShortBody)),
            (&changed, Ok(()), Err(FailureKind::BadBytes)),
        ] {
            assert_eq!(judged(&ask(known(false)), (200, ""), body), shallow, "{}", String::from_utf8_lossy(body));
            assert_eq!(judged(&ask(known(true)), (200, ""), body), whole, "{}", String::from_utf8_lossy(body));
        }
        assert_eq!(judged(&ask(known(true)), (404, ""), &good), Err(FailureKind::Status));
    }

    #[test]
    fn a_document_must_parse_whoever_serves_it() {
        let object = object();
        let ask = Ask::get(&object, None, Expected::Document { known: None });
        for bad in [&b""[..], b"{\"id\":", b"{}{}", b"{\"name\":\"\xff\"}"] {
            assert_eq!(judged(&ask, (200, ""), bad), Err(FailureKind::BadBytes));
        }
        assert_eq!(judged(&ask, (200, ""), b"{}"), Ok(()));
    }

    #[test]
    fn a_document_without_end_is_not_kept() {
        let object = object();
        let ask = Ask::get(&object, None, Expected::Document { known: None });
        let mut answer = Answer::default();
        answer.expect(&ask);
        answer.head(200, |_| None);
        let piece = vec![b' '; 1 << 20];
        for _ in 0..20 {
            answer.chunk(&piece);
        }
        assert!(answer.told.body.len() <= LONGEST_KEPT);
        assert_eq!(ask.judge(&answer).unwrap_err().text, "a document of more than 16777216 bytes");
    }
}
