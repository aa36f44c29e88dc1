//! One request, before it has the form of any library.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::answer::LONGEST_KEPT;
use super::expected::Expected;
use crate::operation::Operation;
use crate::target::{Object, escape_value};

/// What is asked, and what a good answer is.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// What the request does.
    pub operation: Operation,
    /// Of what; of a page of a listing: the bucket.
    pub object: &'a Object,
    /// First and last byte of the object: those asked for, where only a part is; those sent, where the request sends any.
    pub range: Option<RangeInclusive<u64>>,
    /// What a good answer is.
    pub expected: Expected,
    /// What only few requests have: apart, so that all others stay small.
    pub more: Option<Box<More>>,
}

/// What goes along with a request beyond its object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum More {
    /// Which page of a listing.
    Page(Page),
    /// Of an upload: that it begins.
    Create,
    /// Of an upload: which part.
    Part {
        /// The upload's id.
        upload: String,
        /// The part's number, from 1.
        number: u32,
    },
    /// Of an upload: all its parts.
    Complete {
        /// The upload's id.
        upload: String,
        /// The entity tags of its parts as they came, in order.
        tags: Vec<String>,
    },
    /// Of an upload: that it is given up.
    Abort {
        /// The upload's id.
        upload: String,
    },
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// What all its keys begin with.
    pub prefix: String,
    /// The most keys on it.
    pub most: u32,
    /// What the page before it said that comes next.
    pub continuation: Option<String>,
}

impl<'a> Ask<'a> {
    /// A request that is all said by its object.
    #[must_use]
    pub const fn new(operation: Operation, object: &'a Object, expected: Expected) -> Self {
        Self { operation, object, range: None, expected, more: None }
    }

    /// A GET of an object, or of a part of it.
    #[must_use]
    pub fn get(object: &'a Object, range: Option<RangeInclusive<u64>>, expected: Expected) -> Self {
        Self { range, ..Self::new(Operation::Get, object, expected) }
    }

    /// A PUT of a whole object, of its own size.
    #[must_use]
    pub fn put(object: &'a Object) -> Self {
        Self { range: sent(0, object.size), ..Self::new(Operation::Put, object, Expected::Taken) }
    }

    /// Whether a part of the object is asked for.
    #[inline]
    pub(super) fn is_ranged(&self) -> bool {
        self.range.is_some() && self.operation == Operation::Get
    }

    /// The longest body that an answer may have, in bytes.
    #[inline]
    pub(super) fn longest_answer(&self) -> u64 {
        match (&self.expected, &self.range) {
            (Expected::Object { .. }, Some(range)) => range.end() - range.start() + 1,
            (Expected::Object { size, .. }, None) => size.unwrap_or(u64::MAX),
            _ => LONGEST_KEPT as u64,
        }
    }

    /// The token of the page that is asked for, where it is not the first.
    pub(super) fn continuation(&self) -> Option<&String> {
        match self.more.as_deref()? {
            More::Page(page) => page.continuation.as_ref(),
            _ => None,
        }
    }

    /// The upload that it is about.
    #[must_use]
    pub fn upload(&self) -> Option<&str> {
        match self.more.as_deref()? {
            More::Part { upload, .. } | More::Complete { upload, .. } | More::Abort { upload } => Some(upload),
            More::Page(_) | More::Create => None,
        }
    }
}

/// The bytes of a body of this length, from `first` on.
pub(super) const fn sent(first: u64, length: u64) -> Option<RangeInclusive<u64>> {
    if length == 0 { None } else { Some(first..=first + length - 1) }
}

impl More {
    /// The query beyond the object's own path, percent-encoded, in the order of its names.
    #[must_use]
    pub fn query(&self) -> String {
        match self {
            Self::Page(Page { prefix, most, continuation }) => {
                let mut query = String::new();
                if let Some(token) = continuation {
                    query.push_str("continuation-token=");
                    query.push_str(&escape_value(token));
                    query.push('&');
                }
                query.push_str("list-type=2&max-keys=");
                // Writing to memory does not fail.
                let _ = write!(query, "{most}");
                if !prefix.is_empty() {
                    query.push_str("&prefix=");
                    query.push_str(&escape_value(prefix));
                }
                query
            }
            Self::Create => "uploads=".to_owned(),
            Self::Part { upload, number } => format!("partNumber={number}&uploadId={}", escape_value(upload)),
            Self::Complete { upload, .. } | Self::Abort { upload } => format!("uploadId={}", escape_value(upload)),
        }
    }

    /// What is sent that is no content of an object: the list of an upload's parts.
    #[must_use]
    pub fn body(&self) -> Option<String> {
        let Self::Complete { tags, .. } = self else { return None };
        let mut xml = String::from("<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
        for (number, tag) in (1..).zip(tags) {
            let tag = quick_xml::escape::escape(tag.as_str());
            let _ = write!(xml, "<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>");
        }
        xml.push_str("</CompleteMultipartUpload>");
        Some(xml)
    }
}

/// What a call's answers so far say that its next request needs. Kept by its slot, and empty again for each call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// Good answers so far.
    pub answers: u32,
    /// An upload's id.
    pub upload: Option<String>,
    /// Entity tags of an upload's parts, in order.
    pub tags: Vec<String>,
    /// Keys that were listed.
    pub keys: u64,
}

impl Trail {
    /// Forgets the call before this one; buffers are kept.
    pub fn clear(&mut self) {
        self.answers = 0;
        self.upload = None;
        self.tags.clear();
        self.keys = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_and_in_order() {
        let page = |continuation: Option<&str>, prefix: &str| {
            More::Page(Page { prefix: prefix.into(), most: 7, continuation: continuation.map(Into::into) }).query()
        };
        assert_eq!(page(None, ""), "list-type=2&max-keys=7");
        assert_eq!(page(Some("a=/+"), "b c/"), "continuation-token=a%3D%2F%2B&list-type=2&max-keys=7&prefix=b%20c%2F");
        assert_eq!(More::Part { upload: "u&1".into(), number: 3 }.query(), "partNumber=3&uploadId=u%261");
    }

    #[test]
    fn the_list_of_parts_is_well_formed_whatever_a_server_s_tags_are() {
        let body = More::Complete { upload: "u".into(), tags: vec!["\"a\"".into(), "<".into()] }.body().unwrap();
        assert!(body.contains("<Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>"), "{body}");
        assert!(body.contains("<PartNumber>2</PartNumber><ETag>&lt;</ETag>"), "{body}");
    }
}
