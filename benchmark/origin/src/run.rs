//! A run as the origin knows it, and all of them by name.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use benchmark_protocol::content;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::origin::{Announcement, Audit, Begin, Contract};
use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::{Rules, Seen, Test};

use crate::audit::{Answered, Counters};
use crate::clock::now_ns;
use crate::config::Config;
use crate::faults::Faults;
use crate::metadata::Metadata;
use crate::object::{BINARY, Content, ETag, Modified, Object};
use crate::store::{Budget, Charge, Full, Refused, Store, Stored};

/// How many buckets are made on first use. Each is charged to the budget as well, but names cost time too.
const MOST_OPEN_BUCKETS: usize = 4096;

/// One run: its contract, its faults, its counters, and what was put into it.
pub(crate) struct Run {
    pub(crate) name: String,
    pub(crate) contract: Contract,
    /// What the run's test asks; `None` lets everything pass.
    rules: Option<Box<dyn Rules>>,
    pub(crate) created: Modified,
    pub(crate) counters: Counters,
    pub(crate) faults: Option<Faults>,
    pub(crate) store: Store,
    begun: Mutex<Option<Begun>>,
    gone: AtomicBool,
    /// Of a bucket that was made on first use.
    _charge: Option<Charge>,
}

/// What was said of a run's start.
struct Begun {
    start_ns: u64,
    /// Its requests by then.
    requests: u64,
}

impl Run {
    /// A run as it was announced.
    ///
    /// # Errors
    /// A sentence, where its test or a parameter is not known.
    fn new(name: &str, announcement: &Announcement, budget: &Budget) -> Result<Self, String> {
        Ok(Self {
            name: name.to_owned(),
            contract: announcement.contract.clone(),
            rules: rules(&announcement.contract)?,
            created: Modified::at(SystemTime::now()),
            counters: Counters::default(),
            faults: Faults::new(&announcement.inject, announcement.seed),
            store: Store::new(budget),
            begun: Mutex::new(None),
            gone: AtomicBool::new(false),
            _charge: None,
        })
    }

    /// Names the instants at which it begins; `false` where it has begun. As long as none of its requests came since the instant was
    /// named, or the instant is still ahead, nothing has: whoever was too late to tell the replicas names another one.
    pub(crate) fn begin(&self, begin: Begin) -> bool {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = self.counters.requests();
        if begun.as_ref().is_some_and(|begun| begun.requests != requests && begun.start_ns <= now_ns()) {
            return false;
        }
        *begun = Some(Begun { start_ns: begin.start_ns, requests });
        if let Some(faults) = &self.faults {
            faults.begin(begin);
        }
        true
    }

    pub(crate) fn audit(&self) -> Audit {
        let mut audit = self.counters.audit();
        if let Some(faults) = &self.faults {
            faults.complete(&mut audit);
        }
        audit
    }

    /// The object of this key, if there is one.
    pub(crate) fn find(&self, key: &str) -> Option<Object> {
        self.standing(key, self.store.find(key))
    }

    /// The object of this key, given what stands before the run's own.
    fn standing(&self, key: &str, before: Option<Option<Object>>) -> Option<Object> {
        before.unwrap_or_else(|| self.owns(key).then(|| self.pattern(key)))
    }

    /// Whether the key is that of one of the run's own objects, be it deleted.
    fn owns(&self, key: &str) -> bool {
        content::key_index(key).is_some_and(|index| index < self.contract.objects && key.len() == key_length(index))
    }

    /// Deletes the object of this key, if there is one.
    pub(crate) fn delete(&self, key: &str) -> Result<(), Full> {
        self.store.delete(key, self.owns(key))
    }

    /// The same where the object that is there, or none, lets it: nobody comes between the two.
    pub(crate) fn delete_if(&self, key: &str, lets: impl FnOnce(Option<&Object>) -> bool) -> Result<(), Refused> {
        self.store.delete_if(key, self.owns(key), |before| lets(self.standing(key, before).as_ref()))
    }

    /// Puts an object where the one that is there, or none, lets it: nobody comes between the two.
    pub(crate) fn put_if(
        &self,
        key: &str,
        stored: Stored,
        metadata: Metadata,
        lets: impl FnOnce(Option<&Object>) -> bool,
    ) -> Result<Modified, Refused> {
        self.store.put_if(key, stored, metadata, |before| lets(self.standing(key, before).as_ref()))
    }

    /// The object of a key that is known to be one of the run's own.
    pub(crate) fn pattern(&self, key: &str) -> Object {
        let size = self.contract.object_size;
        Object {
            content: Content::Pattern(content::origin_of(key)),
            size,
            etag: ETag::of_pattern(key, size),
            modified: self.created,
            metadata: BINARY.into(),
        }
    }

    /// What the run's test asks; `None` where everything may pass.
    pub(crate) fn rules(&self) -> Option<&dyn Rules> {
        self.rules.as_deref()
    }

    /// Counts a request that the run's test does not ask.
    pub(crate) fn check(&self, seen: &Seen<'_>) {
        if self.rules().is_some_and(|rules| !rules.allow(seen)) {
            self.counters.out_of_contract.fetch_add(1, Relaxed);
        }
    }

    /// Counts an upload that was completed with another number of parts than the run's test has.
    pub(crate) fn check_parts(&self, number: usize) {
        if self.rules().and_then(Rules::parts).is_some_and(|parts| parts as usize != number) {
            self.counters.out_of_contract.fetch_add(1, Relaxed);
        }
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Relaxed)
    }
}

