//! What came back of one request: kept while the response is read, judged when it is done.

use std::ops::RangeInclusive;

use super::ask::Ask;
use super::listing::Listing;
use super::xml::{elements, error};
use crate::content;
use crate::operation::Operation;

/// The longest body that is kept to be looked at as a whole, in bytes. Of a longer one the length is known, and that it is too long.
pub const LONGEST_KEPT: usize = 16 << 20;

/// The longest body that is still read of an answer that is known to be wrong, in bytes: its connection is of use again then.
pub const LONGEST_READ_OUT: u64 = 64 << 10;

/// The response to one request, as far as judging it needs it.
#[derive(Debug)]
pub struct Answer {
    pub(super) status: u16,
    /// The status that nearly all good answers have.
    usual_status: u16,
    /// Body bytes after which no more are wanted.
    most: u64,
    is_over: bool,
    operation: Option<Operation>,
    keeps: bool,
    pub(super) content_differs: bool,
    pub(super) content_range: Option<ContentRange>,
    pub(super) length: u64,
    /// Where the content is compared: where in the pattern the object begins, and the offset of the first byte.
    compared: Option<(usize, u64)>,
    pub(super) told: Told,
}

/// Where an answer of another status points to, and what it says of the object.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// The `location` of a redirect.
    pub(super) location: Option<String>,
    /// The object's size, by the `content-range` of a range that cannot be had.
    pub(super) size: Option<u64>,
}

/// What only answers have that are no object's bytes: apart, so that all others touch little memory.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The length that the head names, where it is asked for.
    pub(super) named_length: Option<u64>,
    /// The body, where what was asked keeps it.
    pub(super) body: Vec<u8>,
    /// The entity tag, where it is asked for; empty where there was none.
    pub(super) tag: String,
    /// An upload's id, where it is asked for; empty where there was none.
    pub(super) upload: String,
    pub(super) listing: Listing,
    /// Whether the library reads bodies that mean something, and hands over what they say.
    pub(super) is_parsed: bool,
    /// Why the body does not say what was asked for.
    pub(super) unreadable: Option<String>,
    /// Of an answer whose status is none of those wanted.
    pub(super) elsewhere: Option<Elsewhere>,
}

/// Of a request that nobody judges: whatever comes is wanted.
impl Default for Answer {
    fn default() -> Self {
        Self {
            status: 0,
            usual_status: 0,
            most: u64::MAX,
            is_over: false,
            operation: None,
            keeps: false,
            content_differs: false,
            content_range: None,
            length: 0,
            compared: None,
            told: Told::default(),
        }
    }
}

impl Answer {
    /// Makes it ready for the answer to this request; buffers are kept.
    #[inline]
    pub fn expect(&mut self, ask: &Ask<'_>) {
        self.status = 0;
        self.is_over = false;
        self.usual_status = if ask.is_ranged() { 206 } else { 200 };
        self.most = ask.longest_answer();
        self.content_range = None;
        self.length = 0;
        self.content_differs = false;
        self.operation = Some(ask.operation);
        self.compared = ask.expected.pattern().map(|pattern| {
            let first = ask.range.as_ref().map_or(0, |range| *range.start());
            (pattern, first)
        });
        self.keeps = false;
        if ask.operation != Operation::Get || ask.expected.keeps() {
            self.expect_more(ask);
        }
    }

    /// What only answers have that are no object's bytes.
    #[inline(never)]
    fn expect_more(&mut self, ask: &Ask<'_>) {
        self.keeps = ask.expected.keeps();
        self.told.body.clear();
        self.told.named_length = None;
        self.told.tag.clear();
        self.told.upload.clear();
        self.told.is_parsed = false;
        self.told.unreadable = None;
        if ask.operation == Operation::List {
            self.told.listing.expect(ask);
        }
    }

