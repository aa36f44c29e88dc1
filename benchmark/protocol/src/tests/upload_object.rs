//! `upload_object`: an object is written in parts.

use std::ops::RangeInclusive;

use super::answer::Answer;
use super::ask::{Ask, More, Trail, sent};
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::Expected;
use super::objects::{OWN_OBJECTS, SIGNED, is_of_a_replica, needs_bucket, number, own};
use crate::operation::Operation;
use crate::origin::Contract as Announced;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::{Names, Object};
use crate::workload::Draws;

/// An upload in parts: begun, its parts one after the other, completed, and looked at.
#[derive(Debug)]
pub(super) struct UploadObject;

impl Definition for UploadObject {
    fn name(&self) -> &'static str {
        "upload_object"
    }

    fn summary(&self) -> &'static str {
        "upload an object in parts over one of the replica's own, complete it, and HEAD it: a call is all of that"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                Parameter::new(
                    "part_size",
                    Kind::Size { min: 1, max: 256 << 20 },
                    "5MiB",
                    "size of each part (most servers take no less than 5MiB)",
                ),
                Parameter::new("parts", Kind::Count { min: 1, max: 10_000 }, "2", "parts of each upload"),
                OWN_OBJECTS,
                SIGNED,
            ]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        &[
            Operation::CreateUpload,
            Operation::UploadPart,
            Operation::CompleteUpload,
            Operation::AbortUpload,
            Operation::Head,
        ]
    }

    fn writes(&self) -> bool {
        true
    }

    fn longest_sent(&self, values: &Values) -> u64 {
        number(values, "part_size")
    }

    fn can_use(&self, names: &Names) -> Result<(), String> {
        needs_bucket(names)
    }

    fn contract(&self, values: &Values) -> Announced {
        Announced::of_nothing(self.name(), values)
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        Box::new(Contract {
            objects: number(values, "objects"),
            parts: number(values, "parts") as u32,
            part_size: number(values, "part_size"),
        })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        let (parts, part_size) = (number(setting.values, "parts"), number(setting.values, "part_size"));
        let objects = own(setting, parts * part_size)?;
        Ok(Box::new(Uploads { objects, parts: parts as u32, part_size, draws: setting.draws }))
    }
}

/// Objects of the replica's own, drawn one by one.
#[derive(Debug)]
struct Uploads {
    objects: Vec<Object>,
    parts: u32,
    part_size: u64,
    draws: Draws,
}

impl Uploads {
    fn object(&self, ordinal: u64) -> &Object {
        &self.objects[self.draws.object(ordinal, self.objects.len() as u64)]
    }

    fn part<'a>(&self, object: &'a Object, upload: String, number: u32) -> Ask<'a> {
        let first = u64::from(number - 1) * self.part_size;
        Ask {
            range: sent(first, self.part_size),
            more: Some(Box::new(More::Part { upload, number })),
            ..Ask::new(Operation::UploadPart, object, Expected::Taken)
        }
    }
}

impl Calls for Uploads {
    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let more = Some(Box::new(More::Create));
        Ask { more, ..Ask::new(Operation::CreateUpload, self.object(ordinal), Expected::Upload) }
    }

    fn next(&self, ordinal: u64, trail: &mut Trail, answer: &Answer) -> Option<Ask<'_>> {
        let object = self.object(ordinal);
        let step = trail.answers;
        trail.answers += 1;
        match step {
            0 => trail.upload = Some(answer.upload().to_owned()),
            part if part <= self.parts => trail.tags.push(answer.tag().to_owned()),
            _ => {}
        }
        let upload = trail.upload.clone()?;
        if step < self.parts {
            Some(self.part(object, upload, step + 1))
        } else if step == self.parts {
            let more = Some(Box::new(More::Complete { upload, tags: trail.tags.clone() }));
            Some(Ask { more, ..Ask::new(Operation::CompleteUpload, object, Expected::Completed) })
        } else if step == self.parts + 1 {
            // It is an object now: there is nothing to give up any more.
            trail.upload = None;
            Some(Ask::new(Operation::Head, object, Expected::Head { size: Some(object.size) }))
        } else {
            None
        }
    }

    fn undo(&self, ordinal: u64, trail: &Trail) -> Option<Ask<'_>> {
        let upload = trail.upload.clone()?;
        let more = Some(Box::new(More::Abort { upload }));
        Some(Ask { more, ..Ask::new(Operation::AbortUpload, self.object(ordinal), Expected::Gone) })
    }
}

/// Uploads of so many parts of this size over a replica's own objects.
#[derive(Debug)]
struct Contract {
    objects: u64,
    parts: u32,
    part_size: u64,
}

