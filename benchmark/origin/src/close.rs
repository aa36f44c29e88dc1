//! The two ways in which the origin ends a connection itself.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::clock::now_ns;
use crate::timer::Timer;

/// How long a client may take to close its side.
const PATIENCE_NS: u64 = 2_000_000_000;

/// Ends in order: everything written arrives, then the end of the stream.
///
/// Closing a socket that holds unread bytes sends a reset, and a reset makes the peer throw away what it has not read
/// yet. So our side is closed first, and the other's bytes are read until it closes too.
pub(crate) async fn orderly(mut stream: TcpStream, timer: &Timer) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let mut sink = [0; 4096];
    let drain = async { while matches!(stream.read(&mut sink).await, Ok(1..)) {} };
    tokio::select! {
        () = drain => {}
        () = timer.until(now_ns() + PATIENCE_NS) => {}
    }
}

/// Ends with a reset.
pub(crate) fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::warn!("a connection cannot be reset: {error}");
    }
}
