//! A page of a listing as it comes: key by key, from the body or from a library that has read it.

use super::ask::{Ask, More};
use super::expected::Expected;
use super::xml::elements;
use crate::content;

/// What a page has said so far.
#[derive(Debug, Default)]
pub(super) struct Listing {
    prefix: String,
    /// The number of the key that is expected next, where they are known.
    expected: Option<u64>,
    /// The key before, where they are not.
    before: String,
    /// How many keys came.
    pub(super) keys: u64,
    /// The first key that is not the one that was expected.
    pub(super) wrong: Option<String>,
    /// Where it goes on.
    pub(super) continuation: Option<String>,
}

impl Listing {
    /// Makes it ready for the page that is asked for; buffers are kept.
    pub(super) fn expect(&mut self, ask: &Ask<'_>) {
        self.prefix.clear();
        if let Some(More::Page(page)) = ask.more.as_deref() {
            self.prefix.push_str(&page.prefix);
        }
        self.expected = match ask.expected {
            Expected::Page { first, known: true, .. } => Some(first),
            _ => None,
        };
        self.before.clear();
        self.keys = 0;
        self.wrong = None;
        self.continuation = None;
    }

    /// The next key.
    pub(super) fn key(&mut self, key: &str) {
        let good = match &mut self.expected {
            Some(expected) => {
                let at = *expected;
                *expected += 1;
                key.strip_prefix(&self.prefix).is_some_and(|index| content::is_index(index, at))
            }
            None => {
                let good = key.starts_with(&self.prefix) && (self.keys == 0 || key > self.before.as_str());
                self.before.clear();
                self.before.push_str(key);
                good
            }
        };
        if !good && self.wrong.is_none() {
            self.wrong = Some(key.to_owned());
        }
        self.keys += 1;
    }

    /// Reads a page as it is on the wire.
    pub(super) fn read(&mut self, xml: &str) -> Result<(), String> {
        let (mut truncated, mut next, mut is_page) = (false, None, false);
        elements(xml, |parent, name, text| match (parent, name) {
            ("Contents", "Key") => self.key(text),
            ("ListBucketResult", "IsTruncated") => truncated = text == "true",
            ("ListBucketResult", "NextContinuationToken") => next = Some(text.to_owned()),
            ("", "ListBucketResult") => is_page = true,
            _ => {}
        })?;
        match (is_page, truncated, next) {
            (false, ..) => Err("no ListBucketResult".to_owned()),
            (true, true, None) => Err("a truncated page without a NextContinuationToken".to_owned()),
            (true, truncated, next) => {
                self.continuation = next.filter(|_| truncated);
                Ok(())
            }
        }
    }
}
