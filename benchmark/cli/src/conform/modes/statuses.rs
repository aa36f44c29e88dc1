//! What is said instead of what was asked for.

use super::{DOCUMENT, Kind, Mode, READ, Server, of};

const NOT_FOLLOWED: &str = "a request is one request: where it leads to is not asked, nor measured";
const NO_SUCCESS: &str = "a range is answered with 206, and with nothing else";
const NOT_REPEATED: &str = "no request is made twice, whatever the server advises";
const ITS_OWN: &str = "what comes has to be what was asked for, and to say so";

const fn status(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, READ, Kind::Statuses) }
}

const fn document(name: &'static str, manner: &'static str) -> Mode {
    Mode {
        name,
        server: Server::Manner(manner),
        right: "verify: status",
        why: NOT_FOLLOWED,
        kind: Kind::Statuses,
        ..DOCUMENT
    }
}

pub(super) const MODES: &[Mode] = &[
    status("redirects-301", "verify: status", NOT_FOLLOWED),
    status("redirects-302", "verify: status", NOT_FOLLOWED),
    document("redirects-302-document", "redirects-302"),
    status("redirects-303", "verify: status", NOT_FOLLOWED),
    status("redirects-307", "verify: status", NOT_FOLLOWED),
    status("redirects-308", "verify: status", NOT_FOLLOWED),
    status("redirects-elsewhere", "verify: status", NOT_FOLLOWED),
    status("status-204", "verify: status", NO_SUCCESS),
    status("status-304", "verify: status", NO_SUCCESS),
    status("status-404", "verify: status", NO_SUCCESS),
    status("status-429", "verify: status", NOT_REPEATED),
    status("status-500", "verify: status", NOT_REPEATED),
    status("status-503", "verify: status", NOT_REPEATED),
    Mode { right: "invalid: status", why: NOT_REPEATED, ..of("fails-now-and-then", READ, Kind::Statuses) },
    status("whole-with-range", "verify: status", NO_SUCCESS),
    status("whole", "verify: status", NO_SUCCESS),
    status("range-unsaid", "verify: bad_bytes", ITS_OWN),
    status("another-range", "verify: bad_bytes", ITS_OWN),
    status("shorter-range", "verify: bad_bytes", ITS_OWN),
    status(
        "size-unsaid",
        "verify: bad_bytes",
        "the object's size is learnt from the first range: ranges are drawn from all of it",
    ),
    status(
        "size-changes",
        "invalid: bad_bytes",
        "an object that changes while it is read is none to compare libraries with",
    ),
    status("empty-object", "verify: status", "an object that holds nothing has no range"),
    status("empty-200", "verify: status", NO_SUCCESS),
];
