//! What was put into a run, and what was deleted from it: kept in memory, within a bound that all runs share.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use benchmark_protocol::content;
use benchmark_protocol::units::format_size;
use bytes::Bytes;

use crate::metadata::Metadata;
use crate::object::{BINARY, Content, ETag, Modified, Object};

/// What an entry, an upload or a part costs beyond its bytes and its texts: nodes of maps, tags, dates. Rounded up.
const OVERHEAD_BYTES: u64 = 512;

/// The bytes held by all runs, and the most that they may be.
#[derive(Clone)]
pub(crate) struct Budget {
    held: Arc<AtomicU64>,
    most: u64,
}

/// A part of the budget, given back when dropped.
pub(crate) struct Charge {
    budget: Budget,
    bytes: u64,
}

/// The budget does not hold so much more.
#[derive(Debug)]
pub(crate) struct Full;

/// Why something that had a condition was not done.
#[derive(Debug)]
pub(crate) enum Refused {
    /// See [`Full`].
    Full,
    /// The condition does not hold.
    Condition,
}

impl From<Full> for Refused {
    fn from(Full: Full) -> Self {
        Self::Full
    }
}

impl Budget {
    pub(crate) fn new(most: u64) -> Self {
        Self { held: Arc::default(), most }
    }

    pub(crate) const fn most(&self) -> u64 {
        self.most
    }

    /// What is said to whoever needs room where there is none: there may be some later.
    pub(crate) fn exhausted(&self) -> String {
        let most = format_size(self.most);
        format!("The origin remembers at most {most}: delete objects or abort uploads, and try again.")
    }

    /// A part of this size, and what it costs to remember one.
    pub(crate) fn charge(&self, bytes: u64) -> Result<Charge, Full> {
        let mut charge = Charge { budget: self.clone(), bytes: 0 };
        charge.grow(bytes.saturating_add(OVERHEAD_BYTES))?;
        Ok(charge)
    }
}

impl Charge {
    /// Takes more of the budget.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Full> {
        let Budget { held, most } = &self.budget;
        let add = |held: u64| held.checked_add(bytes).filter(|held| held <= most);
        held.fetch_update(Relaxed, Relaxed, add).map_err(|_| Full)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Relaxed);
    }
}

/// Bytes that were put, and their share of the budget.
#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) bytes: Bytes,
    pub(crate) etag: ETag,
    #[expect(dead_code, reason = "held for its drop")]
    pub(crate) charge: Arc<Charge>,
}

/// What stands before the run's own object of its key.
pub(crate) struct Entry {
    /// What was put; `None` is the deletion of the run's own object.
    put: Option<Object>,
    #[expect(dead_code, reason = "held for its drop")]
    charge: Charge,
}

impl Entry {
    pub(crate) fn object(&self) -> Option<Object> {
        self.put.clone()
    }
}

/// An upload in parts that is not complete.
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) metadata: Metadata,
    pub(crate) initiated: SystemTime,
    pub(crate) parts: BTreeMap<i32, Part>,
    charge: Charge,
}

/// A part of an upload.
pub(crate) struct Part {
    pub(crate) content: PartContent,
    pub(crate) size: u64,
    pub(crate) etag: ETag,
    pub(crate) modified: SystemTime,
}

/// What is known of a part's bytes.
pub(crate) enum PartContent {
    /// All of them.
    Stored(Stored),
    /// That they are those of the object that a test puts.
    Taken {
        #[expect(dead_code, reason = "held for its drop")]
        charge: Charge,
    },
}

impl Upload {
    /// Adds a part, in place of the one that had its number.
    pub(crate) fn put(&mut self, number: i32, stored: Stored) -> SystemTime {
        let (size, etag, modified) = (stored.bytes.len() as u64, stored.etag, SystemTime::now());
        self.parts.insert(number, Part { content: PartContent::Stored(stored), size, etag, modified });
        modified
    }

