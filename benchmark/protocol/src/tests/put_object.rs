//! `put_object`: whole objects are written, one request each.

use std::ops::RangeInclusive;

use super::ask::{Ask, sent};
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::objects::{OWN_OBJECTS, SIGNED, is_of_a_replica, needs_bucket, number, own};
use crate::operation::Operation;
use crate::origin::Contract as Announced;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::{Names, Object};
use crate::workload::Draws;

/// PUT of a whole object.
#[derive(Debug)]
pub(super) struct PutObject;

impl Definition for PutObject {
    fn name(&self) -> &'static str {
        "put_object"
    }

    fn summary(&self) -> &'static str {
        "PUT a whole object over one of the replica's own"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                Parameter::new(
                    "object_size",
                    Kind::Size { min: 1, max: 256 << 20 },
                    "64KiB",
                    "size of each object that is put",
                ),
                OWN_OBJECTS,
                SIGNED,
            ]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation::Put]
    }

    fn writes(&self) -> bool {
        true
    }

    fn longest_sent(&self, values: &Values) -> u64 {
        number(values, "object_size")
    }

    fn can_use(&self, names: &Names) -> Result<(), String> {
        needs_bucket(names)
    }

    fn contract(&self, values: &Values) -> Announced {
        Announced::of_nothing(self.name(), values)
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        Box::new(Contract { objects: number(values, "objects"), size: number(values, "object_size") })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        Ok(Box::new(Puts { objects: own(setting, number(setting.values, "object_size"))?, draws: setting.draws }))
    }
}

/// Objects of the replica's own, drawn one by one.
#[derive(Debug)]
struct Puts {
    objects: Vec<Object>,
    draws: Draws,
}

impl Calls for Puts {
    fn ask(&self, ordinal: u64) -> Ask<'_> {
        Ask::put(&self.objects[self.draws.object(ordinal, self.objects.len() as u64)])
    }
}

/// PUTs of whole objects of this size over those of a replica.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) objects: u64,
    pub(super) size: u64,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        seen.operation == Some(Operation::Put)
            && is_of_a_replica(seen.key, self.objects)
            && seen.sends == Some(self.size)
    }

    fn sends(&self, seen: &Seen<'_>) -> Option<RangeInclusive<u64>> {
        let is_put = seen.operation == Some(Operation::Put) && is_of_a_replica(seen.key, self.objects);
        if is_put { sent(0, self.size) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_is_the_whole_object_under_a_replica_s_own_key() {
        let rules = PutObject.rules(&Values::new(PutObject.parameters(), [("object_size", "10")]).unwrap());
        let good = Seen {
            operation: Some(Operation::Put),
            key: "replica-12/object-000063",
            range: None,
            ranged: false,
            delay: None,
            query: Some("x-id=PutObject"),
            sends: Some(10),
        };
        assert!(rules.allow(&good));
        assert_eq!(rules.sends(&good), Some(0..=9));
        for bad in [
            Seen { operation: Some(Operation::Get), ..good.clone() },
            Seen { key: "replica-12/object-000064", ..good.clone() },
            Seen { key: "replica-x/object-000000", ..good.clone() },
            Seen { key: "object-000000", ..good.clone() },
            Seen { sends: Some(9), ..good.clone() },
            Seen { sends: None, ..good.clone() },
        ] {
            assert!(!rules.allow(&bad), "{bad:?}");
        }
    }
}
