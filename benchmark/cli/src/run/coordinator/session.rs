//! The way of one run: gather, start, listen, dismiss.

use anyhow::Result;
use benchmark_origin::clock::now_ns;
use benchmark_protocol::message::{CoordinatorMessage, Hello, ReplicaMessage, Tick, VERSION};
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::connection::{self, Incoming, Writer};
use super::{Coordinator, Expected, timeouts};
use crate::run::{Reason, Replica};
use crate::runner::{Exit, Identity, News, Replicas};

/// What the coordinator tells others while a run goes on.
pub trait Hooks {
    /// All replicas are ready: warm-up will begin at `start_ns`, the window at `window_ns` (CLOCK_MONOTONIC).
    ///
    /// # Errors
    /// When somebody who must know cannot be told; the run ends.
    fn begin(&mut self, start_ns: u64, window_ns: u64) -> impl Future<Output = Result<()>>;

    /// A replica told its counters.
    fn ticked(&mut self, replica: u32, tick: &Tick);

    /// The replicas do nothing now: what is returned is over as soon as whoever watches them from outside has seen that; at once
    /// where nobody does.
    fn settled(&mut self, _plateau: Plateau) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// When replicas do nothing, and their counters stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plateau {
    /// All are ready, and wait for the start.
    Idle,
    /// All have handed over their results, and wait to be dismissed.
    Final,
}

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
    let (sender, incoming) = channel(1024);
    let mut session = Session {
        expected,
        sender,
        incoming,
        connections: 0,
        seats: (0..expected.replicas).map(Seat::new).collect(),
        reasons: Vec::new(),
        stopping: None,
        started: None,
        news_over: false,
        throttled_seconds: None,
    };
    let interrupted = session.run(coordinator, replicas, hooks, interrupts).await.is_err();
    for seat in &mut session.seats {
        seat.record.container_id = seat.record.host_name.as_deref().and_then(|name| replicas.container_id(name));
    }
    Conducted {
        replicas: session.seats.into_iter().map(|seat| seat.record).collect(),
        reasons: session.reasons,
        throttled_seconds: session.throttled_seconds,
        interrupted: interrupted || session.stopping.is_some(),
    }
}

/// A second signal: leave at once.
struct Abandoned;

struct Session<'a> {
    expected: &'a Expected,
    sender: Sender<Incoming>,
    incoming: Receiver<Incoming>,
    /// Connections so far: the next one's number.
    connections: u64,
    seats: Vec<Seat>,
    reasons: Vec<Reason>,
    /// Since when the run is being stopped by a signal.
    stopping: Option<Instant>,
    /// When the replicas were told to start.
    started: Option<Instant>,
    news_over: bool,
    throttled_seconds: Option<f64>,
}

/// The place of one replica.
struct Seat {
    record: Replica,
    connection: Option<u64>,
    writer: Option<Writer>,
    ready: bool,
    heard: Instant,
}

impl Seat {
    fn new(index: u32) -> Self {
        let record = Replica { index, ..Replica::default() };
        Self { record, connection: None, writer: None, ready: false, heard: Instant::now() }
    }

    async fn send(&mut self, message: &CoordinatorMessage) {
        if let Some(writer) = &mut self.writer {
            writer.send(message).await;
        }
    }
}

/// One thing that happened.
enum Happening {
    Accepted(TcpStream),
    Incoming(Incoming),
    News(Option<News>),
    Interrupt(u32),
    Deadline,
}

