//! `fetch_range`: exact ranges of large objects.

use std::ops::RangeInclusive;

use super::answer::Answer;
use super::ask::Ask;
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::Expected;
use super::objects::{SAMPLE_EVERY, SIGNED, compared, is_own, objects};
use crate::operation::Operation;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::Object;
use crate::units::format_size;
use crate::workload::Draws;

/// GET of an exact byte range of an object.
#[derive(Debug)]
pub(super) struct FetchRange;

impl Definition for FetchRange {
    fn name(&self) -> &'static str {
        "fetch_range"
    }

    fn summary(&self) -> &'static str {
        "GET one exact byte range of a large object, read to its last byte"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                Parameter::new("request_size", Kind::Size { min: 1, max: 1 << 30 }, "16KiB", "length of each range"),
                Parameter::of_origin(
                    "object_size",
                    Kind::Size { min: 1, max: 1 << 40 },
                    "64MiB",
                    "size of each object of the origin",
                ),
                Parameter::of_origin(
                    "objects",
                    Kind::Count { min: 1, max: 1_000_000 },
                    "64",
                    "how many objects of the origin the ranges are drawn from",
                ),
                SIGNED,
            ]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation::Get]
    }

    fn is_core(&self) -> bool {
        true
    }

    fn ruler(&self) -> Option<&'static [(&'static str, &'static str)]> {
        Some(&[("request_size", "1KiB")])
    }

    fn check(&self, values: &Values) -> Result<(), (&'static str, String)> {
        match (values.number("request_size"), values.number("object_size")) {
            (Some(request), Some(object)) if request > object => Err((
                "request_size",
                format!(
                    "parameter `request_size`: {request} bytes are more than an object holds (object_size is {object})"
                ),
            )),
            _ => Ok(()),
        }
    }

    fn least_size(&self, values: &Values) -> u64 {
        values.number("request_size").unwrap_or(0)
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        let number = |name| values.number(name).unwrap_or(0);
        Box::new(Contract {
            objects: number("objects"),
            object_size: number("object_size"),
            length: number("request_size"),
        })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        let length = self.least_size(setting.values);
        let mut objects = objects(setting, length)?;
        if setting.known {
            // The origin tells it with the verified range, as any server does.
            objects.iter_mut().for_each(|object| object.size = 0);
        }
        Ok(Box::new(Ranges { objects, length, draws: setting.draws, known: setting.known }))
    }
}

/// Ranges drawn from all objects.
#[derive(Debug)]
struct Ranges {
    objects: Vec<Object>,
    length: u64,
    draws: Draws,
    known: bool,
}

impl Calls for Ranges {
    fn verification(&self) -> Ask<'_> {
        let object = &self.objects[0];
        let expected = Expected::Object { size: None, pattern: compared(self.known, object, true) };
        Ask::get(object, Some(0..=self.length - 1), expected)
    }

    fn learn(&mut self, answer: &Answer) -> Result<(), String> {
        let named = answer.content_range().map(|range| range.size);
        let Some(size) = named.or_else(|| answer.unsatisfied_size()) else { return Ok(()) };
        if size < self.length {
            let [size, wanted] = [size, self.length].map(|bytes| match format_size(bytes) {
                bare if bare.ends_with(|c: char| c.is_ascii_digit()) => format!("{bare} bytes"),
                size => size,
            });
            return Err(format!("the object holds {size}, less than the request_size of {wanted}"));
        }
        for object in self.objects.iter_mut().filter(|object| object.size == 0) {
            object.size = size;
        }
        Ok(())
    }

    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let last_offset = |index: u64| self.objects[index as usize].size - self.length + 1;
        let (index, offset) = self.draws.range(ordinal, self.objects.len() as u64, last_offset);
        let object = &self.objects[index as usize];
        let pattern = compared(self.known, object, ordinal.is_multiple_of(SAMPLE_EVERY));
        let range: RangeInclusive<u64> = offset..=offset + self.length - 1;
        Ask::get(object, Some(range), Expected::Object { size: Some(object.size), pattern })
    }
}

/// GETs of exactly this length, within the run's own objects.
#[derive(Debug)]
struct Contract {
    objects: u64,
    object_size: u64,
    length: u64,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        let is_own = is_own(seen.key, self.objects);
        let is_exact = seen.range.as_ref().is_some_and(|range| {
            *range.end() < self.object_size && range.end().checked_sub(*range.start()) == Some(self.length - 1)
        });
        seen.operation == Some(Operation::Get) && is_own && is_exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    fn calls(params: &[(&str, &str)], known: bool) -> Box<dyn Calls> {
        let values = Values::new(FetchRange.parameters(), params.iter().copied()).unwrap();
        let target = Target::parse("http://h/run", None, known).unwrap();
        let draws = Draws::new(1, 0);
        FetchRange
            .calls(&Setting { target: &target, known, prefix: "", replica: 0, listed: &[], values: &values, draws })
            .unwrap()
    }

    #[test]
    fn every_range_lies_within_the_object_that_was_verified() {
        let mut calls = calls(&[("request_size", "1KiB"), ("objects", "3")], true);
        let mut answer = Answer::default();
        answer.expect(&calls.verification());
        answer.head(206, |_| Some(b"bytes 0-1023/1500"));
        calls.learn(&answer).unwrap();
        for ordinal in 0..1_000 {
            let ask = calls.ask(ordinal);
            let range = ask.range.unwrap();
            assert!(*range.end() < 1_500 && range.end() - range.start() == 1_023, "{range:?}");
            let sampled = matches!(ask.expected, Expected::Object { size: Some(1_500), pattern: Some(_) });
            assert_eq!(sampled, ordinal.is_multiple_of(SAMPLE_EVERY));
        }
    }

    #[test]
    fn an_object_that_is_too_small_is_refused_with_its_size() {
        let mut calls = calls(&[], false);
        let mut answer = Answer::default();
        answer.expect(&calls.verification());
        answer.head(206, |_| Some(b"bytes 0-99/100"));
        assert_eq!(
            calls.learn(&answer).unwrap_err(),
            "the object holds 100 bytes, less than the request_size of 16KiB"
        );
    }

    #[test]
    fn only_exact_ranges_of_the_run_s_objects_are_within_the_contract() {
        let values = Values::new(FetchRange.parameters(), [("request_size", "10"), ("object_size", "100")]).unwrap();
        let rules = FetchRange.rules(&values);
        let good = Seen {
            operation: Some(Operation::Get),
            key: "object-000063",
            range: Some(90..=99),
            ranged: true,
            delay: None,
            query: None,
            sends: Some(0),
        };
        assert!(rules.allow(&good));
        for bad in [
            Seen { operation: Some(Operation::Head), ..good.clone() },
            Seen { operation: None, ..good.clone() },
            Seen { key: "object-000064", ..good.clone() },
            Seen { key: "api/1", ..good.clone() },
            Seen { range: Some(91..=100), ..good.clone() },
            Seen { range: Some(0..=10), ..good.clone() },
            Seen { range: Some(0..=8), ..good.clone() },
            Seen { range: None, ..good.clone() },
        ] {
            assert!(!rules.allow(&bad), "{bad:?}");
        }
    }
}
