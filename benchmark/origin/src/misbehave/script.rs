//! What a server does on a connection, step by step.

use std::time::Duration;

use super::reply::Reply;

/// Steps, one after the other. What comes last, unless it ends the connection, is the next request.
#[derive(Clone, Debug, Default)]
pub(super) struct Script(pub(super) Vec<Step>);

/// A step.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Writes these bytes.
    Send(Vec<u8>),
    /// Writes these bytes again and again, so often, with a pause behind each.
    Repeat { piece: Vec<u8>, times: u64, every: Duration },
    /// Waits.
    Pause(Duration),
    /// Ends the connection in order (FIN), and reads what still comes.
    End,
    /// Ends it with a reset (RST).
    Reset,
    /// Keeps it, and neither reads nor writes until the client ends it.
    Hang,
}

impl Script {
    /// A response, and the end of the connection where it says so.
    pub(super) fn of(reply: &Reply) -> Self {
        let script = Self::bytes(reply.bytes());
        if reply.closes() { script.end() } else { script }
    }

    /// These bytes.
    pub(super) fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(vec![Step::Send(bytes.into())])
    }

    fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// And more bytes.
    pub(super) fn send(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Send(bytes.into()))
    }

    /// And so many times the same bytes at once.
    pub(super) fn flood(self, piece: impl Into<Vec<u8>>, times: u64) -> Self {
        self.then(Step::Repeat { piece: piece.into(), times, every: Duration::ZERO })
    }

    /// And the same bytes for ever, with a pause behind each.
    pub(super) fn trickle(self, piece: impl Into<Vec<u8>>, every: Duration) -> Self {
        self.then(Step::Repeat { piece: piece.into(), times: u64::MAX, every })
    }

    pub(super) fn pause(self, pause: Duration) -> Self {
        self.then(Step::Pause(pause))
    }

    pub(super) fn end(self) -> Self {
        self.then(Step::End)
    }

    pub(super) fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    pub(super) fn hang(self) -> Self {
        self.then(Step::Hang)
    }
}
