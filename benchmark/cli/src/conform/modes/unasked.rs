//! What nobody asked for.

use super::{DOCUMENT, Kind, Mode, READ, SLOWLY, Server, of};

const NOT_HEARD: &str =
    "a connection on which unasked bytes wait is not used again, and nothing of them is taken for an answer";
const MIXED_UP: &str = "an answer to another request is not the one that was asked for";

const fn unasked(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, READ, Kind::Unasked) }
}

const fn slowly(name: &'static str) -> Mode {
    Mode { flags: SLOWLY, waits: true, ..unasked(name, "valid", NOT_HEARD) }
}

pub(super) const MODES: &[Mode] = &[
    unasked("response-too-many", "valid", NOT_HEARD),
    slowly("response-too-many-later"),
    slowly("says-408"),
    slowly("says-408-and-stays"),
    unasked("bytes-too-many", "valid", NOT_HEARD),
    unasked("line-too-many", "valid", NOT_HEARD),
    unasked("one-behind", "invalid: bad_bytes", MIXED_UP),
    Mode {
        name: "response-too-many-document",
        why: NOT_HEARD,
        server: Server::Manner("response-too-many"),
        kind: Kind::Unasked,
        ..DOCUMENT
    },
    Mode { test: "head_object", ..unasked("head-with-body", "valid", NOT_HEARD) },
];
