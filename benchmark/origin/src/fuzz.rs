//! Ways in for the fuzzer (`fuzz/` at the top of the checkout), and for the test that replays its corpus: each takes any bytes
//! and panics where something of this crate would not hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use benchmark_protocol::content;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::origin::{Announcement, Contract};
use benchmark_protocol::tests::Seen;
use bytes::Bytes;

use crate::answer;
use crate::config::Config;
use crate::control;
use crate::head::{self, Head, Plain};
use crate::listing::{Query, page};
use crate::object::{BINARY, Content, ETag, Modified, Object};
use crate::range::{self, Asked, Part, resolve};
use crate::run::{Run, Runs};
use crate::s3::read_token;
use crate::store::Stored;

/// A way in, behind the name of its target.
pub type WayIn = (&'static str, fn(&[u8]));

/// Every way in.
pub const TARGETS: &[WayIn] = &[("announcement", announcement), ("head", head), ("listing", listing), ("range", range)];

/// The head of a request, at the start of what a connection brought.
pub fn head(bytes: &[u8]) {
    let Head::Plain(plain, length) = head::parse(bytes) else { return };
    let Plain { run, key, range, delay, .. } = &plain;
    assert!(!run.is_empty() && !run.contains('/') && !key.is_empty(), "{plain:?}");
    assert!(length <= bytes.len().min(head::MOST_BYTES));
    let alone = head::parse(&bytes[..length]);
    assert!(matches!(&alone, Head::Plain(same, _) if *same == plain), "{plain:?} before others, {alone:?} alone");
    assert!(matches!(head::parse(&bytes[..length - 1]), Head::Partial), "{plain:?} without its last byte");
    let _ = (answer::document_id(key), answer::delay(*delay), resolve(*range, 100));
}

/// The value of a Range header.
pub fn range(bytes: &[u8]) {
    let asked = range::parse(bytes);
    for size in [0, 1, 100, 1 << 40, i64::MAX as u64, u64::MAX] {
        match resolve(asked, size) {
            Part::Slice(first, last) => assert!(first <= last && last < size, "{asked:?} of {size}"),
            Part::Whole => assert!(asked.is_none() || size == 0, "{asked:?} of {size}"),
            Part::Unsatisfiable => assert!(asked.is_some(), "of {size}"),
        }
        let content = Content::Pattern(content::PERIOD - 1);
        let modified = Modified::at(std::time::UNIX_EPOCH);
        let object = Object { content, size, etag: ETag::of_bytes(b""), modified, metadata: BINARY.into() };
        let reply = answer::object(&object, asked);
        let sends = reply.sends();
        for sent in [0, sends / 2, sends.saturating_sub(1)].into_iter().filter(|sent| *sent < sends) {
            assert!(!reply.payload.piece(sent, sends).is_empty());
        }
    }
}

/// A listing: the most of a page, prefix, delimiter and where it begins, a line each; then the keys that were put.
pub fn listing(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let mut line = || lines.next().unwrap_or_default();
    let most = line().parse().unwrap_or(1).clamp(1, 1000);
    let (prefix, delimiter, after) = (line(), Some(line()).filter(|delimiter| !delimiter.is_empty()), line());
    let _ = read_token(after);
    // Nobody can put a key without a name: its path is the bucket's.
    let keys: BTreeSet<String> = lines.filter(|key| !key.is_empty()).map(str::to_owned).collect();
    let run = run_of(&keys);

    let query = Query { prefix, delimiter, after, most };
    let own = (0..OWN).map(content::key).filter(|key| key != DELETED);
    let all: BTreeSet<String> = keys.into_iter().chain(own).collect();
    let mut expected: Vec<String> = Vec::new();
    for key in all.into_iter().filter(|key| key.starts_with(prefix) && (after.is_empty() || &**key > after)) {
        let end =
            delimiter.and_then(|delimiter| Some(prefix.len() + key[prefix.len()..].find(delimiter)? + delimiter.len()));
        let shown = end.map_or(&*key, |end| &key[..end]);
        if expected.last().is_none_or(|last| last != shown) && (end.is_none() || shown != after) {
            expected.push(shown.to_owned());
        }
    }
    let mut listed = Vec::new();
    let mut begin = after.to_owned();
    loop {
        let page = page(&run, Query { after: &begin, ..query });
        let mut shown: Vec<String> = page.objects.into_iter().map(|(key, _)| key).chain(page.common_prefixes).collect();
        shown.sort_unstable();
        assert!(shown.len() <= most);
        listed.append(&mut shown);
        assert!(listed.len() <= expected.len(), "{listed:?} of {expected:?}");
        match page.next_after {
            Some(next) => begin = next,
            None => break,
        }
    }
    assert_eq!(listed, expected);
}

/// The body of an announcement, and what may then be asked of the run.
pub fn announcement(bytes: &[u8]) {
    let runs = Runs::new(Config::new(""));
    let reply = control::announce("run", &Bytes::copy_from_slice(bytes), &runs);
    assert!(matches!(reply.status, 201 | 400), "{}", reply.status);
    let Some(run) = runs.announced("run") else { return };
    for asked in [None, Some(Asked::From(u64::MAX - 1)), Some(Asked::Last(1)), Some(Asked::FromTo(0, u64::MAX))] {
        for key in ["object-000000", "object-18446744073709551615", "api/7"] {
            let range = None;
            let operation = Operation::of_request("GET", !key.is_empty(), None);
            run.check(&Seen { operation, key, range, ranged: asked.is_some(), delay: None, query: None, sends: None });
            let reply = answer::get(&run, key, asked, true);
            let sends = reply.sends();
            assert!(sends == 0 || !reply.payload.piece(sends - 1, sends).is_empty());
        }
    }
    assert_eq!(run.audit().requests, 0);
}

/// How many objects the run of a listing has of its own.
const OWN: u64 = 3;

/// The one of them that was deleted, if it was not put again.
const DELETED: &str = "object-000001";

fn run_of(put: &BTreeSet<String>) -> Arc<Run> {
    let runs = Runs::new(Config::new(""));
    let contract = Contract { objects: OWN, object_size: 1, ..Contract::default() };
    assert_eq!(runs.announce("run", &Announcement { seed: 0, contract, inject: Vec::new() }), Ok(true));
    let Some(run) = runs.announced("run") else { unreachable!("it was announced") };
    let _ = run.delete(DELETED);
    for key in put {
        if let Ok(charge) = runs.budget.charge(0) {
            let stored = Stored { bytes: Bytes::new(), etag: ETag::of_bytes(b""), charge: Arc::new(charge) };
            assert!(run.store.put_if(key, stored, BINARY.into(), |_| true).is_ok());
        }
    }
    run
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_of_the_fuzzer_passes() {
        super::replay::replay(super::TARGETS);
    }
}