    /// The head is here: its status, and its headers by lower-case name. Only those that matter are asked for.
    #[inline]
    pub fn head<'v>(&mut self, status: u16, header: impl Fn(&str) -> Option<&'v [u8]>) {
        self.head_with(status, header, ContentRange::parse);
    }

    /// The same, by whoever has a shorter way to read a `content-range`.
    #[inline]
    pub fn head_with<'v>(
        &mut self,
        status: u16,
        header: impl Fn(&str) -> Option<&'v [u8]>,
        content_range: impl FnOnce(&[u8]) -> Option<ContentRange>,
    ) {
        self.status = status;
        if status != self.usual_status {
            self.look_elsewhere(&header);
        }
        match self.operation {
            Some(Operation::Get) => self.content_range = header("content-range").and_then(content_range),
            Some(Operation::Head) => {
                let length = header("content-length").and_then(leading_number);
                self.told.named_length = length.filter(|(_, rest)| rest.is_empty()).map(|(length, _)| length);
            }
            Some(Operation::UploadPart) => {
                self.told.tag.push_str(&String::from_utf8_lossy(header("etag").unwrap_or_default()));
            }
            _ => {}
        }
    }

    /// An answer of another status may be a good one. Of any other a short body is read, and what it says beside its status kept.
    #[cold]
    fn look_elsewhere<'v>(&mut self, header: &impl Fn(&str) -> Option<&'v [u8]>) {
        // Every answer whose status is not the usual one comes by here, and nobody looks at what is kept of any other.
        self.told.elsewhere = None;
        let Some(operation) = self.operation else { return };
        if operation.good_statuses(self.usual_status == 206).contains(&self.status) {
            return;
        }
        let length = header("content-length").and_then(leading_number).map(|(length, _)| length);
        self.most = LONGEST_READ_OUT;
        self.is_over = length.is_none_or(|length| length > LONGEST_READ_OUT);
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let unsatisfied = header("content-range").and_then(|value| leading_number(value.strip_prefix(b"bytes */")?));
        self.told.elsewhere = Some(Elsewhere {
            location: header("location").filter(|_| (300..400).contains(&self.status)).map(text),
            size: unsatisfied.filter(|_| self.status == 416).map(|(size, _)| size),
        });
    }

    /// A piece of the body.
    #[inline]
    pub fn chunk(&mut self, bytes: &[u8]) {
        if let Some((pattern, first)) = self.compared {
            self.content_differs |= !content::matches(pattern, first + self.length, bytes);
        }
        if self.keeps && self.told.body.len() + bytes.len() <= LONGEST_KEPT {
            self.told.body.extend_from_slice(bytes);
        }
        self.length += bytes.len() as u64;
        self.is_over |= self.length > self.most;
    }

    /// Whether no more of it is wanted: it is known to be wrong, or longer than anything good.
    #[inline]
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Whether its head came.
    #[inline]
    #[must_use]
    pub const fn has_head(&self) -> bool {
        self.status != 0
    }

    /// Whether it is known to be wrong, whatever becomes of the rest of it.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.is_over || (self.has_head() && self.status != self.usual_status && self.told.elsewhere.is_some())
    }

    /// The library has read an upload's id by itself.
    pub fn upload_id(&mut self, id: &str) {
        self.told.is_parsed = true;
        self.told.upload.push_str(id);
    }

    /// The library has read by itself that an upload is complete.
    pub const fn completed(&mut self) {
        self.told.is_parsed = true;
    }

    /// The library has read a key of a page by itself; its size, in bytes, is not looked at.
    pub fn key(&mut self, key: &str) {
        self.told.is_parsed = true;
        self.told.listing.key(key);
    }

    /// The library has read by itself where a listing goes on, or that it does not.
    pub fn page_end(&mut self, continuation: Option<&str>) {
        self.told.is_parsed = true;
        self.told.listing.continuation = continuation.map(str::to_owned);
    }

    /// The body is whole: what it says is read, unless the library has done that. To be called before it is judged, within the time of
    /// the request: a library that reads by itself has spent it too.
    #[inline]
    pub fn close(&mut self) {
        if self.keeps
            && !self.told.is_parsed
            && (200..300).contains(&self.status)
            && self.operation != Some(Operation::Get)
        {
            self.told.unreadable = self.read_body().err();
        }
    }

    fn read_body(&mut self) -> Result<(), String> {
        if self.length > self.told.body.len() as u64 {
            return Err(format!("a body of more than {LONGEST_KEPT} bytes"));
        }
        if let Some(error) = error(&self.told.body) {
            return Err(error);
        }
        if !self.operation.is_some_and(Operation::is_answered_in_xml) {
            return Ok(());
        }
        let text = str::from_utf8(&self.told.body).map_err(|error| format!("not XML: {error}"))?;
        match self.operation {
            Some(Operation::List) => self.told.listing.read(text),
            Some(Operation::CreateUpload) => elements(text, |parent, name, text| {
                if (parent, name) == ("InitiateMultipartUploadResult", "UploadId") {
                    self.told.upload.push_str(text);
                }
            }),
            Some(Operation::CompleteUpload) => {
                let mut done = false;
                elements(text, |parent, name, _| done |= (parent, name) == ("", "CompleteMultipartUploadResult"))?;
                if done { Ok(()) } else { Err("no CompleteMultipartUploadResult".to_owned()) }
            }
            _ => Ok(()),
        }
    }

    /// Body bytes so far.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Takes out how long the body was.
    pub const fn take_length(&mut self) -> u64 {
        std::mem::replace(&mut self.length, 0)
    }

    /// What the response said of its range.
    #[must_use]
    pub const fn content_range(&self) -> Option<ContentRange> {
        self.content_range
    }

    /// The size of an object that has no byte at all of the range that was asked for, where that began at its first.
    #[must_use]
    pub fn unsatisfied_size(&self) -> Option<u64> {
        // A range from the first byte on is only not to be had of what is empty.
        (self.status == 416).then(|| self.told.elsewhere.as_ref().and_then(|elsewhere| elsewhere.size).unwrap_or(0))
    }

    /// The keys that a page had.
    pub(super) const fn keys(&self) -> u64 {
        self.told.listing.keys
    }

    /// Where a listing goes on behind a page.
    pub(super) fn continuation(&self) -> Option<&str> {
        self.told.listing.continuation.as_deref()
    }

    /// The entity tag, as it came.
    pub(super) fn tag(&self) -> &str {
        &self.told.tag
    }

    /// An upload's id.
    pub(super) fn upload(&self) -> &str {
        &self.told.upload
    }

    /// The length that the head named, where it was asked for.
    #[must_use]
    pub const fn named_length(&self) -> Option<u64> {
        self.told.named_length
    }
}
/// The `content-range` of a response: `bytes first-last/size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentRange {
    /// The first byte.
    pub first: u64,
    /// The last byte.
    pub last: u64,
    /// The whole object's size.
    pub size: u64,
}

