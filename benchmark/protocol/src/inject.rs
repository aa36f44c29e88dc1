//! What the origin does to a run's requests: the `--inject` specs.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::units::{format_duration, parse_duration};

/// One `--inject` spec. On the wire, and in a case's parameters, the text that [`fmt::Display`] writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Inject {
    /// A delay before the first byte of each response.
    Latency(Latency),
    /// A share of requests is answered with this status instead; the connection stays open.
    Error {
        /// 400 to 599.
        status: u16,
        /// In `0..=1`.
        share: f64,
    },
    /// A share of responses ends early: part of the body, then the connection closes.
    Truncate {
        /// In `0..=1`.
        share: f64,
    },
    /// A share of requests is answered by resetting the connection.
    Reset {
        /// In `0..=1`.
        share: f64,
    },
    /// All bytes are withheld for a while; connections go on being accepted.
    Stall {
        /// How long.
        length: Duration,
        /// When, counted from the window's start.
        offset: Duration,
    },
    /// Requests beyond this rate are answered 429 with Retry-After.
    Throttle {
        /// Requests a second.
        per_second: u32,
    },
    /// At most this many requests are served at once; others queue first in, first out.
    Concurrency {
        /// At least 1.
        limit: u32,
    },
}

/// A distribution of injected latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latency {
    /// Always the same.
    Constant(Duration),
    /// One of two values.
    Bimodal {
        /// The first value.
        first: Duration,
        /// The second value.
        second: Duration,
        /// Share of the second, in `0..=1`.
        share: f64,
    },
    /// A Pareto distribution: heavy-tailed, never below its scale.
    Pareto {
        /// The smallest delay (x_m).
        scale: Duration,
        /// The tail index (alpha), above 0; the mean is infinite at 1 and below.
        shape: f64,
    },
}

impl Latency {
    /// The quantile function: the delay below which a share `p` (in `0..1`) of all draws lies.
    /// Pareto: `scale / (1 - p)^(1/shape)`.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Duration {
        match *self {
            Self::Constant(delay) => delay,
            Self::Bimodal { first, second, share } => {
                if p < 1.0 - share {
                    first
                } else {
                    second
                }
            }
            Self::Pareto { scale, shape } => {
                let delay = scale.as_secs_f64() / (1.0 - p).powf(1.0 / shape);
                Duration::try_from_secs_f64(delay).unwrap_or(Duration::MAX)
            }
        }
    }
}

impl FromStr for Inject {
    type Err = String;

    fn from_str(spec: &str) -> Result<Self, String> {
        let (name, value) = spec.split_once('=').unwrap_or((spec, ""));
        let parsed = match name {
            "latency" => parse_latency(value).map(Self::Latency),
            "error" => parse_error(value),
            "truncate" => parse_share(value).map(|share| Self::Truncate { share }),
            "reset" => parse_share(value).map(|share| Self::Reset { share }),
            "stall" => parse_stall(value),
            "throttle" => parse_count(value.strip_suffix("/s")).map(|per_second| Self::Throttle { per_second }),
            "concurrency" => parse_count(Some(value)).map(|limit| Self::Concurrency { limit }),
            _ => {
                return Err(format!(
                    "unknown injection `{name}` in `{spec}` (known: latency, error, truncate, reset, stall, throttle, concurrency)"
                ));
            }
        };
        let form = match name {
            "latency" => "latency=constant:20ms, latency=bimodal:1ms,150ms,0.1 or latency=pareto:5ms,1.5",
            "error" => "error=503:1%",
            "truncate" => "truncate=1%",
            "reset" => "reset=1%",
            "stall" => "stall=1s@2s (length @ offset in the window)",
            "throttle" => "throttle=100/s",
            _ => "concurrency=20",
        };
        parsed.ok_or_else(|| format!("malformed injection `{spec}`: write {form}"))
    }
}

impl fmt::Display for Inject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latency(Latency::Constant(delay)) => write!(f, "latency=constant:{}", format_duration(*delay)),
            Self::Latency(Latency::Bimodal { first, second, share }) => {
                write!(f, "latency=bimodal:{},{},{share}", format_duration(*first), format_duration(*second))
            }
            Self::Latency(Latency::Pareto { scale, shape }) => {
                write!(f, "latency=pareto:{},{shape}", format_duration(*scale))
            }
            Self::Error { status, share } => write!(f, "error={status}:{}", percent(*share)),
            Self::Truncate { share } => write!(f, "truncate={}", percent(*share)),
            Self::Reset { share } => write!(f, "reset={}", percent(*share)),
            Self::Stall { length, offset } => {
                write!(f, "stall={}@{}", format_duration(*length), format_duration(*offset))
            }
            Self::Throttle { per_second } => write!(f, "throttle={per_second}/s"),
            Self::Concurrency { limit } => write!(f, "concurrency={limit}"),
        }
    }
}

