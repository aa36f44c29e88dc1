//! The way of one run: gather, start, listen, dismiss.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use benchmark_origin::clock::now_ns;
use benchmark_protocol::message::CoordinatorMessage;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::Incoming;
use super::gate::Gate;
use super::hooks::{Hooks, Plateau};
use super::seat::{Seat, Stage};
use super::seats::Seats;
use super::understood::differences;
use super::{Coordinator, Expected, limits, timeouts};
use crate::run::abandoned::unless_abandoned;
use crate::run::{Reason, Replica};
use crate::runner::{Exit, News, Replicas};

/// Messages of all replicas that may wait to be heard.
const QUEUE: usize = 64;

/// What came of a run.
#[derive(Debug)]
pub struct Conducted {
    /// Every replica, by index.
    pub replicas: Vec<Replica>,
    /// Why the run ended before its time; empty where it did not.
    pub reasons: Vec<Reason>,
    /// Whether a signal ended it.
    pub interrupted: bool,
    /// For how long the kernel held the replicas back at their CPU limit, in seconds over all of them.
    pub throttled_seconds: Option<f64>,
}

/// Conducts one run to its end. Replicas may be left that have not ended by then.
pub async fn conduct(
    coordinator: &Coordinator,
    expected: &Expected,
    replicas: &mut impl Replicas,
    hooks: &mut impl Hooks,
    interrupts: &mut watch::Receiver<u32>,
) -> Conducted {
    let (sender, incoming) = channel(QUEUE);
    let expected = Arc::new(expected.clone());
    let mut session = Session {
        gate: Gate::new(Arc::clone(&expected), sender),
        seats: Seats::new(expected.replicas),
        expected,
        incoming,
        reasons: Vec::new(),
        ready_by: Instant::now() + timeouts::READY,
        stopping: None,
        started: None,
        happened_late: 0,
        news_over: false,
        throttled_seconds: None,
    };
    let mut world = World { coordinator, replicas, hooks, interrupts };
    let abandoned = session.run(&mut world).await.is_err();
    Conducted {
        replicas: session.seats.into_records(world.replicas),
        reasons: session.reasons,
        throttled_seconds: session.throttled_seconds,
        interrupted: abandoned || session.stopping.is_some(),
    }
}

/// Everything around a session.
struct World<'a, R, H> {
    coordinator: &'a Coordinator,
    replicas: &'a mut R,
    hooks: &'a mut H,
    interrupts: &'a mut watch::Receiver<u32>,
}

/// A second signal: leave at once.
struct Abandoned;

struct Session {
    expected: Arc<Expected>,
    gate: Gate,
    incoming: Receiver<Incoming>,
    seats: Seats,
    reasons: Vec<Reason>,
    /// When all have to be ready.
    ready_by: Instant,
    /// Since when the run is being stopped by a signal.
    stopping: Option<Instant>,
    /// When the load began.
    started: Option<Instant>,
    /// What happened since a deadline passed.
    happened_late: u32,
    news_over: bool,
    throttled_seconds: Option<f64>,
}

/// One thing that happened.
enum Happening {
    Accepted(TcpStream),
    Incoming(Incoming),
    News(Option<News>),
    Interrupt(u32),
    Listed,
    Deadline,
}

impl Session {
    async fn run(&mut self, world: &mut World<'_, impl Replicas, impl Hooks>) -> Result<(), Abandoned> {
        let ready = |seats: &Seats| seats.all(Seat::is_ready);
        if !self.listen(world, ready).await? || !self.is_understood() || !self.settle(Plateau::Idle, world).await? {
            return Ok(());
        }
        // Nothing is constructed any more that would delay an answer, and clocks have drifted apart since they were measured.
        self.seats.iter_mut().for_each(Seat::measure_clock);
        if !self.listen(world, ready).await? {
            return Ok(());
        }
        let started = unless_abandoned(&*world.interrupts, self.start(world.hooks)).await;
        if let Err(error) = started.ok_or(Abandoned)? {
            self.reasons.push(Reason::Origin { error: format!("{error:#}") });
            return Ok(());
        }
        let done = |seats: &Seats| seats.all(|seat| seat.record.result.is_some());
        if self.listen(world, done).await? && self.settle(Plateau::Final, world).await? {
            self.dismiss(world).await;
        }
        Ok(())
    }

