//! What a suite may say: every flag that shapes a load or a campaign, by its name in snake_case, and what TOML value it takes.
//! The parser, the schema and the documentation's test all read this table.

use benchmark_protocol::parameter::Kind;

/// An option of a suite.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// Its flag's name, in snake_case.
    pub(super) name: &'static str,
    /// What its value looks like.
    pub(super) shape: Shape,
    /// Where it may stand.
    pub(super) place: Place,
    /// Whether `"none"` leaves it out: as it may be left out on the command line.
    pub(super) optional: bool,
}

/// What a value looks like in TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A whole number within these bounds.
    Count { min: u64, max: u64 },
    /// A number above zero.
    Number,
    /// Bytes, or a text with a unit: `4096`, `"4KiB"`.
    Size,
    /// A text with a unit: `"500ms"`.
    Duration,
    /// Requests a second, or a share of the capacity: `1000`, `"50%"`.
    Rate,
    /// A text that ends with `%`.
    Percent,
    /// `true` or `false`.
    Flag,
    /// Any text, or one of those that the flag knows.
    Text,
    /// A text, or a list of those that hold together.
    Specs,
}

/// Where a key may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In `[suite]`: one value for the whole campaign.
    Suite,
    /// In `[defaults]` and `[[matrix]]`: an axis.
    Matrix,
}

impl Shape {
    /// Of a parameter of a test.
    pub(super) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Size { .. } => Self::Size,
            Kind::Duration { .. } => Self::Duration,
            Kind::Count { min, max } => Self::Count { min, max },
            Kind::Flag => Self::Flag,
        }
    }

    /// Whether a range of it makes sense.
    pub(super) const fn has_ranges(self) -> bool {
        matches!(self, Self::Count { .. } | Self::Number | Self::Size | Self::Duration | Self::Rate)
    }

    /// What it takes, in words.
    pub(super) const fn wanted(self) -> &'static str {
        match self {
            Self::Count { .. } => "a whole number",
            Self::Number => "a number",
            Self::Size => "a size (`\"16KiB\"`, or a number of bytes)",
            Self::Duration => "a duration (`\"10s\"`, `\"500ms\"`)",
            Self::Rate => "a rate (`1000` a second, or `\"50%\"` of the capacity)",
            Self::Percent => "a percentage (`\"2%\"`)",
            Self::Flag => "`true` or `false`",
            Self::Text => "a text in quotes",
            Self::Specs => "a spec in quotes, or a list of specs that hold together",
        }
    }
}

/// Every key but `library`, `test`, `params` and `skip_unsupported`, in the order in which they are documented.
pub(super) static KEYS: [Key; 30] = [
    suite("trials", Shape::Count { min: 1, max: 1000 }),
    suite("passes", Shape::Count { min: 1, max: 100 }),
    suite("until", Shape::Percent),
    suite("seed", Shape::Count { min: 0, max: u64::MAX }),
    suite("quick", Shape::Flag),
    suite("origin_cpus", Shape::Text),
    suite("client_cpus", Shape::Text),
    suite("listen", Shape::Text),
    suite("prometheus", Shape::Text),
    suite("db", Shape::Text),
    matrix("runner", Shape::Text),
    matrix("replicas", Shape::Count { min: 1, max: 1024 }),
    matrix("concurrency", Shape::Count { min: 1, max: 65_536 }),
    optional("rate", Shape::Rate),
    matrix("arrivals", Shape::Text),
    optional("inject", Shape::Specs),
    matrix("requests", Shape::Count { min: 1, max: u64::MAX }),
    matrix("duration", Shape::Duration),
    matrix("warmup", Shape::Duration),
    matrix("drain", Shape::Duration),
    matrix("timeout", Shape::Duration),
    optional("pool_size", Shape::Count { min: 1, max: 65_536 }),
    matrix("keep_alive", Shape::Flag),
    matrix("keep_alive_timeout", Shape::Duration),
    matrix("use_dns_cache", Shape::Flag),
    optional("threads", Shape::Count { min: 1, max: 1024 }),
    optional("target", Shape::Text),
    optional("endpoint", Shape::Text),
    optional("cpus", Shape::Number),
    optional("memory", Shape::Size),
];

/// The keys that may stand at a place.
pub(super) fn at(place: Place) -> impl Iterator<Item = &'static Key> {
    KEYS.iter().filter(move |key| key.place == place)
}

/// The key of this name.
pub(super) fn named(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

const fn suite(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, place: Place::Suite, optional: false }
}

const fn matrix(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, place: Place::Matrix, optional: false }
}

const fn optional(name: &'static str, shape: Shape) -> Key {
    Key { name, shape, place: Place::Matrix, optional: true }
}
