//! `list_objects`: a bucket is listed, page by page to its end.

use super::answer::Answer;
use super::ask::{Ask, More, Page, Trail};
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::Expected;
use super::objects::{Prepared, SIGNED, needs_bucket, number, prepared};
use crate::operation::Operation;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::{Names, Object};

/// What the keys of a run's own objects begin with.
const KEYS: &str = "object-";

/// LIST of a bucket, all its pages.
#[derive(Debug)]
pub(super) struct ListObjects;

impl Definition for ListObjects {
    fn name(&self) -> &'static str {
        "list_objects"
    }

    fn summary(&self) -> &'static str {
        "LIST (ListObjectsV2) of all objects of a run, page after page to the end: a call is all of them"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[
                Parameter::new(
                    "objects",
                    Kind::Count { min: 1, max: 1_000_000 },
                    "10000",
                    "how many keys are listed; of a bucket as it is, the most of them",
                ),
                Parameter::new("page_size", Kind::Count { min: 1, max: 1000 }, "1000", "keys on a page"),
                Parameter::new(
                    "object_size",
                    Kind::Size { min: 1, max: 1 << 30 },
                    "1",
                    "size of each object whose key is listed",
                ),
                SIGNED,
            ]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation::List]
    }

    fn prepares(&self, values: &Values, _: u32) -> Vec<Prepared> {
        prepared(values)
    }

    fn can_use(&self, names: &Names) -> Result<(), String> {
        needs_bucket(names)
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        Box::new(Contract { page_size: number(values, "page_size") })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        needs_bucket(&setting.target.names)?;
        Ok(Box::new(Listings(Listed::new(setting, number(setting.values, "page_size") as u32))))
    }
}

/// The same listing, again and again.
#[derive(Debug)]
struct Listings(Listed);

impl Calls for Listings {
    fn ask(&self, _: u64) -> Ask<'_> {
        self.0.first()
    }

    fn next(&self, _: u64, trail: &mut Trail, answer: &Answer) -> Option<Ask<'_>> {
        self.0.next(trail, answer)
    }
}

/// What is listed: the run's own objects, or what a bucket holds.
#[derive(Debug)]
pub(super) struct Listed {
    bucket: Object,
    prefix: String,
    page_size: u32,
    objects: u64,
    known: bool,
}

impl Listed {
    pub(super) fn new(setting: &Setting<'_>, page_size: u32) -> Self {
        let prefix = if setting.known { format!("{}{KEYS}", setting.prefix) } else { String::new() };
        let (bucket, objects) = (setting.target.bucket(), number(setting.values, "objects"));
        Self { bucket, prefix, page_size, objects, known: setting.known }
    }

    /// The first page.
    pub(super) fn first(&self) -> Ask<'_> {
        self.page(0, None)
    }

    /// The page behind a good one, where there is one.
    pub(super) fn next(&self, trail: &mut Trail, answer: &Answer) -> Option<Ask<'_>> {
        trail.keys += answer.keys();
        let continuation = answer.continuation()?;
        (trail.keys < self.objects).then(|| self.page(trail.keys, Some(continuation.to_owned())))
    }

    fn page(&self, first: u64, continuation: Option<String>) -> Ask<'_> {
        let expected = Expected::Page { first, total: self.objects, known: self.known };
        let page = Page { prefix: self.prefix.clone(), most: self.page_size, continuation };
        Ask { more: Some(Box::new(More::Page(page))), ..Ask::new(Operation::List, &self.bucket, expected) }
    }
}

