//! `head_object`: whether an object is there, and how long it is.

use super::answer::Answer;
use super::ask::Ask;
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::Expected;
use super::objects::{SIGNED, is_own, number, objects};
use crate::operation::Operation;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::Object;
use crate::workload::Draws;

/// HEAD of an object.
#[derive(Debug)]
pub(super) struct HeadObject;

impl Definition for HeadObject {
    fn name(&self) -> &'static str {
        "head_object"
    }

    fn summary(&self) -> &'static str {
        "HEAD of an object: that it is there, and how long it is"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                Parameter::of_origin(
                    "object_size",
                    Kind::Size { min: 1, max: 1 << 40 },
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
        &[Operation::Head]
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        Box::new(Contract { objects: number(values, "objects") })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        Ok(Box::new(Heads { objects: objects(setting, 1)?, draws: setting.draws }))
    }
}

/// Objects drawn one by one.
#[derive(Debug)]
struct Heads {
    objects: Vec<Object>,
    draws: Draws,
}

impl Calls for Heads {
    /// Another server's object is as long as it was then.
    fn learn(&mut self, answer: &Answer) -> Result<(), String> {
        for object in self.objects.iter_mut().filter(|object| object.size == 0) {
            object.size = answer.named_length().unwrap_or(0);
        }
        Ok(())
    }

    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let object = &self.objects[self.draws.object(ordinal, self.objects.len() as u64)];
        Ask::new(Operation::Head, object, Expected::Head { size: (object.size > 0).then_some(object.size) })
    }
}

/// HEADs of the run's own objects.
#[derive(Debug)]
struct Contract {
    objects: u64,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        seen.operation == Some(Operation::Head) && is_own(seen.key, self.objects) && !seen.ranged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_its_operation_and_its_keys() {
        let rules = HeadObject.rules(&Values::new(HeadObject.parameters(), []).unwrap());
        let seen = |operation, key| {
            let operation = Some(operation);
            Seen { operation, key, range: None, ranged: false, delay: None, query: None, sends: Some(0) }
        };
        assert!(rules.allow(&seen(Operation::Head, "object-000063")));
        assert!(!rules.allow(&seen(Operation::Get, "object-000063")));
        for key in ["object-000064", "replica-0/object-000000"] {
            assert!(!rules.allow(&seen(Operation::Head, key)), "{key}");
        }
    }
}
