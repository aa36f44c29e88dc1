//! Listings of buckets: the harness lists what it is to read, so that every library asks for the same.

use super::{BUCKET, Kind, Mode, of};

const REFUSED: &str = "without objects to read there is nothing to ask for: the harness says what the server said";

const fn listing(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, BUCKET, Kind::Listings) }
}

pub(super) const MODES: &[Mode] = &[
    listing("awkward-keys", "valid", "a key is any text, and asked for as such"),
    listing("long-key", "valid", "S3 has keys of up to 1,024 bytes"),
    listing("fits-on-page-2", "valid", "a listing is read to its end, or to what it takes"),
    listing("truncated-unsaid-where", "refused", REFUSED),
    listing("same-page-for-ever", "refused", REFUSED),
    listing("error-with-200", "refused", REFUSED),
    listing("listing-is-html", "refused", REFUSED),
    listing("listing-is-cut", "refused", REFUSED),
    listing("listing-is-404", "refused", REFUSED),
    listing("empty-bucket", "refused", REFUSED),
    listing("pages-without-end", "refused", REFUSED),
];
