//! One request, before it has the form of any library.

use std::ops::RangeInclusive;

use super::judge::Expected;
use crate::operation::Operation;
use crate::target::Object;

/// What is asked, and what a good answer is.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// What the request does.
    pub operation: Operation,
    /// Of what; of a page of a listing: the bucket.
    pub object: &'a Object,
    /// First and last byte, where only a part is asked for.
    pub range: Option<RangeInclusive<u64>>,
    /// What a good answer is.
    pub expected: Expected,
    /// What only few requests have: apart, so that all others stay small.
    pub more: Option<Box<More>>,
}

/// What goes along with a request beyond its path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct More {
    /// The query beyond the object's own path, percent-encoded, in the order of its names.
    pub query: Option<String>,
    /// What is sent.
    pub body: Option<Vec<u8>>,
}

impl<'a> Ask<'a> {
    /// A GET of an object, or of a part of it.
    #[must_use]
    pub const fn get(object: &'a Object, range: Option<RangeInclusive<u64>>, expected: Expected) -> Self {
        Self { operation: Operation::Get, object, range, expected, more: None }
    }
}

/// What a call's answers so far say that its next request needs. Kept by its slot, and empty again for each call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trail {
    /// A continuation token, or an upload's id.
    pub token: Option<String>,
    /// Entity tags of an upload's parts, in order.
    pub tags: Vec<String>,
}

impl Trail {
    /// Forgets the call before this one; buffers are kept.
    pub fn clear(&mut self) {
        self.token = None;
        self.tags.clear();
    }
}
