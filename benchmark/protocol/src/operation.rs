//! Operations: what one request does, in the words of S3. Libraries implement them; tests compose them.

use std::fmt;
use std::ops::{AddAssign, Index, IndexMut};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What one request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Operation {
    /// GET of an object, a range of one, or a document.
    Get,
    /// HEAD of an object.
    Head,
    /// PUT of a whole object.
    Put,
    /// GET of one page of a bucket's listing.
    List,
    /// DELETE of an object.
    Delete,
    /// POST that begins an upload in parts.
    CreateUpload,
    /// PUT of one part of an upload.
    UploadPart,
    /// POST that makes an upload an object.
    CompleteUpload,
    /// DELETE of an upload.
    AbortUpload,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 9] = [
        Self::Get,
        Self::Head,
        Self::Put,
        Self::List,
        Self::Delete,
        Self::CreateUpload,
        Self::UploadPart,
        Self::CompleteUpload,
        Self::AbortUpload,
    ];

    /// The name in `library.toml`, messages and results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Head => "head",
            Self::Put => "put",
            Self::List => "list",
            Self::Delete => "delete",
            Self::CreateUpload => "create_upload",
            Self::UploadPart => "upload_part",
            Self::CompleteUpload => "complete_upload",
            Self::AbortUpload => "abort_upload",
        }
    }

    /// The method of its request.
    #[must_use]
    pub const fn method(self) -> &'static str {
        match self {
            Self::Get | Self::List => "GET",
            Self::Head => "HEAD",
            Self::Put | Self::UploadPart => "PUT",
            Self::CreateUpload | Self::CompleteUpload => "POST",
            Self::Delete | Self::AbortUpload => "DELETE",
        }
    }

    /// The statuses of a good answer. 200 is what S3 says to what is sent; other servers tell a new object (201) from an old one (204).
    #[must_use]
    pub const fn good_statuses(self, ranged: bool) -> &'static [u16] {
        match self {
            Self::Get if ranged => &[206],
            Self::Put | Self::UploadPart => &[200, 204, 201],
            Self::Delete | Self::AbortUpload => &[204, 200],
            _ => &[200],
        }
    }

    /// [`Self::good_statuses`] by the method of its request, which is all that lies below a client's own interface.
    #[must_use]
    pub fn good_statuses_of(method: &str, ranged: bool) -> &'static [u16] {
        let operation = Self::ALL.into_iter().find(|operation| operation.method() == method);
        operation.map_or(&[200], |operation| operation.good_statuses(ranged))
    }

    /// Whether what it asks comes as XML, which somebody has to read: a page of a listing, the id of an upload, an upload's outcome.
    #[must_use]
    pub const fn is_answered_in_xml(self) -> bool {
        matches!(self, Self::List | Self::CreateUpload | Self::CompleteUpload)
    }

    /// The operation that a request is: its method, whether its path goes on behind the bucket, and its query. `None` for what no
    /// test asks.
    #[must_use]
    pub fn of_request(method: &str, has_key: bool, query: Option<&str>) -> Option<Self> {
        let has = |name: &str| {
            query.is_some_and(|query| query.split('&').any(|pair| pair.split('=').next().unwrap_or(pair) == name))
        };
        let upload = has("uploadId");
        Some(match (method, has_key) {
            ("GET", true) if !upload => Self::Get,
            ("GET", false) if has("list-type") => Self::List,
            ("HEAD", true) => Self::Head,
            ("PUT", true) if upload => Self::UploadPart,
            ("PUT", true) => Self::Put,
            ("POST", true) if has("uploads") => Self::CreateUpload,
            ("POST", true) if upload => Self::CompleteUpload,
            ("DELETE", true) if upload => Self::AbortUpload,
            ("DELETE", true) => Self::Delete,
            _ => return None,
        })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Operation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
            .ok_or_else(|| format!("unknown operation `{name}` (known: {})", Self::ALL.map(Self::name).join(", ")))
    }
}

impl Serialize for Operation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Operation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A number for each operation. On the wire a map that leaves out the zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByOperation([u64; Operation::ALL.len()]);

impl ByOperation {
    /// Those of all operations together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, number| sum.saturating_add(*number))
    }

    /// The operations whose number is not 0.
    pub fn occurred(&self) -> impl Iterator<Item = (Operation, u64)> {
        Operation::ALL.into_iter().zip(self.0).filter(|(_, number)| *number > 0)
    }
}

impl Index<Operation> for ByOperation {
    type Output = u64;

    fn index(&self, operation: Operation) -> &u64 {
        &self.0[operation as usize]
    }
}

impl IndexMut<Operation> for ByOperation {
    fn index_mut(&mut self, operation: Operation) -> &mut u64 {
        &mut self.0[operation as usize]
    }
}

impl AddAssign for ByOperation {
    fn add_assign(&mut self, other: Self) {
        for (sum, number) in self.0.iter_mut().zip(other.0) {
            *sum = sum.saturating_add(number);
        }
    }
}

impl Serialize for ByOperation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.occurred().map(|(operation, number)| (operation.name(), number)))
    }
}

impl<'de> Deserialize<'de> for ByOperation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = std::collections::BTreeMap::<String, u64>::deserialize(deserializer)?;
        let mut numbers = Self::default();
        for (name, number) in by_name {
            numbers[name.parse::<Operation>().map_err(serde::de::Error::custom)?] = number;
        }
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_travel_as_a_map_of_what_occurred() {
        let mut numbers = ByOperation::default();
        numbers[Operation::Get] = 2;
        numbers[Operation::UploadPart] = 1;
        let wire = serde_json::to_string(&numbers).unwrap();
        assert_eq!(wire, r#"{"get":2,"upload_part":1}"#);
        assert_eq!(serde_json::from_str::<ByOperation>(&wire).unwrap(), numbers);
        assert_eq!(numbers.total(), 3);
        let error = serde_json::from_str::<ByOperation>(r#"{"move":1}"#).unwrap_err().to_string();
        assert!(error.contains("unknown operation `move` (known: get, head"), "{error}");
    }

    #[test]
    fn a_request_is_told_by_method_key_and_query() {
        for (method, has_key, query, operation) in [
            ("GET", true, None, Some(Operation::Get)),
            ("GET", true, Some("delay=5ms"), Some(Operation::Get)),
            ("GET", true, Some("uploadId=x"), None),
            ("GET", false, Some("prefix=a&list-type=2"), Some(Operation::List)),
            ("GET", false, Some("location"), None),
            ("HEAD", true, None, Some(Operation::Head)),
            ("HEAD", false, None, None),
            ("PUT", true, None, Some(Operation::Put)),
            ("PUT", true, Some("partNumber=1&uploadId=x"), Some(Operation::UploadPart)),
            ("POST", true, Some("uploads"), Some(Operation::CreateUpload)),
            ("POST", true, Some("uploads="), Some(Operation::CreateUpload)),
            ("POST", true, Some("uploadId=x"), Some(Operation::CompleteUpload)),
            ("POST", false, Some("delete"), None),
            ("DELETE", true, None, Some(Operation::Delete)),
            ("DELETE", true, Some("uploadId=x"), Some(Operation::AbortUpload)),
            ("PATCH", true, None, None),
        ] {
            assert_eq!(Operation::of_request(method, has_key, query), operation, "{method} {has_key} {query:?}");
        }
    }
}
