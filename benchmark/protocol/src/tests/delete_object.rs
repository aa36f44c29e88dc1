//! `delete_object`: objects are deleted, whether or not they are still there.

use super::ask::Ask;
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::Expected;
use super::objects::{OWN_OBJECTS, Prepared, SIGNED, is_of_a_replica, needs_bucket, number, own, own_prepared};
use crate::operation::Operation;
use crate::origin::Contract as Announced;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::{Names, Object};
use crate::workload::Draws;

/// DELETE of an object.
#[derive(Debug)]
pub(super) struct DeleteObject;

impl Definition for DeleteObject {
    fn name(&self) -> &'static str {
        "delete_object"
    }

    fn summary(&self) -> &'static str {
        "DELETE one of the replica's own objects, again and again: S3 says 204 to what is gone too"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                Parameter::new(
                    "object_size",
                    Kind::Size { min: 1, max: 256 << 20 },
                    "1KiB",
                    "size of each object that is there at first",
                ),
                OWN_OBJECTS,
                SIGNED,
            ]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation::Delete]
    }

    fn writes(&self) -> bool {
        true
    }

    fn prepares(&self, values: &Values, replicas: u32) -> Vec<Prepared> {
        own_prepared(values, replicas)
    }

    fn can_use(&self, names: &Names) -> Result<(), String> {
        needs_bucket(names)
    }

    fn contract(&self, values: &Values) -> Announced {
        Announced::of_nothing(self.name(), values)
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        Box::new(Contract { objects: number(values, "objects") })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        let size = number(setting.values, "object_size");
        Ok(Box::new(Deletes { objects: own(setting, size)?, draws: setting.draws }))
    }
}

/// Objects of the replica's own, drawn one by one.
#[derive(Debug)]
struct Deletes {
    objects: Vec<Object>,
    draws: Draws,
}

impl Calls for Deletes {
    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let object = &self.objects[self.draws.object(ordinal, self.objects.len() as u64)];
        Ask::new(Operation::Delete, object, Expected::Gone)
    }
}

/// DELETEs of a replica's own objects.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) objects: u64,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        seen.operation == Some(Operation::Delete) && is_of_a_replica(seen.key, self.objects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_its_operation_and_its_keys() {
        let rules = DeleteObject.rules(&Values::new(DeleteObject.parameters(), []).unwrap());
        let seen = |operation, key| {
            let operation = Some(operation);
            Seen { operation, key, range: None, ranged: false, delay: None, query: None, sends: Some(0) }
        };
        assert!(rules.allow(&seen(Operation::Delete, "replica-3/object-000063")));
        assert!(!rules.allow(&seen(Operation::Get, "replica-3/object-000063")));
        for key in ["replica-3/object-000064", "object-000000"] {
            assert!(!rules.allow(&seen(Operation::Delete, key)), "{key}");
        }
    }
}
