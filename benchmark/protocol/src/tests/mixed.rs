//! `mixed`: gets, puts, heads, lists and deletes beside each other.

use std::ops::RangeInclusive;

use super::answer::Answer;
use super::ask::{Ask, Trail};
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::Expected;
use super::list_objects::{self, Listed};
use super::objects::{
    Prepared, SAMPLE_EVERY, SIGNED, compared, is_own, needs_bucket, number, objects, own, own_prepared, prepared,
};
use super::{delete_object, put_object};
use crate::operation::Operation;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::{Names, Object};
use crate::workload::Draws;

/// Keys on a page of its listings.
const PAGE_SIZE: u32 = 1000;

/// The operations that are mixed, in the order of their shares.
const MIXED: [(&str, Operation); 5] = [
    ("get", Operation::Get),
    ("put", Operation::Put),
    ("head", Operation::Head),
    ("list", Operation::List),
    ("delete", Operation::Delete),
];

/// A mix of operations.
#[derive(Debug)]
pub(super) struct Mixed;

const fn share(name: &'static str, default: &'static str, help: &'static str) -> Parameter {
    Parameter::new(name, Kind::Count { min: 0, max: 1000 }, default, help)
}

impl Definition for Mixed {
    fn name(&self) -> &'static str {
        "mixed"
    }

    fn summary(&self) -> &'static str {
        "gets, puts, heads, lists and deletes in given shares: reads of what nobody changes, writes of the replica's own"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                share("get", "45", "share of GETs of whole objects, of the sum of all shares"),
                share("put", "15", "share of PUTs of whole objects"),
                share("head", "25", "share of HEADs"),
                share("list", "5", "share of listings of the objects that are read, all their pages"),
                share("delete", "10", "share of DELETEs"),
                Parameter::new("object_size", Kind::Size { min: 1, max: 256 << 20 }, "64KiB", "size of each object"),
                Parameter::new(
                    "objects",
                    Kind::Count { min: 1, max: 100_000 },
                    "64",
                    "how many objects are read, and how many of its own each replica writes",
                ),
                SIGNED,
            ]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        const { &[Operation::Get, Operation::Put, Operation::Head, Operation::List, Operation::Delete] }
    }

    fn writes(&self) -> bool {
        true
    }

    fn prepares(&self, values: &Values, replicas: u32) -> Vec<Prepared> {
        let mut all = prepared(values);
        all.extend(own_prepared(values, replicas));
        all
    }

    fn longest_sent(&self, values: &Values) -> u64 {
        number(values, "object_size")
    }

    fn check(&self, values: &Values) -> Result<(), (&'static str, String)> {
        if shares(values).iter().sum::<u64>() > 0 {
            return Ok(());
        }
        Err((
            "get",
            "parameters `get`, `put`, `head`, `list` and `delete` are all 0: give one of them a share".to_owned(),
        ))
    }

    fn can_use(&self, names: &Names) -> Result<(), String> {
        needs_bucket(names)
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        let (objects, size) = (number(values, "objects"), number(values, "object_size"));
        Box::new(Contract {
            objects,
            puts: put_object::Contract { objects, size },
            pages: list_objects::Contract { page_size: PAGE_SIZE.into() },
            deletes: delete_object::Contract { objects },
        })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        Ok(Box::new(Mix {
            shares: shares(setting.values),
            read: objects(setting, 0)?,
            own: own(setting, number(setting.values, "object_size"))?,
            listed: Listed::new(setting, PAGE_SIZE),
            draws: setting.draws,
            known: setting.known,
        }))
    }
}

fn shares(values: &Values) -> [u64; MIXED.len()] {
    MIXED.map(|(name, _)| number(values, name))
}

/// Operations and their objects, drawn one by one.
#[derive(Debug)]
struct Mix {
    shares: [u64; MIXED.len()],
    /// Objects that nobody changes.
    read: Vec<Object>,
    /// The replica's own.
    own: Vec<Object>,
    listed: Listed,
    draws: Draws,
    known: bool,
}

impl Calls for Mix {
    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let drawn = self.draws.object(ordinal, self.read.len() as u64);
        let (read, own) = (&self.read[drawn], &self.own[drawn]);
        match MIXED[self.draws.kind(ordinal, &self.shares)].1 {
            Operation::Put => Ask::put(own),
            Operation::Head => Ask::new(Operation::Head, read, Expected::Head { size: Some(read.size) }),
            Operation::List => self.listed.first(),
            Operation::Delete => Ask::new(Operation::Delete, own, Expected::Gone),
            _ => {
                let pattern = compared(self.known, read, ordinal.is_multiple_of(SAMPLE_EVERY));
                Ask::get(read, None, Expected::Object { size: Some(read.size), pattern })
            }
        }
    }

    fn next(&self, ordinal: u64, trail: &mut Trail, answer: &Answer) -> Option<Ask<'_>> {
        let is_list = MIXED[self.draws.kind(ordinal, &self.shares)].1 == Operation::List;
        if is_list { self.listed.next(trail, answer) } else { None }
    }
}

/// What each of the mixed tests lets pass.
#[derive(Debug)]
struct Contract {
    objects: u64,
    puts: put_object::Contract,
    pages: list_objects::Contract,
    deletes: delete_object::Contract,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        match seen.operation {
            Some(Operation::Get | Operation::Head) => is_own(seen.key, self.objects) && !seen.ranged,
            Some(Operation::Put) => self.puts.allow(seen),
            Some(Operation::List) => self.pages.allow(seen),
            Some(Operation::Delete) => self.deletes.allow(seen),
            _ => false,
        }
    }

    fn sends(&self, seen: &Seen<'_>) -> Option<RangeInclusive<u64>> {
        self.puts.sends(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::ByOperation;
    use crate::target::Target;

    #[test]
    fn operations_come_in_their_shares_and_touch_no_other_s_objects() {
        let values = Values::new(Mixed.parameters(), [("head", "0")]).unwrap();
        let target = Target::parse("http://h/run", None, true).unwrap();
        let (known, prefix, draws) = (true, "", Draws::new(1, 2));
        let setting = Setting { target: &target, known, prefix, replica: 2, listed: &[], values: &values, draws };
        let calls = Mixed.calls(&setting).unwrap();
        let mut numbers = ByOperation::default();
        for ordinal in 0..7_500 {
            let ask = calls.ask(ordinal);
            numbers[ask.operation] += 1;
            match ask.operation {
                Operation::Put | Operation::Delete => assert!(ask.object.key.starts_with("replica-2/"), "{ask:?}"),
                Operation::List => assert_eq!(ask.object.key, ""),
                _ => assert!(ask.object.key.starts_with("object-"), "{ask:?}"),
            }
        }
        for (operation, wanted) in
            [(Operation::Get, 4_500), (Operation::Put, 1_500), (Operation::List, 500), (Operation::Delete, 1_000)]
        {
            assert!(numbers[operation].abs_diff(wanted) < 200, "{operation}: {numbers:?}");
        }
        assert_eq!(numbers[Operation::Head], 0);
    }

    #[test]
    fn a_mix_of_nothing_is_refused() {
        let values = MIXED.map(|(name, _)| (name, "0"));
        let values = Values::new(Mixed.parameters(), values).unwrap();
        assert_eq!(Mixed.check(&values).unwrap_err().0, "get");
    }
}
