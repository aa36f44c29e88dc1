//! How long the coordinator waits, and for what. A replica that exceeds one ends its run, never the campaign.

use std::time::Duration;

/// From starting the replicas until all of them are ready (constructed and verified).
pub const READY: Duration = Duration::from_secs(60);

/// From a connection to its `hello`.
pub const HELLO: Duration = Duration::from_secs(5);

/// For a replica to take a message off its connection.
pub const WRITE: Duration = Duration::from_secs(5);

/// For a replica to answer the pings that its clock is measured by.
pub const PONGS: Duration = Duration::from_secs(10);

/// Between two messages of a replica that runs: it ticks once a second.
pub const SILENCE: Duration = Duration::from_secs(10);

/// From the end of window and drain to the result.
pub const RESULT: Duration = Duration::from_secs(10);

/// From a replica's closed connection to the news of how it ended.
pub const NEWS: Duration = Duration::from_secs(2);

/// From `bye` to the replica's end.
pub const EXIT: Duration = Duration::from_secs(5);

/// Between two looks for a host name that the runner does not list yet.
pub const LISTED: Duration = Duration::from_millis(20);

/// Before another connection is accepted where one could not be.
pub const ACCEPT: Duration = Duration::from_millis(50);

/// How far ahead of now `start` sets the first request, so that every replica has read it and sleeps until then. Where telling the
/// origin takes half of it, twice as far.
pub const START_LEAD: Duration = Duration::from_millis(50);