impl TryFrom<String> for Inject {
    type Error = String;

    fn try_from(spec: String) -> Result<Self, String> {
        spec.parse()
    }
}

impl From<Inject> for String {
    fn from(inject: Inject) -> Self {
        inject.to_string()
    }
}

/// Checks what one spec alone cannot show: each kind but `error` and `stall` occurs once, and the exclusive shares
/// (error, truncate, reset) add up to at most 100 %.
///
/// # Errors
/// A sentence that names the offending specs.
pub fn check_together(specs: &[Inject]) -> Result<(), String> {
    for (index, spec) in specs.iter().enumerate() {
        let repeatable = matches!(spec, Inject::Error { .. } | Inject::Stall { .. });
        let same = |other: &&Inject| std::mem::discriminant(*other) == std::mem::discriminant(spec);
        if let Some(earlier) = specs[..index].iter().find(same).filter(|_| !repeatable) {
            return Err(format!("`{earlier}` and `{spec}` exclude each other: give one of them"));
        }
    }
    let shares: f64 = specs
        .iter()
        .map(|spec| match spec {
            Inject::Error { share, .. } | Inject::Truncate { share } | Inject::Reset { share } => *share,
            _ => 0.0,
        })
        .sum();
    if shares > 1.0 + 1e-9 {
        return Err(format!("the shares of error, truncate and reset add up to {}%: at most 100%", rounded(shares)));
    }
    Ok(())
}

fn parse_latency(value: &str) -> Option<Latency> {
    let (kind, values) = value.split_once(':')?;
    let values: Vec<&str> = values.split(',').collect();
    match (kind, values.as_slice()) {
        ("constant", [delay]) => Some(Latency::Constant(parse_duration(delay).ok()?)),
        ("bimodal", [first, second, share]) => Some(Latency::Bimodal {
            first: parse_duration(first).ok()?,
            second: parse_duration(second).ok()?,
            share: parse_share(share)?,
        }),
        ("pareto", [scale, shape]) => {
            let shape = shape.parse().ok().filter(|shape: &f64| shape.is_finite() && *shape > 0.0)?;
            // Without a scale it is no distribution, but always 0.
            let scale = parse_duration(scale).ok().filter(|scale| !scale.is_zero())?;
            Some(Latency::Pareto { scale, shape })
        }
        _ => None,
    }
}

fn parse_error(value: &str) -> Option<Inject> {
    let (status, share) = value.split_once(':')?;
    let status = status.parse().ok().filter(|status| (400..=599).contains(status))?;
    Some(Inject::Error { status, share: parse_share(share)? })
}

fn parse_stall(value: &str) -> Option<Inject> {
    let (length, offset) = value.split_once('@')?;
    Some(Inject::Stall { length: parse_duration(length).ok()?, offset: parse_duration(offset).ok()? })
}

/// A share as `1%` or as `0.01`.
fn parse_share(value: &str) -> Option<f64> {
    let share = match value.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().ok()? / 100.0,
        None => value.trim().parse().ok()?,
    };
    // `-0` is within the range, and written as nobody writes it.
    (0.0..=1.0).contains(&share).then_some(share.abs())
}

fn parse_count(value: Option<&str>) -> Option<u32> {
    value?.parse().ok().filter(|count| *count > 0)
}

/// `0.07` as `7%`; a share that is no such round figure as it is, so that it reads back as the same.
fn percent(share: f64) -> String {
    let percent = rounded(share);
    if percent / 100.0 == share { format!("{percent}%") } else { share.to_string() }
}