impl Contract {
    /// The number of the part that is sent.
    fn part(&self, seen: &Seen<'_>) -> Option<u32> {
        let number = seen.asked("partNumber")?.parse().ok()?;
        let is_part = seen.operation == Some(Operation::UploadPart) && is_of_a_replica(seen.key, self.objects);
        (is_part && (1..=self.parts).contains(&number)).then_some(number)
    }
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        let is_own = is_of_a_replica(seen.key, self.objects);
        match seen.operation {
            Some(Operation::UploadPart) => self.part(seen).is_some() && seen.sends == Some(self.part_size),
            Some(Operation::CreateUpload | Operation::CompleteUpload | Operation::AbortUpload | Operation::Head) => {
                is_own
            }
            _ => false,
        }
    }

    fn sends(&self, seen: &Seen<'_>) -> Option<RangeInclusive<u64>> {
        sent(u64::from(self.part(seen)? - 1) * self.part_size, self.part_size)
    }

    fn parts(&self) -> Option<u32> {
        Some(self.parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    fn calls() -> Box<dyn Calls> {
        let values = Values::new(UploadObject.parameters(), [("part_size", "10"), ("objects", "1")]).unwrap();
        let target = Target::parse("http://h/run", None, true).unwrap();
        let (known, prefix, draws) = (true, "", Draws::new(1, 3));
        let setting = Setting { target: &target, known, prefix, replica: 3, listed: &[], values: &values, draws };
        UploadObject.calls(&setting).unwrap()
    }

    fn answer(ask: &Ask<'_>, header: Option<&str>, body: &str) -> Answer {
        let mut answer = Answer::default();
        answer.expect(ask);
        answer.head(200, |_| header.map(str::as_bytes));
        answer.chunk(body.as_bytes());
        answer.close();
        assert_eq!(ask.judge(&answer), Ok(()), "{ask:?}");
        answer
    }

    #[test]
    fn an_upload_is_begun_sent_completed_and_looked_at() {
        let calls = calls();
        let mut trail = Trail::default();
        let create = calls.ask(0);
        assert_eq!(create.object.path, "/run/replica-3/object-000000");
        let begun = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
        let part = calls.next(0, &mut trail, &answer(&create, None, begun)).unwrap();
        assert_eq!((part.range.clone(), part.upload()), (Some(0..=9), Some("u1")));
        let part = calls.next(0, &mut trail, &answer(&part, Some("\"a\""), "")).unwrap();
        assert_eq!(
            (part.range.clone(), part.more.as_ref().unwrap().query().as_str()),
            (Some(10..=19), "partNumber=2&uploadId=u1")
        );
        let undo = calls.undo(0, &trail).unwrap();
        assert_eq!((undo.operation, undo.upload()), (Operation::AbortUpload, Some("u1")));
        let complete = calls.next(0, &mut trail, &answer(&part, Some("\"b\""), "")).unwrap();
        assert!(
            complete.more.as_ref().unwrap().body().unwrap().contains("<PartNumber>2</PartNumber><ETag>&quot;b&quot;")
        );
        let head = calls.next(0, &mut trail, &answer(&complete, None, "<CompleteMultipartUploadResult/>")).unwrap();
        assert_eq!(head.expected, Expected::Head { size: Some(20) });
        assert!(calls.undo(0, &trail).is_none());
        assert!(calls.next(0, &mut trail, &answer(&head, Some("20"), "")).is_none());
    }

    #[test]
    fn an_upload_that_the_server_gives_up_with_a_good_status_failed() {
        let object = Target::parse("http://h/run", None, true).unwrap().object("replica-0/object-000000");
        let ask = Ask::new(Operation::CompleteUpload, &object, Expected::Completed);
        let mut answer = Answer::default();
        answer.expect(&ask);
        answer.head(200, |_| None);
        answer.chunk(b"<Error><Code>InternalError</Code></Error>");
        answer.close();
        assert_eq!(ask.judge(&answer).unwrap_err().text, "an error with a good status: InternalError");
    }

    #[test]
    fn the_contract_is_each_part_whole_and_no_other() {
        let rules = UploadObject.rules(&Values::new(UploadObject.parameters(), [("part_size", "10")]).unwrap());
        let good = Seen {
            operation: Some(Operation::UploadPart),
            key: "replica-0/object-000001",
            range: None,
            ranged: false,
            delay: None,
            query: Some("partNumber=2&uploadId=u"),
            sends: Some(10),
        };
        assert!(rules.allow(&good));
        assert_eq!(rules.sends(&good), Some(10..=19));
        for bad in [
            Seen { query: Some("partNumber=3&uploadId=u"), ..good.clone() },
            Seen { query: None, ..good.clone() },
            Seen { sends: Some(9), ..good.clone() },
            Seen { key: "object-000001", ..good.clone() },
            Seen { operation: Some(Operation::Put), ..good.clone() },
        ] {
            assert!(!rules.allow(&bad), "{bad:?}");
        }
    }
}
