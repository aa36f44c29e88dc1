//! How bodies are sent.

use super::{DOCUMENT, Kind, Mode, READ, of};

const FORMS: &str = "all forms of a body are the same bytes (RFC 9112, 6 and 7)";
const AT_ITS_HEAD: &str = "a wrong answer is told by its head: its body is not worth reading";

const fn body(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, READ, Kind::Bodies) }
}

const fn document(name: &'static str, manner: &'static str) -> Mode {
    Mode { name, why: FORMS, kind: Kind::Bodies, server: super::Server::Manner(manner), ..DOCUMENT }
}

pub(super) const MODES: &[Mode] = &[
    body("chunks", "valid", FORMS),
    document("chunks-document", "chunks"),
    body("chunks-with-extensions", "valid", FORMS),
    body("chunks-with-trailers", "valid", FORMS),
    document("chunks-with-trailers-document", "chunks-with-trailers"),
    body("chunks-in-upper-case", "valid", FORMS),
    body("chunks-of-a-byte", "valid", FORMS),
    body("until-the-end", "valid", FORMS),
    document("until-the-end-document", "until-the-end"),
    body("until-the-end-unsaid", "valid", FORMS),
    body("until-the-end-1.0", "valid", FORMS),
    body("cuts-chunks", "verify: short_body", "the body ends before its last chunk"),
    body("chunk-overflows", "verify: bad_bytes", "a body that cannot be read is not what was asked for"),
    body("chunk-without-size", "verify: bad_bytes", "a body that cannot be read is not what was asked for"),
    body("chunk-too-long", "verify: bad_bytes", "a body that cannot be read is not what was asked for"),
    body(
        "compresses",
        "verify: bad_bytes",
        "the bytes are not those of the range: no library unpacks what it did not ask for",
    ),
    body("whole-checksum", "valid", "the checksum is not the range's"),
    body("whole-checksum-crc64", "valid", "the checksum is not the range's"),
    body("sends-10gb", "verify: status", AT_ITS_HEAD),
    body("sends-for-ever", "verify: status", AT_ITS_HEAD),
    Mode {
        right: "verify: bad_bytes",
        why: "a document is kept to be read, and so has a bound",
        ..of("document-for-ever", DOCUMENT, Kind::Bodies)
    },
    Mode { right: "verify: bad_bytes", why: "what was asked for is JSON", ..of("no-document", DOCUMENT, Kind::Bodies) },
];
