//! The place of one replica: who sits there, how far it has come, and what it may say next.

use std::collections::BTreeMap;

use benchmark_protocol::message::{CoordinatorMessage, Phase, ReplicaMessage, Tick};
use tokio::time::Instant;

use super::clock::{Clock, Next};
use super::connection::Arrival;
use super::figures;
use super::writer::Writer;
use crate::run::{ClockOffset, Reason, Replica};

/// How far a replica has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Nobody sits here.
    Empty,
    /// It constructs its client and verifies its target.
    Welcomed,
    /// It waits for `start`.
    Ready,
    /// It was told to start.
    Started,
    /// It failed, or handed over its result.
    Done,
}

/// The place of one replica.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) record: Replica,
    pub(super) stage: Stage,
    pub(super) connection: Option<u64>,
    writer: Option<Writer>,
    clock: Clock,
    /// When it last said something.
    pub(super) heard: Instant,
    /// The options as it understood them.
    pub(super) options: BTreeMap<String, String>,
    /// Since when its connection is closed, while there is no news of how it ended.
    pub(super) closed: Option<Instant>,
}

impl Seat {
    pub(super) fn new(index: u32) -> Self {
        let record = Replica { index, ..Replica::default() };
        let (stage, clock) = (Stage::Empty, Clock::default());
        let (options, heard) = (BTreeMap::new(), Instant::now());
        Self { record, stage, connection: None, writer: None, clock, heard, options, closed: None }
    }

    pub(super) fn is_free(&self) -> bool {
        self.connection.is_none()
    }

    /// Whether it waits for the start, can be told of it by its own clock, and is still there.
    pub(super) fn is_ready(&self) -> bool {
        self.stage == Stage::Ready && self.record.clock.is_some() && self.closed.is_none()
    }

    /// Whether its `ready` is still to come.
    pub(super) fn is_expected(&self) -> bool {
        self.stage < Stage::Ready
    }

    /// Gives the seat to a replica.
    pub(super) fn take(&mut self, arrival: Arrival, welcome: CoordinatorMessage) {
        arrival.writer.send(welcome);
        self.connection = Some(arrival.connection);
        self.writer = Some(arrival.writer);
        self.stage = Stage::Welcomed;
        self.heard = Instant::now();
        self.record.host_name = Some(arrival.hello.host_name);
        self.record.pid = Some(arrival.hello.pid);
        self.options = arrival.hello.options;
        self.measure_clock();
    }

    /// Measures its clock, or measures it anew: it is not known until that is done.
    pub(super) fn measure_clock(&mut self) {
        self.record.clock = None;
        let number = self.clock.begin();
        self.send(CoordinatorMessage::Ping { number });
    }

    /// Since when its clock is being measured.
    pub(super) const fn measured_since(&self) -> Option<Instant> {
        self.clock.since()
    }

    pub(super) fn send(&self, message: CoordinatorMessage) {
        if let Some(writer) = &self.writer {
            writer.send(message);
        }
    }

    /// Tells it the instant of the start.
    pub(super) fn start(&mut self, at_ns: u64) {
        self.send(CoordinatorMessage::Start { at_ns: self.clock_offset().there(at_ns) });
        self.stage = Stage::Started;
        self.heard = Instant::now();
    }

    /// Of its clock, which is known of everyone who was told to start.
    fn clock_offset(&self) -> ClockOffset {
        self.record.clock.unwrap_or_default()
    }

