//! What an origin is told before it serves.

use std::fmt;

use benchmark_protocol::inject::Inject;

/// How an origin behaves.
#[derive(Clone, Debug)]
pub struct Config {
    /// The secret of the control requests: without it in their header they are answered 403.
    pub token: String,
    /// The one key pair whose SigV4 signatures are good. With none, every signed request is refused.
    pub credentials: Option<Credentials>,
    /// Whether a bucket that was never announced is made on first use, without limits to what may be asked of it.
    /// Otherwise it is answered 404.
    pub open: bool,
    /// What is done to the requests of such buckets, from their first one on.
    pub inject: Vec<Inject>,
    /// The seed of what is drawn for such buckets.
    pub seed: u64,
    /// How many objects such a bucket has.
    pub objects: u64,
    /// The size of each, in bytes.
    pub object_size: u64,
    /// How many bytes of memory everything may take that clients leave behind in all buckets together: objects and parts that
    /// were put, deletions of the buckets' own objects, uploads that are not complete, and buckets made on first use. Beyond it
    /// a body is answered 400 `EntityTooLarge`, what else needs room 503 `SlowDown`.
    pub capacity: u64,
}

impl Config {
    /// An origin that knows announced runs only.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            credentials: None,
            open: false,
            inject: Vec::new(),
            seed: 0,
            objects: 64,
            object_size: 64 << 20,
            capacity: 1 << 30,
        }
    }
}

/// A key pair for SigV4.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// What a request names.
    pub access_key: String,
    /// What it is signed with.
    pub secret_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}
