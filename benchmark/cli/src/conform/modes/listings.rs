//! Listings of buckets: the harness lists what it is to read, so that every library asks for the same; and libraries list as a test.

use super::{BUCKET, Kind, Mode, Server, of};

const REFUSED: &str = "without objects to read there is nothing to ask for: the harness says what the server said";

const fn listing(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, BUCKET, Kind::Listings) }
}

/// The same manner, met by libraries.
const fn listed(name: &'static str, manner: &'static str, about: &'static str) -> Mode {
    Mode {
        test: "list_objects",
        server: Server::Manner(manner),
        about: Some(about),
        flags: LISTING,
        ..listing(name, "verify: bad_bytes", "a listing that is not whole is none")
    }
}

const LISTING: &[(&str, &str)] = &[
    ("--target", "s3://bucket"),
    ("--endpoint", "http://{address}"),
    ("--requests", "8"),
    ("--param", "objects=100000"),
];

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
    listed("lists-truncated", "truncated-unsaid-where", "says of a listing that it goes on, and not where"),
    listed("lists-for-ever", "same-page-for-ever", "lists the same page with the same token for ever"),
    listed("lists-error", "error-with-200", "answers a listing with 200 and an <Error>"),
    listed("lists-html", "listing-is-html", "answers a listing with a page for people"),
];
