//! The `Range` header, by RFC 9110, section 14.
//!
//! A server may ignore any Range. We do so wherever the header is not exactly one well-formed range of bytes: other units,
//! several ranges and malformed texts are answered with the whole object and 200, as sections 14.2 and 15.5.17 allow.

/// One range of bytes, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `a-b`, both inclusive, with a <= b.
    FromTo(u64, u64),
    /// `a-`
    From(u64),
    /// `-n`
    Last(u64),
}

/// What of an object is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// All of it, with 200.
    Whole,
    /// The bytes from the first to the last, both inclusive, with 206.
    Slice(u64, u64),
    /// Nothing, with 416.
    Unsatisfiable,
}

/// Reads the value of a Range header; `None` where it is to be ignored.
pub(crate) fn parse(value: &[u8]) -> Option<Asked> {
    let (unit, range) = value.split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let range = range.trim_ascii();
    let dash = range.iter().position(|byte| *byte == b'-')?;
    let (first, last) = (&range[..dash], &range[dash + 1..]);
    match (first.is_empty(), last.is_empty()) {
        (false, false) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::FromTo(first, last))
        }
        (false, true) => number(first).map(Asked::From),
        (true, false) => number(last).map(Asked::Last),
        (true, true) => None,
    }
}

/// Applies a range to an object of this size.
pub(crate) fn resolve(asked: Option<Asked>, size: u64) -> Part {
    match asked {
        None => Part::Whole,
        Some(Asked::FromTo(first, _) | Asked::From(first)) if first >= size => Part::Unsatisfiable,
        Some(Asked::FromTo(first, last)) => Part::Slice(first, last.min(size - 1)),
        Some(Asked::From(first)) => Part::Slice(first, size - 1),
        Some(Asked::Last(0)) => Part::Unsatisfiable,
        // "If the selected representation is shorter than the suffix length, the entire representation is used"; of an
        // empty one no Content-Range can be written.
        Some(Asked::Last(_)) if size == 0 => Part::Whole,
        Some(Asked::Last(length)) => Part::Slice(size.saturating_sub(length), size - 1),
    }
}

/// Digits as a number. One beyond 64 bits is beyond any object all the same, so it saturates.
fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |value, digit| {
        digit.is_ascii_digit().then(|| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_range_of_bytes_is_read() {
        for (value, asked) in [
            ("bytes=0-16383", Some(Asked::FromTo(0, 16_383))),
            ("Bytes=5-5", Some(Asked::FromTo(5, 5))),
            ("bytes= 5-7 ", Some(Asked::FromTo(5, 7))),
            ("bytes=7-", Some(Asked::From(7))),
            ("bytes=-7", Some(Asked::Last(7))),
            ("bytes=-0", Some(Asked::Last(0))),
            ("bytes=0-99999999999999999999", Some(Asked::FromTo(0, u64::MAX))),
        ] {
            assert_eq!(parse(value.as_bytes()), asked, "{value}");
        }
    }

    #[test]
    fn anything_else_is_ignored() {
        for value in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=5-3",
            "bytes=0-1,5-6",
            "bytes=--1",
            "bytes=0x1-2",
            "items=0-1",
            "bytes 0-1",
            "bytes=1-2-3",
            "bytes=+1-2",
            "bytes=1 -2",
        ] {
            assert_eq!(parse(value.as_bytes()), None, "{value}");
        }
    }

    /// Byte by byte: which of them the range names.
    fn naive(asked: Asked, size: u64) -> Vec<u64> {
        let named = |at: &u64| match asked {
            Asked::FromTo(first, last) => (first..=last).contains(at),
            Asked::From(first) => *at >= first,
            Asked::Last(length) => size - at <= length,
        };
        (0..size).filter(named).collect()
    }

    proptest! {
        #[test]
        fn a_resolved_range_holds_the_bytes_it_names(size in 1_u64..50, a in 0_u64..60, b in 0_u64..60, form in 0..3) {
            let (text, asked) = match form {
                0 => (format!("bytes={}-{}", a.min(b), a.max(b)), Asked::FromTo(a.min(b), a.max(b))),
                1 => (format!("bytes={a}-"), Asked::From(a)),
                _ => (format!("bytes=-{a}"), Asked::Last(a)),
            };
            prop_assert_eq!(parse(text.as_bytes()), Some(asked));
            let bytes = naive(asked, size);
            match resolve(Some(asked), size) {
                Part::Slice(first, last) => prop_assert_eq!((first..=last).collect::<Vec<_>>(), bytes),
                Part::Unsatisfiable => prop_assert!(bytes.is_empty()),
                Part::Whole => prop_assert!(false),
            }
        }

        #[test]
        fn no_header_makes_the_parser_panic(value in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = parse(&value);
        }

        #[test]
        fn a_read_range_is_one_that_can_be_written(text in "[Bb]ytes=[ 0-9a,-]{0,8}") {
            // The reference: exactly one dash between two texts of digits, not both empty, in order.
            let body = text[6..].trim();
            let reference = body.split_once('-').is_some_and(|(first, last)| {
                let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
                digits(first) && digits(last) && !(first.is_empty() && last.is_empty())
                    && (first.is_empty() || last.is_empty() || first.parse::<u64>().unwrap() <= last.parse::<u64>().unwrap())
            });
            prop_assert_eq!(parse(text.as_bytes()).is_some(), reference);
        }
    }
}
