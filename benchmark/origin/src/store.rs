//! What was put into a run, and what was deleted from it: kept in memory, within a bound that all runs share.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use bytes::Bytes;

use crate::object::{Content, ContentType, ETag, Modified, Object};

/// How many bytes all runs together may hold.
const MOST_BYTES: u64 = 1 << 30;

/// The bytes held by all runs.
#[derive(Clone, Default)]
pub(crate) struct Budget(Arc<AtomicU64>);

/// A part of the budget, given back when dropped.
pub(crate) struct Charge {
    budget: Budget,
    bytes: u64,
}

impl Budget {
    pub(crate) fn charge(&self) -> Charge {
        Charge { budget: self.clone(), bytes: 0 }
    }
}

impl Charge {
    /// Takes more of the budget; `false` where there is not so much of it.
    pub(crate) fn grow(&mut self, bytes: u64) -> bool {
        let add = |held: u64| held.checked_add(bytes).filter(|held| *held <= MOST_BYTES);
        let taken = self.budget.0.fetch_update(Relaxed, Relaxed, add).is_ok();
        if taken {
            self.bytes += bytes;
        }
        taken
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Relaxed);
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

/// An entry that stands before the run's own objects.
pub(crate) enum Entry {
    Object { stored: Stored, modified: Modified, content_type: ContentType },
    Deleted,
}

impl Entry {
    pub(crate) fn object(&self) -> Option<Object> {
        match self {
            Self::Deleted => None,
            Self::Object { stored, modified, content_type } => Some(Object {
                content: Content::Stored(stored.bytes.clone()),
                size: stored.bytes.len() as u64,
                etag: stored.etag,
                modified: *modified,
                content_type: content_type.clone(),
            }),
        }
    }
}

/// An upload in parts that is not complete.
pub(crate) struct Upload {
    pub(crate) key: String,
    pub(crate) content_type: ContentType,
    pub(crate) parts: BTreeMap<i32, Stored>,
}

/// The entries of one run.
#[derive(Default)]
pub(crate) struct Store {
    /// Asked before the lock is taken: most runs never put anything.
    used: AtomicBool,
    entries: RwLock<BTreeMap<String, Entry>>,
    uploads: Mutex<HashMap<String, Upload>>,
    next_upload: AtomicU64,
}

impl Store {
    pub(crate) fn put(&self, key: &str, stored: Stored, content_type: ContentType) {
        let entry = Entry::Object { stored, modified: Modified::at(SystemTime::now()), content_type };
        self.write().insert(key.to_owned(), entry);
        self.used.store(true, Relaxed);
    }

    pub(crate) fn delete(&self, key: &str) {
        self.write().insert(key.to_owned(), Entry::Deleted);
        self.used.store(true, Relaxed);
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

    pub(crate) fn begin_upload(&self, key: &str, content_type: ContentType) -> String {
        let id = format!("upload-{}", self.next_upload.fetch_add(1, Relaxed));
        let upload = Upload { key: key.to_owned(), content_type, parts: BTreeMap::new() };
        self.uploads().insert(id.clone(), upload);
        id
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

    #[test]
    fn what_is_dropped_is_given_back() {
        let budget = Budget::default();
        let mut first = budget.charge();
        assert!(first.grow(MOST_BYTES));
        let mut second = budget.charge();
        assert!(!second.grow(1));
        drop(first);
        assert!(second.grow(MOST_BYTES) && !second.grow(1));
    }
}
