//! What a good answer is, as data.

/// What a good answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An object, or the range that was asked for.
    Object {
        /// The object's whole size; `None` before it is known.
        size: Option<u64>,
        /// Where in the content pattern the object begins, where every byte is to be compared.
        pattern: Option<u32>,
    },
    /// A JSON document.
    Document {
        /// The document of our origin that it must be, and whether every byte is to be compared; `None` for any document.
        known: Option<Document>,
    },
    /// That the object is there: its head.
    Head {
        /// The object's size; `None` where any will do.
        size: Option<u64>,
    },
    /// That what was sent was taken. Of a part also its entity tag.
    Taken,
    /// That there is no such object or upload any more.
    Gone,
    /// An upload's id.
    Upload,
    /// That an upload became an object.
    Completed,
    /// A page of a listing.
    Page {
        /// How many keys came before it.
        first: u64,
        /// How many there are in all; where they are not known, how many are asked for at most.
        total: u64,
        /// Whether they are those of a run's objects, one after the other.
        known: bool,
    },
}

/// A document of our origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its id.
    pub id: u32,
    /// Its length, in bytes.
    pub length: u32,
    /// Whether every byte is compared, or its id and length alone.
    pub compared: bool,
}

impl Expected {
    pub(super) const fn pattern(&self) -> Option<usize> {
        match self {
            Self::Object { pattern: Some(pattern), .. } => Some(*pattern as usize),
            _ => None,
        }
    }

    /// The whole size of the object that is expected, where it is known.
    #[inline]
    #[must_use]
    pub const fn size(&self) -> Option<u64> {
        match self {
            Self::Object { size, .. } => *size,
            _ => None,
        }
    }

    /// Whether the body is looked at as a whole.
    pub(super) const fn keeps(&self) -> bool {
        !matches!(self, Self::Object { .. } | Self::Head { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It goes with every request.
    #[test]
    fn it_is_small() {
        assert!(size_of::<Expected>() <= 32, "{}", size_of::<Expected>());
    }
}
