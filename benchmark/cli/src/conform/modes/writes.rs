//! What is put.

use super::{Kind, Mode, PUT, UPLOAD, WRITING, of};

const GIVEN_UP: &str = "S3 says 200 before it knows: what it says then counts";
const NO_SUCCESS: &str = "what is not taken is not put";
const NOT_FOLLOWED: &str = "a request is one request: where it leads to is not asked, nor measured";

/// Objects that no socket's buffers hold.
const LARGE: &[(&str, &str)] = &[
    ("--target", "s3://bucket"),
    ("--endpoint", "http://{address}"),
    ("--writes", "true"),
    ("--requests", "4"),
    ("--param", "objects=4"),
    ("--param", "object_size=64MiB"),
];

const fn put(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, PUT, Kind::Writes) }
}

const fn upload(name: &'static str, right: &'static str, why: &'static str) -> Mode {
    Mode { right, why, ..of(name, UPLOAD, Kind::Writes) }
}

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: "honest-put",
        server: super::Server::Manner("honest"),
        about: Some("nothing is wrong, and objects are put"),
        ..put("honest", "valid", "what nobody disturbs is valid")
    },
    Mode {
        name: "honest-upload",
        server: super::Server::Manner("honest"),
        about: Some("nothing is wrong, and objects are uploaded in parts"),
        ..upload("honest", "valid", "what nobody disturbs is valid")
    },
    upload("completes-with-error", "verify: bad_bytes", GIVEN_UP),
    upload("completes-with-late-error", "verify: bad_bytes", GIVEN_UP),
    upload("completes-with-nothing", "verify: bad_bytes", "an upload is complete when the server says so"),
    upload("part-without-tag", "verify: bad_bytes", "an upload is completed with the tags of its parts"),
    put("refuses-early", "verify: status", "an answer that comes before the body was taken is the answer"),
    put("takes-early", "valid", "an answer may come before the body was read"),
    Mode {
        flags: LARGE,
        waits: true,
        ..put("takes-unread", "verify: other", "what was not even read was not taken, whatever the server says")
    },
    put("never-continues", "valid", "no library waits for 100 Continue, or none for ever"),
    put("refuses-expectations", "verify: status", NO_SUCCESS),
    put("redirects-puts", "verify: status", NOT_FOLLOWED),
    put("put-with-error", "verify: bad_bytes", "an error is one, whatever status it comes with"),
    put("created", "valid", "other servers than S3 tell a new object by 201"),
    Mode { waits: true, ..put("never-takes", "verify: timeout", "the answer does not come within --timeout") },
    Mode {
        test: "delete_object",
        flags: WRITING,
        ..put(
            "deletes-with-body",
            "valid",
            "a 204 has no body: what comes behind it is unasked, and its connection not used again",
        )
    },
];