/// A share in percent, without the dust of binary fractions.
fn rounded(share: f64) -> f64 {
    (share * 1e10).round() / 1e8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_documented_spec_reads_and_writes_itself() {
        for spec in [
            "latency=constant:20ms",
            "latency=bimodal:1ms,150ms,0.1",
            "latency=pareto:5ms,1.5",
            "error=503:1%",
            "truncate=1%",
            "reset=2.5%",
            "stall=1s@2s",
            "throttle=100/s",
            "concurrency=20",
        ] {
            assert_eq!(spec.parse::<Inject>().unwrap().to_string(), spec);
        }
    }

    #[test]
    fn a_malformed_spec_is_answered_with_its_form() {
        for (spec, form) in [
            ("latency=constant", "latency=constant:20ms"),
            ("latency=pareto:5ms,0", "pareto:5ms,1.5"),
            ("latency=pareto:0s,1.5", "pareto:5ms,1.5"),
            ("error=200:1%", "error=503:1%"),
            ("error=503:101%", "error=503:1%"),
            ("truncate=", "truncate=1%"),
            ("stall=1s", "stall=1s@2s"),
            ("throttle=100", "throttle=100/s"),
            ("concurrency=0", "concurrency=20"),
            ("gremlins=1", "known: latency"),
        ] {
            let error = spec.parse::<Inject>().unwrap_err();
            assert!(error.contains(form) && error.contains(spec), "{error}");
        }
    }

    #[test]
    fn exclusive_shares_add_up_to_at_most_everything() {
        let specs = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Inject>>();
        assert!(check_together(&specs(&["error=503:50%", "error=500:20%", "reset=30%"])).is_ok());
        assert!(check_together(&specs(&["error=503:60%", "truncate=50%"])).unwrap_err().contains("110%"));
        assert!(check_together(&specs(&["latency=constant:1ms", "latency=constant:2ms"])).is_err());
    }

    #[test]
    fn quantiles_follow_the_distributions() {
        let Inject::Latency(bimodal) = "latency=bimodal:1ms,150ms,0.1".parse().unwrap() else { unreachable!() };
        assert_eq!(bimodal.quantile(0.5), Duration::from_millis(1));
        assert_eq!(bimodal.quantile(0.95), Duration::from_millis(150));
        let pareto = Latency::Pareto { scale: Duration::from_millis(5), shape: 1.5 };
        assert_eq!(pareto.quantile(0.0), Duration::from_millis(5));
        // 5 ms / 0.125^(1/1.5) = 5 ms x 4
        assert!((pareto.quantile(0.875).as_secs_f64() - 0.020).abs() < 1e-9);
    }

    /// A spec as somebody may type it, right or nearly.
    fn typed() -> impl Strategy<Value = String> {
        let regex = |pattern: &str| proptest::string::string_regex(pattern).unwrap();
        let name = "(latency|error|truncate|reset|stall|throttle|concurrency|[a-z]{0,9})";
        let duration = "[0-9]{1,20}([.][0-9]{1,3})?(ns|us|ms|s|m|h)";
        let share = "-?[0-9]{1,3}([.][0-9]{1,12})?(e-?[0-9]{1,3})?%?";
        prop_oneof![
            regex(&format!("{name}=[ -~]{{0,20}}")),
            regex(&format!("latency=constant:{duration}")),
            regex(&format!("latency=bimodal:{duration},{duration},{share}")),
            regex(&format!("latency=pareto:{duration},[0-9]{{1,3}}([.][0-9]{{1,3}})?(e-?[0-9]{{1,3}})?")),
            regex(&format!("(error=[0-9]{{1,5}}:|truncate=|reset=){share}")),
            regex(&format!("stall={duration}@{duration}")),
            regex("throttle=[0-9]{1,11}/s|concurrency=[0-9]{1,11}|.{0,40}"),
        ]
    }

    proptest! {
        #[test]
        fn what_is_typed_is_refused_by_its_name_or_written_as_what_reads_back(spec in typed()) {
            crate::fuzz::inject(spec.as_bytes());
        }

        #[test]
        fn every_share_reads_back_to_the_last_bit(share in 0.0..=1.0_f64, digits in 0..9) {
            let short = (share * 10_f64.powi(digits)).round() / 10_f64.powi(digits);
            for share in [share, short, share * 1e-9] {
                let spec = Inject::Reset { share };
                prop_assert_eq!(spec.to_string().parse(), Ok(spec));
            }
        }

        #[test]
        fn specs_together_are_refused_by_their_names_or_fit(specs in proptest::collection::vec(typed(), 0..5)) {
            let specs: Vec<Inject> = specs.iter().filter_map(|spec| spec.parse().ok()).collect();
            if let Err(error) = check_together(&specs) {
                prop_assert!(error.contains('%') || specs.iter().any(|spec| error.contains(&spec.to_string())), "{}", error);
            }
        }
    }
}