/// Pages of the run's own objects.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) page_size: u64,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        seen.operation == Some(Operation::List)
            && seen.asked("prefix") == Some(KEYS)
            && seen.asked("max-keys").and_then(|most| most.parse().ok()) == Some(self.page_size)
            && seen.asked("delimiter").is_none_or(str::is_empty)
            && seen.asked("start-after").is_none_or(str::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content;
    use crate::counts::FailureKind;
    use crate::target::Target;
    use crate::workload::Draws;

    fn calls(known: bool, params: &[(&str, &str)]) -> Box<dyn Calls> {
        let values = Values::new(ListObjects.parameters(), params.iter().copied()).unwrap();
        let target = Target::parse("s3://bucket", Some("http://h:1"), false).unwrap();
        let (draws, prefix) = (Draws::new(1, 0), if known { "benchmark/r/" } else { "" });
        let setting = Setting { target: &target, known, prefix, replica: 0, listed: &[], values: &values, draws };
        ListObjects.calls(&setting).unwrap()
    }

    fn page(keys: &[String], next: Option<&str>) -> String {
        let keys: String = keys.iter().map(|key| format!("<Contents><Key>{key}</Key></Contents>")).collect();
        let next = next.map(|token| {
            format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>")
        });
        format!("<ListBucketResult>{keys}{}</ListBucketResult>", next.unwrap_or_default())
    }

    fn keys(range: std::ops::Range<u64>) -> Vec<String> {
        range.map(|index| format!("benchmark/r/{}", content::key(index))).collect()
    }

    fn answered(ask: &Ask<'_>, body: &str) -> (Answer, Result<(), FailureKind>) {
        let mut answer = Answer::default();
        answer.expect(ask);
        answer.head(200, |_| None);
        answer.chunk(body.as_bytes());
        answer.close();
        let judged = ask.judge(&answer).map_err(|fault| fault.kind);
        (answer, judged)
    }

    #[test]
    fn pages_are_followed_to_the_end() {
        let calls = calls(true, &[("objects", "5"), ("page_size", "3")]);
        let mut trail = Trail::default();
        let ask = calls.ask(0);
        assert_eq!(ask.object.path, "/bucket");
        assert_eq!(ask.more.as_ref().unwrap().query(), "list-type=2&max-keys=3&prefix=benchmark%2Fr%2Fobject-");
        let (answer, judged) = answered(&ask, &page(&keys(0..3), Some("t&amp;1")));
        assert_eq!(judged, Ok(()));
        let ask = calls.next(0, &mut trail, &answer).unwrap();
        assert!(ask.more.as_ref().unwrap().query().starts_with("continuation-token=t%261&"));
        let (answer, judged) = answered(&ask, &page(&keys(3..5), None));
        assert_eq!(judged, Ok(()));
        assert!(calls.next(0, &mut trail, &answer).is_none());
    }

    #[test]
    fn a_listing_that_is_not_the_whole_is_none() {
        let calls = calls(true, &[("objects", "5"), ("page_size", "3")]);
        let ask = calls.ask(0);
        for (body, wanted) in [
            (page(&keys(0..3), None), FailureKind::ShortBody),
            (page(&keys(1..4), Some("t")), FailureKind::BadBytes),
            (page(&[], Some("t")), FailureKind::BadBytes),
            (page(&keys(0..6), None), FailureKind::BadBytes),
            (page(&["other".to_owned()], Some("t")), FailureKind::BadBytes),
            ("<ListBucketResult>".to_owned(), FailureKind::BadBytes),
            ("<Other/>".to_owned(), FailureKind::BadBytes),
        ] {
            assert_eq!(answered(&ask, &body).1, Err(wanted), "{body}");
        }
    }

    #[test]
    fn a_listing_that_goes_round_in_a_circle_is_none() {
        let calls = calls(false, &[("objects", "9")]);
        let (answer, judged) = answered(&calls.ask(0), &page(&["a".to_owned()], Some("t")));
        assert_eq!(judged, Ok(()));
        let next = calls.next(0, &mut Trail::default(), &answer).unwrap();
        assert_eq!(answered(&next, &page(&["b".to_owned()], Some("t"))).1, Err(FailureKind::BadBytes));
        assert_eq!(answered(&next, &page(&["b".to_owned()], Some("u"))).1, Ok(()));
    }

    #[test]
    fn of_a_bucket_as_it_is_any_keys_in_order_will_do() {
        let calls = calls(false, &[("objects", "5")]);
        let ask = calls.ask(0);
        let keys = |keys: &[&str]| page(&Vec::from_iter(keys.iter().map(|key| (*key).to_owned())), None);
        assert_eq!(answered(&ask, &keys(&["a", "b/c", "é"])).1, Ok(()));
        assert_eq!(answered(&ask, &keys(&[])).1, Ok(()));
        assert_eq!(answered(&ask, &keys(&["b", "a"])).1, Err(FailureKind::BadBytes));
    }

    #[test]
    fn the_contract_is_pages_of_the_run_s_own_keys_as_long_as_was_agreed_on() {
        let rules = ListObjects.rules(&Values::new(ListObjects.parameters(), [("page_size", "7")]).unwrap());
        let seen = |query| {
            let operation = Some(Operation::List);
            Seen { operation, key: "", range: None, ranged: false, delay: None, query: Some(query), sends: Some(0) }
        };
        let good = "list-type=2&max-keys=7&prefix=object-";
        for query in [
            good,
            "continuation-token=x&list-type=2&max-keys=7&prefix=object-",
            "delimiter=&list-type=2&max-keys=7&prefix=object-",
        ] {
            assert!(rules.allow(&seen(query)), "{query}");
        }
        for query in [
            "list-type=2&max-keys=1000&prefix=object-",
            "list-type=2&max-keys=7&prefix=object-000001",
            "list-type=2&max-keys=7",
            "delimiter=0&list-type=2&max-keys=7&prefix=object-",
            "list-type=2&max-keys=7&prefix=object-&start-after=object-000009",
        ] {
            assert!(!rules.allow(&seen(query)), "{query}");
        }
        assert!(!rules.allow(&Seen { operation: Some(Operation::Get), ..seen(good) }));
    }
}
