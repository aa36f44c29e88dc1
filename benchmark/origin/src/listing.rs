//! One page of a listing: the run's own objects and those that were put, merged in the order of their keys.

use std::ops::Bound;

use benchmark_protocol::content;

use crate::object::Object;
use crate::run::Run;

/// How many of a run's own objects a listing shows: their names stop being in the order of their numbers here.
const MOST_OWN: u64 = 1_000_000;

/// What a listing was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Query<'q> {
    pub(crate) prefix: &'q str,
    /// Keys that go on after this, behind the prefix, are folded into one common prefix.
    pub(crate) delimiter: Option<&'q str>,
    /// Begins behind this key or common prefix.
    pub(crate) after: &'q str,
    /// The most keys and common prefixes.
    pub(crate) most: usize,
}

/// A page, in order.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) objects: Vec<(String, Object)>,
    pub(crate) common_prefixes: Vec<String>,
    /// Where the next page begins, if this is not the last.
    pub(crate) next_after: Option<String>,
}

/// The page of a run that a query asks for.
pub(crate) fn page(run: &Run, query: Query<'_>) -> Page {
    let mut page = Page::default();
    let mut last = None;
    let mut keys = Keys::new(run, query);
    while let Some((key, object)) = keys.next() {
        let folded = query.delimiter.filter(|delimiter| !delimiter.is_empty()).and_then(|delimiter| {
            let at = key[query.prefix.len()..].find(delimiter)?;
            Some(key[..query.prefix.len() + at + delimiter.len()].to_owned())
        });
        // Shown already, on this page or as the last of the one before.
        if let Some(folded) =
            folded.as_ref().filter(|folded| *folded == query.after || page.common_prefixes.last() == Some(folded))
        {
            keys.skip(folded);
            continue;
        }
        if page.objects.len() + page.common_prefixes.len() >= query.most {
            page.next_after = last;
            break;
        }
        match folded {
            Some(folded) => {
                last = Some(folded.clone());
                page.common_prefixes.push(folded);
            }
            None => {
                last = Some(key.clone());
                page.objects.push((key, object));
            }
        }
    }
    page
}

/// The keys of a run behind a point, in order, with the run's lock taken for each step only.
struct Keys<'r> {
    run: &'r Run,
    prefix: &'r str,
    /// The next of the run's own objects.
    own: u64,
    /// The last key that was put and has been seen.
    seen: Bound<String>,
}

impl<'r> Keys<'r> {
    fn new(run: &'r Run, query: Query<'r>) -> Self {
        let behind = |key: &str| key >= query.prefix && (query.after.is_empty() || key > query.after);
        let seen = if query.after.is_empty() || query.after < query.prefix {
            Bound::Included(query.prefix.to_owned())
        } else {
            Bound::Excluded(query.after.to_owned())
        };
        Self { run, prefix: query.prefix, own: first_own(run, behind), seen }
    }

    /// Goes on behind every key that begins so: a page of a million keys that are folded into one takes no longer than others.
    fn skip(&mut self, folded: &str) {
        self.own = self.own.max(first_own(self.run, |key| key > folded && !key.starts_with(folded)));
        // What begins with the last character of all behind it is the rare rest, and folded one by one.
        let end = format!("{folded}{}", char::MAX);
        if !matches!(&self.seen, Bound::Excluded(seen) if *seen >= end) {
            self.seen = Bound::Excluded(end);
        }
    }

    fn next(&mut self) -> Option<(String, Object)> {
        loop {
            let own = (self.own < self.run.contract.objects.min(MOST_OWN))
                .then(|| content::key(self.own))
                .filter(|key| key.starts_with(self.prefix));
            let entries = self.run.store.read();
            let put = entries
                .range((self.seen.clone(), Bound::Unbounded))
                .next()
                .filter(|(key, _)| key.starts_with(self.prefix));
            let Some((key, entry)) = put.filter(|(key, _)| own.as_ref().is_none_or(|own| *key <= own)) else {
                let own = own?;
                self.own += 1;
                let object = self.run.pattern(&own);
                return Some((own, object));
            };
            // What was put stands before the run's own object of the same key.
            if own.as_ref() == Some(key) {
                self.own += 1;
            }
            let found = entry.object().map(|object| (key.clone(), object));
            self.seen = Bound::Excluded(key.clone());
            drop(entries);
            if found.is_some() {
                return found;
            }
        }
    }
}

/// The number of the first own object whose key is behind a point.
fn first_own(run: &Run, behind: impl Fn(&str) -> bool) -> u64 {
    let (mut low, mut high) = (0, run.contract.objects.min(MOST_OWN));
    while low < high {
        let middle = low + (high - low) / 2;
        if behind(&content::key(middle)) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use benchmark_protocol::origin::{Announcement, Contract};

    use super::*;
    use crate::config::Config;
    use crate::object::{BINARY, ETag};
    use crate::run::Runs;
    use crate::store::Stored;

    fn run(objects: u64, put: &[&str]) -> Arc<Run> {
        let runs = Runs::new(Config::new(""));
        let contract = Contract { objects, object_size: 1, ..Contract::default() };
        runs.announce("r", &Announcement { seed: 0, contract, inject: Vec::new() }).unwrap();
        let run = runs.find("r").unwrap();
        for key in put {
            let stored = Stored {
                bytes: "x".into(),
                etag: ETag::of_bytes(b"x"),
                charge: Arc::new(runs.budget.charge(1).unwrap()),
            };
            run.store.put_if(key, stored, BINARY.into(), |_| true).unwrap();
        }
        run
    }

    /// All pages, as texts; prefixes end in their delimiter.
    fn pages(run: &Run, query: Query<'_>) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut after = query.after.to_owned();
        loop {
            let page = page(run, Query { after: &after, ..query });
            let keys = page.objects.into_iter().map(|(key, _)| key);
            pages.push(keys.chain(page.common_prefixes).collect());
            match page.next_after {
                Some(next) => after = next,
                None => return pages,
            }
        }
    }

    #[test]
    fn own_and_put_objects_come_in_one_order() {
        let run = run(3, &["a", "object-000001", "object-000001b", "z"]);
        run.delete("object-000000").unwrap();
        let all = ["a", "object-000001", "object-000001b", "object-000002", "z"];
        for most in 1..6 {
            assert_eq!(pages(&run, Query { most, ..Query::default() }).concat(), all, "{most} a page");
        }
        assert_eq!(pages(&run, Query { most: 2, prefix: "object-", ..Query::default() }).concat(), all[1..4]);
        assert_eq!(pages(&run, Query { most: 9, after: "object-000001", ..Query::default() }).concat(), all[2..]);
    }

    #[test]
    fn a_delimiter_folds_and_pages_go_on_behind_what_was_folded() {
        let run = run(1, &["a/1", "a/2", "b", "c/d/1", "c/e", "z/"]);
        for most in 1..6 {
            let mut keys = pages(&run, Query { most, delimiter: Some("/"), ..Query::default() }).concat();
            keys.sort();
            assert_eq!(keys, ["a/", "b", "c/", "object-000000", "z/"], "{most} a page");
        }
        let query = Query { most: 9, delimiter: Some("/"), prefix: "c/", ..Query::default() };
        assert_eq!(pages(&run, query).concat(), ["c/e", "c/d/"]);
    }
}