/// What the contract's test asks.
fn rules(contract: &Contract) -> Result<Option<Box<dyn Rules>>, String> {
    let Some(name) = &contract.test else { return Ok(None) };
    let test = Test::named(name).ok_or_else(|| format!("unknown test `{name}`"))?;
    let given = contract.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(Some(test.rules(&Values::new(test.parameters(), given)?)))
}

/// `object-` and at least six digits: a number below a million has no longer name.
fn key_length(index: u64) -> usize {
    7 + (index.checked_ilog10().unwrap_or(0) as usize + 1).max(6)
}

/// A request of a run that is under way: from its parsed head until its response is written or given up.
pub(crate) struct UnderWay<R: Deref<Target = Run>> {
    run: R,
    operation: Option<Operation>,
}

impl<R: Deref<Target = Run>> UnderWay<R> {
    pub(crate) fn begin(run: R, operation: Option<Operation>) -> Self {
        run.counters.begin(operation);
        Self { run, operation }
    }

    /// Its response was written whole.
    pub(crate) fn answer(&self, answered: Answered) {
        self.run.counters.answer(self.operation, answered);
    }
}

impl<R: Deref<Target = Run>> Drop for UnderWay<R> {
    fn drop(&mut self) {
        self.run.counters.end();
    }
}

/// A connection's place in the counters of the run that its first request named.
pub(crate) struct Seat(Arc<Run>);

impl Seat {
    pub(crate) fn take(run: &Arc<Run>) -> Self {
        run.counters.connections.fetch_add(1, Relaxed);
        run.counters.open_connections.fetch_add(1, Relaxed);
        Self(Arc::clone(run))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.counters.open_connections.fetch_sub(1, Relaxed);
    }
}

/// All runs, shared by the workers.
pub(crate) struct Runs {
    runs: RwLock<HashMap<String, Arc<Run>>>,
    pub(crate) config: Config,
    pub(crate) budget: Budget,
}

impl Runs {
    pub(crate) fn new(config: Config) -> Self {
        Self { runs: RwLock::default(), budget: Budget::new(config.capacity), config }
    }

    /// The run of this name; made now where buckets are open.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Run>> {
        let known = self.runs.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if known.is_some() || !self.config.open || name.is_empty() || name == "-" || name.len() > 255 {
            return known;
        }
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        if runs.len() >= MOST_OPEN_BUCKETS && !runs.contains_key(name) {
            return None;
        }
        if let Some(run) = runs.get(name) {
            return Some(Arc::clone(run));
        }
        let run = Arc::new(self.open(name)?);
        runs.insert(name.to_owned(), Arc::clone(&run));
        Some(run)
    }

    /// A bucket on its first use; `None` where there is no room for another.
    fn open(&self, name: &str) -> Option<Run> {
        let Config { seed, objects, object_size, .. } = self.config;
        let contract = Contract { objects, object_size, ..Contract::default() };
        let announcement = Announcement { seed, contract, inject: self.config.inject.clone() };
        let mut run = Run::new(name, &announcement, &self.budget).ok()?;
        let bytes = name.len() as u64 + run.faults.as_ref().map_or(0, Faults::bytes);
        run._charge = Some(self.budget.charge(bytes).ok()?);
        let now_ns = now_ns();
        run.begin(Begin { start_ns: now_ns, window_ns: now_ns });
        Some(run)
    }

    /// The run of this name, only if it is there.
    pub(crate) fn announced(&self, name: &str) -> Option<Arc<Run>> {
        self.runs.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Adds a run; `false` where the name is taken.
    ///
    /// # Errors
    /// A sentence, where its test or a parameter is not known.
    pub(crate) fn announce(&self, name: &str, announcement: &Announcement) -> Result<bool, String> {
        let run = Arc::new(Run::new(name, announcement, &self.budget)?);
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        if runs.contains_key(name) {
            return Ok(false);
        }
        runs.insert(name.to_owned(), run);
        Ok(true)
    }

    /// Removes a run with everything it holds; `false` where there is none.
    pub(crate) fn forget(&self, name: &str) -> bool {
        let run = self.runs.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        run.is_some_and(|run| {
            run.gone.store(true, Relaxed);
            run.store.clear();
            true
        })
    }

    /// Every run, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Run>> {
        let mut runs: Vec<_> =
            self.runs.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
        runs.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_has_one_name() {
        let contract = Contract { objects: 2_000_000, object_size: 1, ..Contract::default() };
        let announcement = Announcement { seed: 0, contract, inject: Vec::new() };
        let run = Run::new("r", &announcement, &Budget::new(0)).unwrap();
        for index in [0, 9, 999_999, 1_000_000, 1_999_999] {
            assert!(run.find(&content::key(index)).is_some(), "{index}");
        }
        for key in ["object-0000000", "object-2000000", "object-0", "else"] {
            assert!(run.find(key).is_none(), "{key}");
        }
    }

    #[test]
    fn buckets_that_are_made_on_first_use_are_charged_with_what_they_hold() {
        let inject = vec!["latency=constant:1ms".parse().unwrap()];
        let runs = Runs::new(Config { open: true, inject, capacity: 10 << 20, ..Config::new("") });
        let made = (0..1000).filter(|index| runs.find(&index.to_string()).is_some()).count();
        // Two histograms of some 200 KB each.
        assert!((20..30).contains(&made), "{made}");
        assert!(runs.find("0").is_some(), "what is there stays");
        assert!(runs.forget("0") && runs.find("1000").is_some(), "what is forgotten is given back");
    }
}
