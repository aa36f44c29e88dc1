//! `get_object`: whole objects.

use super::answer::Answer;
use super::ask::Ask;
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::Expected;
use super::objects::{SAMPLE_EVERY, SIGNED, compared, is_own, objects};
use crate::operation::Operation;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::Object;
use crate::workload::Draws;

/// GET of a whole object.
#[derive(Debug)]
pub(super) struct GetObject;

impl Definition for GetObject {
    fn name(&self) -> &'static str {
        "get_object"
    }

    fn summary(&self) -> &'static str {
        "GET a whole object, read to its last byte"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                Parameter::of_origin(
                    "object_size",
                    Kind::Size { min: 1, max: 1 << 30 },
                    "64KiB",
                    "size of each object of the origin",
                ),
                Parameter::of_origin(
                    "objects",
                    Kind::Count { min: 1, max: 1_000_000 },
                    "64",
                    "how many objects of the origin are asked for",
                ),
                SIGNED,
            ]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation::Get]
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        Box::new(Contract { objects: values.number("objects").unwrap_or(0) })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        Ok(Box::new(Objects { objects: objects(setting, 1)?, draws: setting.draws, known: setting.known }))
    }
}

/// Objects drawn one by one.
#[derive(Debug)]
struct Objects {
    objects: Vec<Object>,
    draws: Draws,
    known: bool,
}

impl Objects {
    fn of(&self, object: u64, sampled: bool) -> Ask<'_> {
        let object = &self.objects[object as usize];
        let size = (object.size > 0).then_some(object.size);
        Ask::get(object, None, Expected::Object { size, pattern: compared(self.known, object, sampled) })
    }
}

impl Calls for Objects {
    fn verification(&self) -> Ask<'_> {
        self.of(0, true)
    }

    /// Another server's object is as long as it was then.
    fn learn(&mut self, answer: &Answer) -> Result<(), String> {
        for object in self.objects.iter_mut().filter(|object| object.size == 0) {
            object.size = answer.length();
        }
        Ok(())
    }

    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let (object, _) = self.draws.range(ordinal, self.objects.len() as u64, |_| 1);
        self.of(object, ordinal.is_multiple_of(SAMPLE_EVERY))
    }
}

/// GETs of the run's own objects, whole.
#[derive(Debug)]
struct Contract {
    objects: u64,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        let is_own = is_own(seen.key, self.objects);
        seen.operation == Some(Operation::Get) && is_own && !seen.ranged
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    fn calls(target: &str, known: bool) -> Box<dyn Calls> {
        let values = Values::new(GetObject.parameters(), [("object_size", "1000")]).unwrap();
        let target = Target::parse(target, None, known).unwrap();
        let draws = Draws::new(1, 0);
        GetObject
            .calls(&Setting { target: &target, known, prefix: "", replica: 0, listed: &[], values: &values, draws })
            .unwrap()
    }

    #[test]
    fn an_object_of_the_origin_has_the_size_that_was_agreed_on_from_the_first_request_on() {
        let calls = calls("http://h/run", true);
        for ask in [calls.verification(), calls.ask(0), calls.ask(1)] {
            assert!(
                matches!(ask.expected, Expected::Object { size: Some(1_000), .. }) && ask.range.is_none(),
                "{ask:?}"
            );
        }
        let keys: std::collections::BTreeSet<&str> =
            (0..1_000).map(|ordinal| calls.ask(ordinal).object.key.as_str()).collect();
        assert_eq!(keys.len(), 64);
    }

    #[test]
    fn another_server_s_object_keeps_the_length_that_was_verified() {
        let mut calls = calls("http://h/file.bin", false);
        let mut answer = Answer::default();
        answer.expect(&calls.verification());
        answer.head(200, |_| None);
        answer.chunk(b"hello");
        calls.learn(&answer).unwrap();
        assert_eq!(calls.ask(9).expected, Expected::Object { size: Some(5), pattern: None });
    }

    #[test]
    fn the_contract_is_whole_objects_of_the_run() {
        let rules = GetObject.rules(&Values::new(GetObject.parameters(), []).unwrap());
        let good = Seen {
            operation: Some(Operation::Get),
            key: "object-000063",
            range: None,
            ranged: false,
            delay: None,
            query: None,
            sends: Some(0),
        };
        assert!(rules.allow(&good));
        for bad in [
            Seen { key: "object-000064", ..good.clone() },
            Seen { ranged: true, ..good.clone() },
            Seen { operation: Some(Operation::Head), ..good.clone() },
        ] {
            assert!(!rules.allow(&bad), "{bad:?}");
        }
    }
}
