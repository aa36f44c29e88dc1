//! How heads are written.

use super::{Kind, Mode, READ, of};

const INTERIM: &str = "a response may have any number of interim ones before it (RFC 9110, 15.2)";
const TOLERATED: &str = "it is what real servers send, and what it says is clear";
const LIMITS: &str =
    "far below what real servers may send (nginx and Apache take heads of 8 KiB and more in each header)";
const NOT_HTTP: &str = "what is no HTTP is no answer";
const AMBIGUOUS: &str = "where a body ends would be a guess, with which requests are smuggled (RFC 9112, 6.3)";

const fn head(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, READ, Kind::Heads) }
}

pub(super) const MODES: &[Mode] = &[
    head("continues", "valid", INTERIM),
    head("processes", "valid", INTERIM),
    head("hints", "valid", INTERIM),
    head("hints-often", "valid", INTERIM),
    head("headers-64", "valid", LIMITS),
    head("headers-100", "valid", LIMITS),
    head("headers-200", "verify: other", "more headers than any library takes unless told to"),
    head("head-of-60kb", "valid", LIMITS),
    head("header-of-30kb", "valid", LIMITS),
    head("upper-case-names", "valid", TOLERATED),
    head("blanks-around-values", "valid", TOLERATED),
    head("no-blank-before-value", "valid", TOLERATED),
    head("empty-reason", "valid", TOLERATED),
    head("no-reason", "valid", TOLERATED),
    head("bare-line-feeds", "valid", TOLERATED),
    head(
        "folded-header",
        "verify: other",
        "folded headers are obsolete, and an error unless a client is told to take them (RFC 9112, 5.2)",
    ),
    head("head-in-pieces", "valid", "a head may come in any number of packets"),
    head("garbage", "verify: other", NOT_HTTP),
    head("endless-head", "verify: other", "a head that does not end is no answer, and is given up at some length"),
    head("two-lengths", "verify: other", AMBIGUOUS),
    head("length-twice", "valid", "both say the same (RFC 9112, 6.3)"),
    head("negative-length", "verify: other", NOT_HTTP),
    head("signed-length", "verify: other", NOT_HTTP),
    head("absurd-length", "verify: other", NOT_HTTP),
    head(
        "length-and-chunks",
        "valid",
        "chunks win, and a proxy in between would have left the length out (RFC 9112, 6.3)",
    ),
];