impl Session<'_> {
    async fn run(
        &mut self,
        coordinator: &Coordinator,
        replicas: &mut impl Replicas,
        hooks: &mut impl Hooks,
        interrupts: &mut watch::Receiver<u32>,
    ) -> Result<(), Abandoned> {
        let deadline = Instant::now() + timeouts::READY;
        while !self.seats.iter().all(|seat| seat.ready) {
            match self.next(coordinator, replicas, interrupts, deadline).await {
                Happening::Deadline => {
                    let replicas = self.late(|seat| !seat.ready);
                    self.add_reason(Reason::NotReady { replicas, within_s: timeouts::READY.as_secs() });
                }
                happening => self.handle(happening, replicas, hooks).await?,
            }
            if self.over() {
                return Ok(());
            }
        }
        if !self.settle(Plateau::Idle, coordinator, replicas, hooks, interrupts).await? {
            return Ok(());
        }
        if let Err(error) = self.start(hooks).await {
            self.reasons.push(Reason::Origin { error: format!("{error:#}") });
            return Ok(());
        }
        while !self.seats.iter().all(|seat| seat.record.result.is_some()) {
            match self.next(coordinator, replicas, interrupts, self.deadline()).await {
                Happening::Deadline => self.overdue(),
                happening => self.handle(happening, replicas, hooks).await?,
            }
            if !self.reasons.is_empty() {
                return Ok(());
            }
        }
        if self.settle(Plateau::Final, coordinator, replicas, hooks, interrupts).await? {
            self.dismiss(replicas).await;
        }
        Ok(())
    }

    /// Waits for whoever watches the replicas from outside. Whether the run goes on.
    async fn settle(
        &mut self,
        plateau: Plateau,
        coordinator: &Coordinator,
        replicas: &mut impl Replicas,
        hooks: &mut impl Hooks,
        interrupts: &mut watch::Receiver<u32>,
    ) -> Result<bool, Abandoned> {
        let mut settled = hooks.settled(plateau);
        loop {
            let happening = tokio::select! {
                biased;
                () = &mut settled => return Ok(true),
                happening = self.next(coordinator, replicas, interrupts, Instant::now() + timeouts::SILENCE) => happening,
            };
            self.handle(happening, replicas, hooks).await?;
            if self.over() {
                // The results are in: no reason not to dismiss them who gave them.
                return Ok(plateau == Plateau::Final);
            }
        }
    }

    fn over(&self) -> bool {
        !self.reasons.is_empty() || self.stopping.is_some()
    }

    async fn next(
        &mut self,
        coordinator: &Coordinator,
        replicas: &mut impl Replicas,
        interrupts: &mut watch::Receiver<u32>,
        deadline: Instant,
    ) -> Happening {
        tokio::select! {
            // Counters and results first: a replica may have left right after its last word.
            biased;
            Some(incoming) = self.incoming.recv() => Happening::Incoming(incoming),
            Ok((stream, _)) = coordinator.accept() => Happening::Accepted(stream),
            news = replicas.news().recv(), if !self.news_over => Happening::News(news),
            Ok(()) = interrupts.changed() => Happening::Interrupt(*interrupts.borrow()),
            () = sleep_until(deadline) => Happening::Deadline,
        }
    }

    async fn handle(
        &mut self,
        happening: Happening,
        replicas: &mut impl Replicas,
        hooks: &mut impl Hooks,
    ) -> Result<(), Abandoned> {
        match happening {
            Happening::Accepted(stream) => {
                tokio::spawn(connection::read(self.connections, stream, self.sender.clone()));
                self.connections += 1;
            }
            Happening::Incoming(Incoming::Hello { connection, hello, writer }) => {
                self.admit(connection, hello, writer).await;
            }
            Happening::Incoming(Incoming::Message { connection, message }) => {
                if let Some(index) = self.seat_of(connection) {
                    self.hear(index, message, hooks).await;
                }
            }
            Happening::Incoming(Incoming::Closed { connection, reason }) => {
                if let Some(index) = self.seat_of(connection) {
                    self.lose(index, reason, replicas).await;
                }
            }
            Happening::News(Some(News::Ended(exit))) => self.ended(exit),
            Happening::News(Some(News::Failed(error))) => self.add_reason(Reason::Runner { error }),
            Happening::News(None) => self.news_over = true,
            Happening::Interrupt(signals) if signals > 1 => return Err(Abandoned),
            Happening::Interrupt(_) => {
                self.stopping = Some(Instant::now());
                for seat in &mut self.seats {
                    seat.send(&CoordinatorMessage::Stop).await;
                }
            }
            Happening::Deadline => {}
        }
        Ok(())
    }

    fn seat_of(&self, connection: u64) -> Option<usize> {
        self.seats.iter().position(|seat| seat.connection == Some(connection))
    }

    /// Gives a replica its seat, or says why it has none.
    async fn admit(&mut self, connection: u64, hello: Hello, mut writer: Writer) {
        let expected = self.expected;
        if hello.protocol != VERSION {
            return writer.reject(format!("protocol version {} is not {VERSION}", hello.protocol)).await;
        }
        if hello.token != expected.token || hello.run_id != expected.run_id {
            return writer.reject("wrong token for this run").await;
        }
        if (&hello.library, &hello.test) != (&expected.library, &expected.test) {
            let asked = format!("{} {}", expected.library, expected.test);
            return writer.reject(format!("this run is of {asked}, not of {} {}", hello.library, hello.test)).await;
        }
        let free = |seat: &Seat| seat.connection.is_none();
        let index = match hello.replica {
            Some(asked) => self.seats.iter().position(|seat| seat.record.index == asked && free(seat)),
            None => self.seats.iter().position(free),
        };
        let Some(index) = index else {
            return writer.reject(format!("a replica too many: the run has {}", expected.replicas)).await;
        };
        let welcome = CoordinatorMessage::Welcome {
            replica: self.seats[index].record.index,
            seed: expected.seed,
            objects: expected.objects.clone(),
        };
        writer.send(&welcome).await;
        let seat = &mut self.seats[index];
        seat.connection = Some(connection);
        seat.writer = Some(writer);
        seat.heard = Instant::now();
        seat.record.host_name = Some(hello.host_name);
        seat.record.pid = Some(hello.pid);
    }

    async fn hear(&mut self, index: usize, message: ReplicaMessage, hooks: &mut impl Hooks) {
        let seat = &mut self.seats[index];
        seat.heard = Instant::now();
        match message {
            ReplicaMessage::Ready { .. } => seat.ready = true,
            ReplicaMessage::Tick(tick) => {
                hooks.ticked(seat.record.index, &tick);
                seat.record.ticks.push(tick);
            }
            ReplicaMessage::Result(result) => {
                seat.record.result = Some(*result);
                seat.send(&CoordinatorMessage::Ack).await;
            }
            ReplicaMessage::Failed { reason, verify } => {
                seat.record.verify = Some(verify);
                seat.record.failure = Some(reason.clone());
                self.add_reason(reason.into());
            }
            ReplicaMessage::Hello(_) => {
                let index = seat.record.index;
                self.add_reason(Reason::ReplicaLost { replica: index, how: "it said `hello` twice".to_owned() });
            }
        }
    }

    /// A connection ended before its result. How the process ended says more than that, so its exit is waited for.
    async fn lose(&mut self, index: usize, reason: Option<String>, replicas: &mut impl Replicas) {
        self.seats[index].writer = None;
        if self.seats[index].record.result.is_some() || self.seats[index].record.failure.is_some() {
            return;
        }
        let replica = self.seats[index].record.index;
        if let Some(how) = reason {
            return self.add_reason(Reason::ReplicaLost { replica, how });
        }
        let give_up = Instant::now() + timeouts::NEWS;
        while self.seats[index].record.failure.is_none()
            && let Ok(Some(news)) = tokio::time::timeout_at(give_up, replicas.news().recv()).await
        {
            match news {
                News::Ended(exit) => self.ended(exit),
                News::Failed(error) => self.add_reason(Reason::Runner { error }),
            }
        }
        if self.seats[index].record.failure.is_none() {
            self.add_reason(Reason::ReplicaLost { replica, how: "it closed its connection".to_owned() });
        }
    }

    /// A replica ended: before its result that is a loss.
    fn ended(&mut self, exit: Exit) {
        let Some(index) = self.seat_with(&exit.replica) else { return };
        let seat = &mut self.seats[index];
        if seat.record.result.is_some() || seat.record.failure.is_some() {
            return;
        }
        let how = exit.failure.unwrap_or_else(|| "it ended without a result".to_owned());
        let said = exit.stderr.lines().last().map(|line| format!(" ({line})")).unwrap_or_default();
        seat.record.failure =
            Some(if exit.stderr.is_empty() { how.clone() } else { format!("{how}\n{}", exit.stderr) });
        let replica = seat.record.index;
        self.add_reason(Reason::ReplicaLost { replica, how: format!("{how}{said}") });
    }

    /// The seat of a replica that its runner names. One that ended before its `hello` has none: it takes the first empty one.
    fn seat_with(&self, replica: &Identity) -> Option<usize> {
        match replica {
            Identity::Index(index) => self.seats.iter().position(|seat| seat.record.index == *index),
            Identity::HostName(name) => {
                let has_name = |seat: &Seat| seat.record.host_name.as_ref() == Some(name);
                let empty = |seat: &Seat| seat.record.host_name.is_none() && seat.record.failure.is_none();
                self.seats.iter().position(has_name).or_else(|| self.seats.iter().position(empty))
            }
        }
    }

    fn add_reason(&mut self, reason: Reason) {
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn late(&self, late: impl Fn(&Seat) -> bool) -> Vec<u32> {
        self.seats.iter().filter(|seat| late(seat)).map(|seat| seat.record.index).collect()
    }

    /// Names the instant to everybody: the hooks first, so that nothing is asked of an origin that has not been told.
    async fn start(&mut self, hooks: &mut impl Hooks) -> Result<()> {
        let warm_up_ns = self.expected.warm_up.as_nanos() as u64;
        let lead_ns = timeouts::START_LEAD.as_nanos() as u64;
        let start_ns = loop {
            let start_ns = now_ns() + lead_ns;
            hooks.begin(start_ns, start_ns + warm_up_ns).await?;
            if now_ns() + lead_ns / 2 < start_ns {
                break start_ns;
            }
        };
        for seat in &mut self.seats {
            seat.send(&CoordinatorMessage::Start { at_ns: start_ns }).await;
            seat.heard = Instant::now();
        }
        self.started = Some(Instant::now());
        Ok(())
    }

    /// The next moment at which somebody is too late.
    fn deadline(&self) -> Instant {
        let running = self.seats.iter().filter(|seat| seat.record.result.is_none());
        let silence = running.map(|seat| seat.heard + timeouts::SILENCE).min();
        let result = self.result_deadline();
        [silence, result].into_iter().flatten().min().unwrap_or_else(|| Instant::now() + timeouts::SILENCE)
    }

    fn result_deadline(&self) -> Option<Instant> {
        let expected = self.expected;
        let whole = expected.longest.map(|longest| expected.warm_up + longest + timeouts::RESULT);
        let planned = self.started.zip(whole).map(|(started, whole)| started + whole);
        let stopped = self.stopping.map(|since| since + timeouts::RESULT);
        planned.into_iter().chain(stopped).min()
    }

    fn overdue(&mut self) {
        let now = Instant::now();
        if self.result_deadline().is_some_and(|deadline| deadline <= now) {
            let replicas = self.late(|seat| seat.record.result.is_none());
            self.add_reason(Reason::NoResult { replicas, within_s: timeouts::RESULT.as_secs() });
        } else {
            let replicas = self.late(|seat| seat.record.result.is_none() && seat.heard + timeouts::SILENCE <= now);
            self.add_reason(Reason::Hung { replicas, within_s: timeouts::SILENCE.as_secs() });
        }
    }

    /// Says bye, and waits until all have left.
    async fn dismiss(&mut self, replicas: &mut impl Replicas) {
        // A container that has ended has no counters any more.
        self.throttled_seconds = replicas.throttled_seconds();
        for seat in &mut self.seats {
            seat.send(&CoordinatorMessage::Bye).await;
        }
        let _ = timeout(timeouts::EXIT, async { while replicas.news().recv().await.is_some() {} }).await;
    }
}
