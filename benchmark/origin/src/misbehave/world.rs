//! What all connections of a server share.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The objects that were put, and where the server's own other address is.
#[derive(Debug, Default)]
pub(super) struct World {
    put: Mutex<BTreeMap<String, u64>>,
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

    /// Keeps a response, and hands over the one that was kept before.
    pub(super) fn keep(&self, reply: super::reply::Reply) -> Option<super::reply::Reply> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).replace(reply)
    }
}
