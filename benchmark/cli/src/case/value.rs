//! One value of an option, whatever its type: what flags and suites are read into, and what is written out of it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use benchmark_protocol::inject::Inject;
use benchmark_protocol::units::{format_duration, format_size};
use serde_json::{Value as Json, json};

use super::ca::Ca;
use super::header::Header;
use super::key::{integer, microseconds};
use super::rate::Rate;
use crate::machine::Cpus;

/// A value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// A number, or a share.
    Number(f64),
    /// A size in bytes.
    Bytes(u64),
    /// A length of time.
    Time(Duration),
    /// On or off.
    Flag(bool),
    /// Of an open loop.
    Rate(Rate),
    /// A name, a URL, a path.
    Text(String),
    /// CPUs.
    Cpus(Cpus),
    /// Of a host.
    Address(IpAddr),
    /// What is done to requests; empty where nothing is.
    Specs(Vec<Inject>),
    /// Certificates that are trusted.
    Ca(Ca),
    /// What is sent with every request; empty where nothing is.
    Headers(Vec<Header>),
}

impl Value {
    /// What was said several times as one value: specs and headers hold together, of anything else the last counts.
    #[must_use]
    pub fn together(values: &[Self]) -> Option<Self> {
        let specs = values.iter().filter_map(|value| if let Self::Specs(specs) = value { Some(specs) } else { None });
        let headers = values.iter().filter_map(|value| if let Self::Headers(all) = value { Some(all) } else { None });
        Some(match values.last()? {
            Self::Specs(_) => Self::Specs(specs.flatten().cloned().collect()),
            Self::Headers(_) => Self::Headers(headers.flatten().cloned().collect()),
            last => last.clone(),
        })
    }

    /// A count that fits where the table bounds it.
    pub(super) fn small(&self) -> u32 {
        match self {
            Self::Count(count) => u32::try_from(*count).unwrap_or(u32::MAX),
            _ => self.mistaken("a count"),
        }
    }

    pub(super) fn count(&self) -> u64 {
        match self {
            Self::Count(count) | Self::Bytes(count) => *count,
            _ => self.mistaken("a count"),
        }
    }

    pub(super) fn number(&self) -> f64 {
        match self {
            Self::Number(number) => *number,
            _ => self.mistaken("a number"),
        }
    }

    pub(super) fn time(&self) -> Duration {
        match self {
            Self::Time(time) => *time,
            _ => self.mistaken("a duration"),
        }
    }

    pub(super) fn flag(&self) -> bool {
        match self {
            Self::Flag(flag) => *flag,
            _ => self.mistaken("a flag"),
        }
    }

    /// A row of the table takes another type out than its kind puts in: no input of a user comes here, and a test of the table does.
    pub(super) fn mistaken(&self, wanted: &str) -> ! {
        panic!("an option is read as {wanted} and holds `{self}`")
    }

    /// As its flag takes it, with what is not shown.
    pub(crate) fn spoken(&self) -> String {
        match self {
            Self::Headers(headers) => headers.iter().map(Header::spoken).collect::<Vec<_>>().join("\n"),
            Self::Ca(ca) => ca.path().to_owned(),
            _ => self.to_string(),
        }
    }

    /// As it stands in keys of cases: in the database's units.
    pub(super) fn json(&self) -> Json {
        match self {
            Self::Count(number) | Self::Bytes(number) => json!(integer(*number)),
            Self::Number(number) => json!(number),
            Self::Time(time) => json!(microseconds(*time)),
            Self::Flag(flag) => json!(flag),
            Self::Ca(ca) => json!(ca.digest()),
            _ => json!(self.to_string()),
        }
    }
}

/// As its flag takes it, equal texts for equal values; of a header the name.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bytes(bytes) => f.write_str(&format_size(*bytes)),
            Self::Time(time) => f.write_str(&format_duration(*time)),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Rate(rate) => write!(f, "{rate}"),
            Self::Text(text) => f.write_str(text),
            Self::Cpus(cpus) => write!(f, "{cpus}"),
            Self::Address(address) => write!(f, "{address}"),
            Self::Specs(specs) => f.write_str(&joined(specs)),
            Self::Ca(ca) => write!(f, "{ca}"),
            Self::Headers(headers) => f.write_str(&joined(headers)),
        }
    }
}

fn joined(parts: &[impl ToString]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
