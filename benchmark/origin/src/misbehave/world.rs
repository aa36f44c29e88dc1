//! What all connections of a server share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The objects that were put, and where the server's own other address is.
#[derive(Debug, Default)]
pub(super) struct World {
    put: Mutex<BTreeMap<String, u64>>,
    uploads: AtomicU64,
    /// The sizes of the parts of uploads, by the upload's id and the part's number.
    parts: Mutex<BTreeMap<(String, String), u64>>,
    last: Mutex<Option<super::reply::Reply>>,
    pub(super) elsewhere: Option<SocketAddr>,
}

impl World {
    /// A server that serves another address as well.
    pub(super) fn beside(elsewhere: Option<SocketAddr>) -> Self {
        Self { elsewhere, ..Self::default() }
    }

    /// The sizes of the objects that were put, by key.
    pub(super) fn put(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.put.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The id of a new upload.
    pub(super) fn upload(&self) -> u64 {
        self.uploads.fetch_add(1, Ordering::SeqCst)
    }

    /// A part of an upload was put.
    pub(super) fn part(&self, upload: &str, number: &str, size: u64) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert((upload.to_owned(), number.to_owned()), size);
    }

    /// All parts of an upload are one object now.
    pub(super) fn complete(&self, upload: &str, key: &str) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let size = parts.iter().filter(|((of, _), _)| of == upload).map(|(_, size)| size).sum();
        parts.retain(|(of, _), _| of != upload);
        self.put().insert(key.to_owned(), size);
    }

    /// Keeps a response, and hands over the one that was kept before.
    pub(super) fn keep(&self, reply: super::reply::Reply) -> Option<super::reply::Reply> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(reply)
    }
}