    /// The same of bytes that were compared and not kept.
    pub(crate) fn take(&mut self, number: i32, size: u64, etag: ETag, modified: SystemTime) -> Result<(), Full> {
        let charge = self.charge.budget.charge(0)?;
        self.parts.insert(number, Part { content: PartContent::Taken { charge }, size, etag, modified });
        Ok(())
    }
}

/// The entries of one run.
pub(crate) struct Store {
    budget: Budget,
    /// Asked before the lock is taken: most runs never put anything.
    used: AtomicBool,
    entries: RwLock<BTreeMap<String, Entry>>,
    uploads: Mutex<HashMap<String, Upload>>,
    next_upload: AtomicU64,
}

impl Store {
    pub(crate) fn new(budget: &Budget) -> Self {
        Self {
            budget: budget.clone(),
            used: AtomicBool::new(false),
            entries: RwLock::default(),
            uploads: Mutex::default(),
            next_upload: AtomicU64::new(0),
        }
    }

    /// Puts an object where `lets` lets it, which is given what stands before the run's own object of this key.
    pub(crate) fn put_if(
        &self,
        key: &str,
        stored: Stored,
        metadata: Metadata,
        lets: impl FnOnce(Option<Option<Object>>) -> bool,
    ) -> Result<Modified, Refused> {
        let charge = self.charge(key, &metadata)?;
        let modified = Modified::at(SystemTime::now());
        let mut entries = self.write();
        if !lets(entries.get(key).map(Entry::object)) {
            return Err(Refused::Condition);
        }
        let (size, etag) = (stored.bytes.len() as u64, stored.etag);
        let object = Object { content: Content::Stored(stored), size, etag, modified, metadata };
        entries.insert(key.to_owned(), Entry { put: Some(object), charge });
        self.used.store(true, Relaxed);
        Ok(modified)
    }

    /// Remembers that the object of the pattern was put under this key: what a test puts again and again.
    pub(crate) fn take(&self, key: &str, size: u64, modified: Modified) -> Result<(), Full> {
        let mut entries = self.write();
        if let Some(Entry { put: Some(object), .. }) = entries.get_mut(key)
            && object.size == size
            && matches!(object.content, Content::Pattern(_))
        {
            object.modified = modified;
            return Ok(());
        }
        let charge = self.charge(key, &BINARY.into())?;
        let content = Content::Pattern(content::origin_of(key));
        let object = Object { content, size, etag: ETag::of_pattern(key, size), modified, metadata: BINARY.into() };
        entries.insert(key.to_owned(), Entry { put: Some(object), charge });
        self.used.store(true, Relaxed);
        Ok(())
    }

    /// What all runs share.
    pub(crate) const fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Deletes what was put, and where the key is one of the run's `own` objects that one too: only this leaves something behind.
    pub(crate) fn delete(&self, key: &str, own: bool) -> Result<(), Full> {
        self.delete_from(&mut self.write(), key, own)
    }

    /// The same where `lets` lets it, as of [`Self::put_if`].
    pub(crate) fn delete_if(
        &self,
        key: &str,
        own: bool,
        lets: impl FnOnce(Option<Option<Object>>) -> bool,
    ) -> Result<(), Refused> {
        let mut entries = self.write();
        if !lets(entries.get(key).map(Entry::object)) {
            return Err(Refused::Condition);
        }
        Ok(self.delete_from(&mut entries, key, own)?)
    }

    fn delete_from(&self, entries: &mut BTreeMap<String, Entry>, key: &str, own: bool) -> Result<(), Full> {
        match entries.get_mut(key) {
            Some(entry) if own => entry.put = None,
            Some(_) => {
                entries.remove(key);
            }
            None if own => {
                let charge = self.budget.charge(key.len() as u64)?;
                entries.insert(key.to_owned(), Entry { put: None, charge });
                self.used.store(true, Relaxed);
            }
            None => {}
        }
        Ok(())
    }