impl ContentRange {
    /// Reads the header's value; `None` for anything but a satisfied range within an object of a known size. (`bytes 0-9/*` is legal,
    /// and of no use: what may be asked for next is not known then.)
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let (first, rest) = leading_number(value.strip_prefix(b"bytes ")?)?;
        let (last, rest) = leading_number(rest.strip_prefix(b"-")?)?;
        let (size, rest) = leading_number(rest.strip_prefix(b"/")?)?;
        (rest.is_empty() && first <= last && last < size).then_some(Self { first, last, size })
    }

    /// Whether these are the bytes of the range.
    pub(super) fn is(&self, range: &RangeInclusive<u64>) -> bool {
        (self.first, self.last) == (*range.start(), *range.end())
    }
}

/// The number that a text begins with, and what follows it; `None` for no digits or more than 19, which is always within 64
/// bits. One pass over the bytes: cut as text and parsed piece by piece, the header cost more than the rest of the judgement.
pub(super) fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut rest) = (0_u64, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
        rest = after;
    }
    matches!(text.len() - rest.len(), 1..=19).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;
    use crate::tests::Expected;

    fn answered<'v>(range: bool, status: u16, header: impl Fn(&str) -> Option<&'v [u8]>) -> Answer {
        let object = Target::parse("http://h/run", None, true).unwrap().object("object-000000");
        let ask = Ask::get(&object, range.then_some(0..=9), Expected::Object { size: Some(10), pattern: None });
        let mut answer = Answer::default();
        answer.expect(&ask);
        answer.head(status, header);
        answer
    }

    #[test]
    fn a_wrong_answer_is_over_at_its_head_unless_its_body_is_short() {
        let length = |text: &'static str| move |name: &str| (name == "content-length").then_some(text.as_bytes());
        for (status, header, is_over) in [
            (200, length("10000000000"), true),
            (200, length("10"), false),
            (503, length("65536"), false),
            (503, length("65537"), true),
            (404, length(""), true),
        ] {
            let answer = answered(true, status, header);
            assert_eq!(
                (answer.is_over(), answer.is_refused()),
                (is_over, true),
                "{status} {:?}",
                header("content-length")
            );
        }
        let good = answered(true, 206, |_| None);
        assert!(!good.is_over() && !good.is_refused());
        let mut endless = answered(true, 503, length("10"));
        (0..9).for_each(|_| endless.chunk(&[0; 10_000]));
        assert!(endless.is_over());
    }

    #[test]
    fn a_body_longer_than_what_was_asked_for_is_over() {
        let mut answer = answered(false, 200, |_| None);
        answer.chunk(&[0; 10]);
        assert!(!answer.is_over());
        answer.chunk(&[0]);
        assert!(answer.is_over() && answer.is_refused());
        let mut unjudged = Answer::default();
        unjudged.head(500, |_| None);
        unjudged.chunk(&[0; 100]);
        assert!(!unjudged.is_over());
    }

    #[test]
    fn only_a_satisfied_range_of_a_known_size_parses() {
        let range = ContentRange { first: 0, last: 9, size: 9_999_999_999_999_999_999 };
        assert_eq!(ContentRange::parse(b"bytes 0-9/9999999999999999999"), Some(range));
        let others = [
            "",
            "bytes",
            "bytes 0-9/*",
            "bytes */10",
            "bytes 0-9",
            "0-9/10",
            "bytes -9/10",
            "bytes 0-9/10 ",
            "bytes +0-9/10",
            "bytes 0-9/18446744073709551617",
            "bytes 0-16383/100",
            "bytes 0-100/100",
            "bytes 9-8/100",
        ];
        for other in others {
            assert_eq!(ContentRange::parse(other.as_bytes()), None, "{other}");
        }
    }
}