    /// Listens until this holds of the seats. Whether the run goes on.
    async fn listen(
        &mut self,
        world: &mut World<'_, impl Replicas, impl Hooks>,
        until: impl Fn(&Seats) -> bool,
    ) -> Result<bool, Abandoned> {
        while !until(&self.seats) {
            let deadline = self.deadline();
            match self.next(world, deadline).await {
                Happening::Deadline => self.overdue(),
                happening => self.handle(happening, world)?,
            }
            // Who has begun hands over what there is, also where a signal ends it.
            if !self.reasons.is_empty() || (self.stopping.is_some() && self.started.is_none()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether all replicas understood what was asked of them.
    fn is_understood(&mut self) -> bool {
        let all = self.seats.iter().flat_map(|seat| differences(&self.expected.options, &seat.options));
        all.collect::<Vec<_>>().into_iter().for_each(|reason| self.add_reason(reason));
        self.reasons.is_empty()
    }

    /// Waits for whoever watches the replicas from outside. Whether the run goes on.
    async fn settle(
        &mut self,
        plateau: Plateau,
        world: &mut World<'_, impl Replicas, impl Hooks>,
    ) -> Result<bool, Abandoned> {
        let mut settled = world.hooks.settled(plateau);
        loop {
            let deadline = self.closed_deadline().unwrap_or_else(|| Instant::now() + timeouts::SILENCE);
            let happening = tokio::select! {
                biased;
                () = &mut settled => return Ok(true),
                happening = self.next(world, deadline) => happening,
            };
            match happening {
                Happening::Deadline => self.give_up_on_closed(),
                happening => self.handle(happening, world)?,
            }
            if !self.reasons.is_empty() || self.stopping.is_some() {
                // The results are in: no reason not to dismiss them who gave them.
                return Ok(plateau == Plateau::Final);
            }
        }
    }

    /// What happens next. Signals come first. Counters and results come before the news of an end: a replica may have left right
    /// after its last word. Strangers come last, and nobody holds up a deadline.
    async fn next(&mut self, world: &mut World<'_, impl Replicas, impl Hooks>, deadline: Instant) -> Happening {
        self.happened_late = if Instant::now() < deadline { 0 } else { self.happened_late + 1 };
        if self.happened_late > limits::BEFORE_A_DEADLINE {
            self.happened_late = 0;
            return Happening::Deadline;
        }
        let listed = Instant::now() + timeouts::LISTED;
        tokio::select! {
            biased;
            Ok(()) = world.interrupts.changed() => Happening::Interrupt(*world.interrupts.borrow()),
            Some(incoming) = self.incoming.recv() => Happening::Incoming(incoming),
            news = world.replicas.news().recv(), if !self.news_over => Happening::News(news),
            () = sleep_until(listed), if self.seats.has_unlisted() => Happening::Listed,
            stream = world.coordinator.accept() => Happening::Accepted(stream),
            () = sleep_until(deadline) => Happening::Deadline,
        }
    }

    fn handle(
        &mut self,
        happening: Happening,
        world: &mut World<'_, impl Replicas, impl Hooks>,
    ) -> Result<(), Abandoned> {
        match happening {
            Happening::Accepted(stream) => self.gate.open(stream),
            Happening::Incoming(incoming) => self.hear(incoming, world),
            Happening::News(Some(News::Ended(exit))) => self.ended(exit),
            Happening::News(Some(News::Failed(error))) => self.add_reason(Reason::Runner { error }),
            Happening::News(None) => self.news_over = true,
            Happening::Interrupt(signals) if signals > 1 => return Err(Abandoned),
            Happening::Interrupt(_) => {
                self.stopping = Some(Instant::now());
                self.seats.send(&CoordinatorMessage::Stop);
            }
            Happening::Listed | Happening::Deadline => {}
        }
        if self.seats.has_unlisted() {
            self.seats.admit_listed(&self.expected, world.replicas);
        }
        Ok(())
    }

    fn hear(&mut self, incoming: Incoming, world: &mut World<'_, impl Replicas, impl Hooks>) {
        match incoming {
            Incoming::Hello(arrival) => self.seats.admit(arrival, &self.expected, world.replicas),
            Incoming::Message { connection, message, heard_ns } => {
                let Some(seat) = self.seats.of(connection) else { return };
                let replica = seat.record.index;
                match seat.hear(message, heard_ns) {
                    Ok(Some(tick)) => world.hooks.ticked(replica, &tick),
                    Ok(None) => {}
                    Err(reason) => self.add_reason(reason),
                }
            }
            Incoming::Closed { connection, reason } => {
                let Some(seat) = self.seats.of(connection) else { return self.seats.forget(connection) };
                if !seat.close() {
                    return;
                }
                // How the process ended says more than that it closed its connection: its exit is waited for.
                match reason {
                    Some(how) => {
                        let reason = seat.lost(how);
                        self.add_reason(reason);
                    }
                    None => seat.closed = Some(Instant::now()),
                }
            }
        }
    }

    /// A replica ended: before its result that is a loss.
    fn ended(&mut self, exit: Exit) {
        let Some(seat) = self.seats.named(&exit.replica) else { return };
        if seat.stage == Stage::Done || seat.record.failure.is_some() {
            return;
        }
        let how = exit.failure.unwrap_or_else(|| "it ended without a result".to_owned());
        let said = last_word(&exit.stderr).map(|line| format!(" ({line})")).unwrap_or_default();
        let reason = seat.lost(format!("{how}{said}"));
        seat.record.failure = Some(if exit.stderr.is_empty() { how } else { format!("{how}\n{}", exit.stderr) });
        seat.closed = None;
        self.add_reason(reason);
    }

    fn add_reason(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    /// Names the instant to everybody: the hooks first, so that nothing is asked of an origin that has not been told. Where that took
    /// too long for the replicas to be told in time, a later instant is named.
    async fn start(&mut self, hooks: &mut impl Hooks) -> Result<()> {
        let warm_up_ns = self.expected.warm_up.as_nanos() as u64;
        let mut lead = timeouts::START_LEAD;
        for _ in 0..limits::STARTS {
            let start_ns = now_ns() + lead.as_nanos() as u64;
            hooks.begin(start_ns, start_ns + warm_up_ns).await?;
            let left = Duration::from_nanos(start_ns.saturating_sub(now_ns()));
            if left >= lead / 2 {
                self.seats.iter_mut().for_each(|seat| seat.start(start_ns));
                self.started = Some(Instant::now() + left);
                return Ok(());
            }
            lead *= 2;
        }
        bail!("it could not be told of a start that was not past by then, {} times", limits::STARTS)
    }

    /// The next moment at which somebody is too late.
    fn deadline(&self) -> Instant {
        let now = Instant::now();
        let phase = match self.started {
            None => {
                let measured = self.seats.iter().filter_map(Seat::measured_since).map(|since| since + timeouts::PONGS);
                measured.chain(self.seats.any(Seat::is_expected).then_some(self.ready_by)).min()
            }
            Some(_) => {
                let silence = self.seats.running().map(|seat| seat.heard + timeouts::SILENCE).min();
                silence.into_iter().chain(self.result_deadline()).min()
            }
        };
        phase.into_iter().chain(self.closed_deadline()).min().unwrap_or(now + timeouts::SILENCE)
    }

    fn result_deadline(&self) -> Option<Instant> {
        let expected = &self.expected;
        let whole = expected.longest.map(|longest| expected.warm_up + longest + timeouts::RESULT);
        let planned = self.started.zip(whole).map(|(started, whole)| started + whole);
        let stopped = self.stopping.map(|since| since + timeouts::RESULT);
        planned.into_iter().chain(stopped).min()
    }

    /// When the news of how a replica ended that closed its connection is waited for no longer.
    fn closed_deadline(&self) -> Option<Instant> {
        self.seats.iter().filter_map(|seat| seat.closed).map(|since| since + timeouts::NEWS).min()
    }

    /// Somebody is too late: those whose time it was are the reason.
    fn overdue(&mut self) {
        let now = Instant::now();
        if self.closed_deadline().is_some_and(|deadline| deadline <= now) {
            self.give_up_on_closed();
        } else if self.started.is_none() {
            let unmeasured = |seat: &Seat| seat.measured_since().is_some_and(|since| since + timeouts::PONGS <= now);
            let replicas = self.seats.which(unmeasured);
            if replicas.is_empty() {
                let replicas = self.seats.which(Seat::is_expected);
                self.add_reason(Reason::NotReady { replicas, within_s: timeouts::READY.as_secs() });
            } else {
                self.add_reason(Reason::NoPong { replicas, within_s: timeouts::PONGS.as_secs() });
            }
        } else if self.result_deadline().is_some_and(|deadline| deadline <= now) {
            let replicas = self.seats.which(|seat| seat.record.result.is_none());
            self.add_reason(Reason::NoResult { replicas, within_s: timeouts::RESULT.as_secs() });
        } else {
            let silent = |seat: &Seat| seat.stage != Stage::Done && seat.heard + timeouts::SILENCE <= now;
            let replicas = self.seats.which(silent);
            self.add_reason(Reason::Hung { replicas, within_s: timeouts::SILENCE.as_secs() });
        }
    }

    fn give_up_on_closed(&mut self) {
        let now = Instant::now();
        let late = |seat: &&mut Seat| seat.closed.is_some_and(|since| since + timeouts::NEWS <= now);
        let reasons: Vec<Reason> = self
            .seats
            .iter_mut()
            .filter(late)
            .map(|seat| {
                seat.closed = None;
                seat.lost("it closed its connection")
            })
            .collect();
        reasons.into_iter().for_each(|reason| self.add_reason(reason));
    }

    /// Says bye, and waits until all have left.
    async fn dismiss(&mut self, world: &mut World<'_, impl Replicas, impl Hooks>) {
        // A container that has ended has no counters any more.
        self.throttled_seconds = world.replicas.throttled_seconds();
        self.seats.send(&CoordinatorMessage::Bye);
        let all_gone = async { while world.replicas.news().recv().await.is_some() {} };
        tokio::select! {
            _ = timeout(timeouts::EXIT, all_gone) => {}
            _ = world.interrupts.changed() => {}
        }
    }
}

/// What a program said last of why it ended: its error, where it names one, and not the advice that comes below it.
fn last_word(stderr: &str) -> Option<&str> {
    let names_error = |line: &&str| line.starts_with("error: ");
    stderr.lines().rfind(names_error).or_else(|| stderr.lines().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_goes_before_the_advice_below_it() {
        let usage = "a warning\nerror: invalid value 'abc' for '--requests <REQUESTS>': invalid digit found in string\n\n\
                     For more information, try '--help'.";
        let word = "error: invalid value 'abc' for '--requests <REQUESTS>': invalid digit found in string";
        assert_eq!(last_word(usage), Some(word));
        assert_eq!(last_word("thread 'main' panicked at a.rs:1:1:\nthe end"), Some("the end"));
        assert_eq!(last_word(""), None);
    }
}
