//! The table of modes, a file a kind. What is right is said here, and argued for; what a server does is its manner's.

mod addresses;
mod bodies;
mod closing;
mod heads;
mod listings;
mod statuses;
mod unasked;
mod writes;

use super::mode::{Kind, Mode, Server};
use crate::exit::Usage;
use crate::library::suggestion;

/// Ranges of one object of a server that is not ours.
const READ: Mode = Mode {
    name: "",
    kind: Kind::Addresses,
    about: None,
    right: "valid",
    why: "",
    server: Server::Manner("honest"),
    test: "fetch_range",
    flags: &[("--target", "http://{address}/bucket/object")],
    environment: &[],
    needs: &[],
    contained: false,
    on_process: true,
    on_compose: true,
    waits: false,
    watches_ends: false,
};

/// One document of it.
const DOCUMENT: Mode = Mode { test: "call_api", flags: &[("--target", "http://{address}/bucket/api/7")], ..READ };

/// Ranges of what a listing of a bucket names.
const BUCKET: Mode = Mode { flags: FROM_BUCKET, ..READ };
const FROM_BUCKET: &[(&str, &str)] = &[("--target", "s3://bucket"), ("--endpoint", "http://{address}")];

/// Objects that are put.
const PUT: Mode = Mode { test: "put_object", flags: WRITING, ..READ };
const WRITING: &[(&str, &str)] = &[
    ("--target", "s3://bucket"),
    ("--endpoint", "http://{address}"),
    ("--writes", "true"),
    ("--requests", "20"),
    ("--param", "objects=4"),
];

/// Objects that are uploaded in parts.
const UPLOAD: Mode = Mode { test: "upload_object", flags: UPLOADING, ..READ };
const UPLOADING: &[(&str, &str)] = &[
    ("--target", "s3://bucket"),
    ("--endpoint", "http://{address}"),
    ("--writes", "true"),
    ("--requests", "8"),
    ("--param", "objects=4"),
    ("--param", "part_size=10000"),
    ("--param", "parts=2"),
];

/// A few requests a second, so that connections are idle in between.
const SLOWLY: &[(&str, &str)] =
    &[("--target", "http://{address}/bucket/object"), ("--rate", "2"), ("--requests", "4"), ("--concurrency", "1")];

/// A mode of a manner with the same name.
const fn of(name: &'static str, base: Mode, kind: Kind) -> Mode {
    Mode { name, kind, server: Server::Manner(name), ..base }
}

/// Every mode, in the order of the page.
pub fn modes() -> impl Iterator<Item = &'static Mode> {
    let kinds = [
        addresses::MODES,
        closing::MODES,
        heads::MODES,
        bodies::MODES,
        statuses::MODES,
        unasked::MODES,
        listings::MODES,
        writes::MODES,
    ];
    kinds.into_iter().flatten()
}

/// The mode of this name.
///
/// # Errors
/// [`Usage`], with the nearest name and all names.
pub fn named(name: &str) -> Result<&'static Mode, Usage> {
    modes().find(|mode| mode.name == name).ok_or_else(|| {
        let names: Vec<&str> = modes().map(|mode| mode.name).collect();
        Usage(format!("unknown mode `{name}`{} (known modes: {})", suggestion(name, &names), names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use benchmark_origin::misbehave;
    use benchmark_protocol::tests::Test;

    use super::*;

    #[test]
    fn every_mode_has_a_name_of_its_own_a_manner_and_a_reason() {
        let mut names: Vec<&str> = modes().map(|mode| mode.name).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
        for mode in modes() {
            assert!(!mode.why.is_empty() && !mode.summary().is_empty(), "{}", mode.name);
            assert!(Test::named(mode.test).is_some(), "{}", mode.name);
            if let Server::Manner(name) = mode.server {
                assert!(misbehave::named(name).is_some(), "{}: {name}", mode.name);
            }
        }
    }

    #[test]
    fn every_manner_is_held_against_the_libraries() {
        let used = |name: &'static str| modes().any(move |mode| mode.server == Server::Manner(name));
        let unused: Vec<&str> = misbehave::manners().map(|manner| manner.name).filter(|name| !used(name)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn a_mode_that_is_nearly_right_is_suggested() {
        let error = named("redirects-30").unwrap_err().to_string();
        assert!(error.contains("did you mean `redirects-30"), "{error}");
    }
}