    /// What stands before the run's own object of this key: `None` nothing, `Some(None)` its deletion.
    pub(crate) fn find(&self, key: &str) -> Option<Option<Object>> {
        if !self.used.load(Relaxed) {
            return None;
        }
        self.read().get(key).map(Entry::object)
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<String, Entry>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin_upload(&self, key: &str, metadata: Metadata) -> Result<String, Full> {
        let charge = self.charge(key, &metadata)?;
        let id = format!("upload-{}", self.next_upload.fetch_add(1, Relaxed));
        let initiated = SystemTime::now();
        let upload = Upload { key: key.to_owned(), metadata, initiated, parts: BTreeMap::new(), charge };
        self.uploads().insert(id.clone(), upload);
        Ok(id)
    }

    fn charge(&self, key: &str, metadata: &Metadata) -> Result<Charge, Full> {
        self.budget.charge(key.len() as u64 + metadata.bytes())
    }

    pub(crate) fn uploads(&self) -> MutexGuard<'_, HashMap<String, Upload>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives everything back: connections may still hold the run for a while.
    pub(crate) fn clear(&self) {
        self.write().clear();
        self.uploads().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::BINARY;

    fn stored(budget: &Budget, bytes: &'static str) -> Stored {
        let charge = budget.charge(bytes.len() as u64).unwrap();
        Stored { bytes: bytes.into(), etag: ETag::of_bytes(bytes.as_bytes()), charge: Arc::new(charge) }
    }

    fn held(budget: &Budget) -> u64 {
        budget.held.load(Relaxed)
    }

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Budget::new(10_000);
        let first = budget.charge(10_000 - OVERHEAD_BYTES).unwrap();
        assert!(budget.charge(0).is_err());
        drop(first);
        let mut second = budget.charge(0).unwrap();
        assert!(second.grow(10_001 - OVERHEAD_BYTES).is_err() && second.grow(u64::MAX).is_err());
        second.grow(10_000 - OVERHEAD_BYTES).unwrap();
    }

    #[test]
    fn deletions_are_charged_once_and_only_where_they_leave_something_behind() {
        let budget = Budget::new(u64::MAX);
        let store = Store::new(&budget);
        for index in 0..1000 {
            store.delete(&format!("nobody-put-{index}"), false).unwrap();
            store.delete("own", true).unwrap();
        }
        assert_eq!((held(&budget), store.read().len()), (OVERHEAD_BYTES + 3, 1));
        assert!(matches!(store.find("own"), Some(None)));
        store.put_if("other", stored(&budget, "bytes"), BINARY.into(), |_| true).unwrap();
        store.delete("other", false).unwrap();
        assert_eq!((held(&budget), store.read().len()), (OVERHEAD_BYTES + 3, 1));
        store.clear();
        assert_eq!(held(&budget), 0);
    }

    #[test]
    fn a_full_budget_refuses_every_kind_of_entry_and_still_lets_delete() {
        let budget = Budget::new(4 * OVERHEAD_BYTES);
        let store = Store::new(&budget);
        store.put_if("own", stored(&budget, "x"), BINARY.into(), |_| true).unwrap();
        let kept = stored(&budget, "y");
        assert!(store.put_if("k", kept.clone(), BINARY.into(), |_| true).is_err());
        assert!(store.begin_upload(&"k".repeat(600), BINARY.into()).is_err());
        assert!(store.delete(&"k".repeat(600), true).is_err());
        // What is there can always be deleted, the run's own object included: its entry stays, and gives back the bytes.
        let before = held(&budget);
        store.delete("own", true).unwrap();
        assert_eq!(before - held(&budget), OVERHEAD_BYTES + 1);
        assert!(matches!(store.find("own"), Some(None)));
        let id = store.begin_upload("k", BINARY.into()).unwrap();
        assert!(store.begin_upload("k", BINARY.into()).is_err());
        store.uploads().remove(&id);
        store.begin_upload("k", BINARY.into()).unwrap();
    }
}
