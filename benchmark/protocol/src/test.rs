//! The tests: workloads that any library may implement, with their parameters.

use crate::parameter::{Kind, Parameter};

/// A workload. A library's test program implements exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// GET of an exact byte range of an object.
    FetchRange,
    /// GET of a small JSON document, parsed.
    CallApi,
}

impl Test {
    /// Every test.
    pub const ALL: [Self; 2] = [Self::FetchRange, Self::CallApi];

    /// The test's name: of its program, in commands and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FetchRange => "fetch_range",
            Self::CallApi => "call_api",
        }
    }

    /// The test of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|test| test.name() == name)
    }

    /// What the test does, in one line.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::FetchRange => "GET one exact byte range of a large object, read to its last byte",
            Self::CallApi => "GET a JSON document that takes its time, and parse it",
        }
    }

    /// The parameters that `--param` may set.
    #[must_use]
    pub const fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::FetchRange => &[
                Parameter {
                    name: "request_size",
                    kind: Kind::Size { min: 1, max: 1 << 30 },
                    default: "16KiB",
                    help: "length of each range",
                },
                Parameter {
                    name: "object_size",
                    kind: Kind::Size { min: 1, max: 1 << 40 },
                    default: "64MiB",
                    help: "size of each object of the origin",
                },
                Parameter {
                    name: "objects",
                    kind: Kind::Count { min: 1, max: 1_000_000 },
                    default: "64",
                    help: "how many objects of the origin the ranges are drawn from",
                },
                Parameter {
                    name: "signed",
                    kind: Kind::Flag,
                    default: "false",
                    help: "sign each request (SigV4) with the credentials of the AWS_* variables",
                },
            ],
            Self::CallApi => &[Parameter {
                name: "delay",
                kind: Kind::Duration { max_seconds: 300 },
                default: "0s",
                help: "how long the origin takes before it answers",
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_normal_form() {
        for parameter in Test::ALL.into_iter().flat_map(Test::parameters) {
            assert_eq!(parameter.normalise(parameter.default).as_deref(), Ok(parameter.default), "{}", parameter.name);
        }
    }

    #[test]
    fn names_read_back() {
        for test in Test::ALL {
            assert_eq!(Test::named(test.name()), Some(test));
        }
    }
}