    /// Takes what it says, read at this instant: a tick, to be passed on. Its instants are carried over to the harness's clock here,
    /// once and for all. What is said out of turn or makes no sense ends the run.
    pub(super) fn hear(&mut self, message: ReplicaMessage, heard_ns: u64) -> Result<Option<Tick>, Reason> {
        self.heard = Instant::now();
        let said = name_of(&message);
        match (message, self.stage) {
            (ReplicaMessage::Ready { resources }, Stage::Welcomed) => {
                self.sound(figures::check(&resources))?;
                self.stage = Stage::Ready;
            }
            (ReplicaMessage::Pong(pong), Stage::Welcomed | Stage::Ready) => {
                self.sound(figures::check(&pong))?;
                let pinged_ns = self.writer.as_ref().map_or(heard_ns, Writer::pinged_ns);
                let heard = self.clock.hear(pong, pinged_ns, heard_ns);
                match heard.map_err(|what| self.lost(what))? {
                    Next::Ping(number) => self.send(CoordinatorMessage::Ping { number }),
                    Next::Known(offset) => self.record.clock = Some(offset),
                }
            }
            (ReplicaMessage::Failed { reason, verify }, Stage::Welcomed | Stage::Ready | Stage::Started) => {
                self.sound(figures::check(&verify))?;
                self.stage = Stage::Done;
                self.record.verify = Some(verify);
                self.record.failure = Some(reason.clone());
                return Err(reason.into());
            }
            (ReplicaMessage::Tick(mut tick), Stage::Started) => {
                self.sound(figures::check(&tick))?;
                self.sound(self.clock_offset().carry_tick(&mut tick))?;
                let last = self.record.ticks.last();
                if last.is_some_and(|last| order(last.phase) > order(tick.phase)) {
                    return Err(self.lost("its ticks go back to a phase that was over"));
                }
                if last.is_some_and(|last| last.phase == tick.phase && is_before(&tick, last)) {
                    return Err(self.lost("its ticks go back in time, or count less than before"));
                }
                self.record.ticks.push(tick);
                return Ok(Some(tick));
            }
            (ReplicaMessage::Result(mut result), Stage::Started) => {
                self.sound(figures::check_result(&result))?;
                self.sound(self.clock_offset().carry_result(&mut result))?;
                self.stage = Stage::Done;
                self.record.result = Some(*result);
                self.send(CoordinatorMessage::Ack);
            }
            (ReplicaMessage::Tick(_) | ReplicaMessage::Result(_), Stage::Empty | Stage::Welcomed | Stage::Ready) => {
                return Err(self.lost(format!("it said `{said}` before `start`")));
            }
            (ReplicaMessage::Hello(_) | ReplicaMessage::Ready { .. }, _) => {
                return Err(self.lost(format!("it said `{said}` twice")));
            }
            (ReplicaMessage::Pong(_), Stage::Empty | Stage::Started) => {
                return Err(self.lost("it said `pong`, and nobody had asked"));
            }
            (_, Stage::Done) => return Err(self.lost(format!("it said `{said}` after its last word"))),
            (_, Stage::Empty) => {}
        }
        Ok(None)
    }

    /// Its connection is over; whether that is a loss.
    pub(super) fn close(&mut self) -> bool {
        self.writer = None;
        self.stage != Stage::Done && self.record.failure.is_none()
    }

    /// The reason that it was lost so.
    pub(super) fn lost(&self, how: impl Into<String>) -> Reason {
        Reason::ReplicaLost { replica: self.record.index, how: how.into() }
    }

    fn sound(&self, figures: Result<(), String>) -> Result<(), Reason> {
        figures.map_err(|what| self.lost(what))
    }
}

const fn order(phase: Phase) -> u8 {
    match phase {
        Phase::WarmUp => 0,
        Phase::Window => 1,
        Phase::Drain => 2,
    }
}

/// Whether a tick tells of a time before that of another one of the same phase, or counts less.
const fn is_before(tick: &Tick, other: &Tick) -> bool {
    tick.elapsed_ns < other.elapsed_ns
        || tick.counts.successes < other.counts.successes
        || tick.received_bytes < other.received_bytes
}

const fn name_of(message: &ReplicaMessage) -> &'static str {
    match message {
        ReplicaMessage::Hello(_) => "hello",
        ReplicaMessage::Pong(_) => "pong",
        ReplicaMessage::Ready { .. } => "ready",
        ReplicaMessage::Failed { .. } => "failed",
        ReplicaMessage::Tick(_) => "tick",
        ReplicaMessage::Result(_) => "result",
    }
}
