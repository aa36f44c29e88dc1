//! Who ends connections, and when.

use super::{Kind, Mode, READ, SLOWLY, of};

const ANSWERED_BEFORE: &str = "the request was written to a connection that had carried a response: nobody knows whether it was acted upon, \
                               so it is not sent again, and the server ended the connection";
const SEEN_IN_TIME: &str =
    "an idle connection whose end has come is not used: no byte of the next request was written to it";
const NEVER_ANSWERED: &str = "the connection carried no response at all";
const WHOLE: &str = "the end comes when it was announced, behind a whole response";
const BY_TIMEOUT: &str = "the last byte does not come within --timeout";

/// One request after the other, so that each of a connection has its number.
const ONE_BY_ONE: &[(&str, &str)] =
    &[("--target", "http://{address}/bucket/object"), ("--concurrency", "1"), ("--requests", "20")];

const fn closing(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, READ, Kind::Closing) }
}

const fn slowly(name: &'static str) -> Mode {
    Mode { flags: SLOWLY, waits: true, ..closing(name, "valid", SEEN_IN_TIME) }
}

const fn waiting(name: &'static str, right: &'static str) -> Mode {
    Mode { waits: true, ..closing(name, right, BY_TIMEOUT) }
}

pub(super) const MODES: &[Mode] = &[
    Mode { flags: ONE_BY_ONE, ..closing("ends-on-request", "invalid: closed", ANSWERED_BEFORE) },
    Mode { flags: ONE_BY_ONE, ..closing("resets-on-request", "invalid: closed", ANSWERED_BEFORE) },
    slowly("ends-after-response"),
    slowly("ends-later"),
    slowly("resets-later"),
    Mode { contained: true, ..slowly("ends-idle") },
    closing("ends-first", "verify: reset", NEVER_ANSWERED),
    closing("resets-first", "verify: reset", NEVER_ANSWERED),
    closing("ends-at-once", "verify: reset", NEVER_ANSWERED),
    closing("resets-unread", "verify: reset", NEVER_ANSWERED),
    closing("announces-end", "valid", WHOLE),
    closing("version-1.0", "valid", WHOLE),
    closing("version-1.0-kept", "valid", "the connection is kept, as it says"),
    closing("cuts-body", "verify: short_body", "the body ends before its length"),
    closing("resets-in-body", "verify: reset", "the connection is reset before the body's length"),
    waiting("stalls-in-body", "verify: timeout"),
    waiting("stalls-after-head", "verify: timeout"),
    waiting("never-answers", "verify: timeout"),
    waiting("trickles", "verify: timeout"),
];
