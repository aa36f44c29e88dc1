//! The coordinator against replicas that are not what they should be, over real sockets.

mod clocks;
mod floods;
mod seats;
mod start;
mod strangers;
mod turns;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use benchmark::run::coordinator::{Admission, Conducted, Coordinator, Expected, Hooks, conduct};
use benchmark::runner::{News, Replicas};
use benchmark_origin::clock::now_ns;
use benchmark_protocol::message::{Object, Tick};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;

/// Host names that a runner lists, as containers come up.
type Listed = Arc<Mutex<Vec<&'static str>>>;

/// Replicas that are played by threads of the test: nobody exits.
struct Played {
    news: Receiver<News>,
    _open: Sender<News>,
    listed: Listed,
}

impl Replicas for Played {
    fn news(&mut self) -> &mut Receiver<News> {
        &mut self.news
    }

    fn container_id(&self, host_name: &str) -> Option<String> {
        self.listed.lock().unwrap().contains(&host_name).then(|| format!("{host_name}-whole"))
    }

    async fn remove(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

/// An origin that takes its time to be told of the start.
#[derive(Default)]
struct Told {
    /// For each telling how long it takes; the last one for all that follow.
    takes: Vec<Duration>,
    /// The instants that were named.
    starts: Vec<u64>,
}

impl Hooks for Told {
    async fn begin(&mut self, start_ns: u64, _: u64) -> anyhow::Result<()> {
        let takes = self.takes.get(self.starts.len()).or(self.takes.last());
        self.starts.push(start_ns);
        tokio::time::sleep(takes.copied().unwrap_or_default()).await;
        Ok(())
    }

    fn ticked(&mut self, _: u32, _: &Tick) {}
}

/// A run of replicas that are played.
struct Scene {
    expected: Expected,
    listed: Listed,
    takes: Vec<Duration>,
    /// When a signal comes.
    interrupt: Option<Duration>,
}

/// How it ended.
struct Ended {
    conducted: Conducted,
    /// The instants that the origin was told.
    starts: Vec<u64>,
    took: Duration,
}

impl Scene {
    fn of(replicas: u32) -> Self {
        let expected = Expected {
            run_id: "run".into(),
            admission: Admission::Token("secret".into()),
            library: "reqwest".into(),
            test: "fetch_range".into(),
            options: BTreeMap::new(),
            replicas,
            seed: 1,
            objects: Vec::new(),
            ca: None,
            warm_up: Duration::ZERO,
            longest: Some(Duration::from_secs(1)),
        };
        Self { expected, listed: Listed::default(), takes: Vec::new(), interrupt: None }
    }

    /// Replicas that are welcomed with so many objects, each with a key of 10 KB.
    fn with_objects(mut self, number: u64) -> Self {
        self.expected.objects = (0..number).map(|size| Object { key: "k".repeat(10_000), size }).collect();
        self
    }

    /// Conducts the run while `play` plays its replicas.
    fn play<T: Send + 'static>(self, play: impl FnOnce(SocketAddr) -> T + Send + 'static) -> (Ended, T) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (ended, player) = runtime.block_on(async {
            let loopback = Ipv4Addr::LOCALHOST.into();
            let coordinator = Coordinator::bind(loopback, None, loopback).await.unwrap();
            let address = coordinator.address().parse().unwrap();
            let player = thread::spawn(move || play(address));
            let (sender, news) = channel(1);
            let (signals, mut interrupts) = watch::channel(0);
            if let Some(after) = self.interrupt {
                thread::spawn(move || {
                    thread::sleep(after);
                    let _ = signals.send(1);
                });
            }
            let mut played = Played { news, _open: sender, listed: self.listed };
            let mut told = Told { takes: self.takes, ..Told::default() };
            let begun = Instant::now();
            let conducted = conduct(&coordinator, &self.expected, &mut played, &mut told, &mut interrupts).await;
            (Ended { conducted, starts: told.starts, took: begun.elapsed() }, player)
        });
        // Closes every connection that is left.
        drop(runtime);
        (ended, player.join().unwrap())
    }
}

impl Ended {
    fn reasons(&self) -> Vec<String> {
        self.conducted.reasons.iter().map(ToString::to_string).collect()
    }
}

/// One connection of a replica.
struct Replica {
    writer: TcpStream,
    reader: BufReader<TcpStream>,
    /// By how much its clock is ahead of the coordinator's.
    ahead_ns: i64,
}

impl Replica {
    fn connect(address: SocketAddr) -> Self {
        let writer = TcpStream::connect(address).unwrap();
        writer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        writer.set_nodelay(true).unwrap();
        Self { reader: BufReader::new(writer.try_clone().unwrap()), writer, ahead_ns: 0 }
    }

    /// Whoever is not wanted any more may be gone.
    fn say(&mut self, message: &Value) {
        let _ = self.writer.write_all(format!("{message}\n").as_bytes());
    }

    /// The next message, once all pings before it are answered.
    fn hear(&mut self) -> Value {
        loop {
            let message = self.listen();
            if message["type"] != "ping" {
                return message;
            }
            self.say(&pong(&message["number"], self.clock_ns()));
        }
    }

    /// What its clock says.
    fn clock_ns(&self) -> u64 {
        now_ns().checked_add_signed(self.ahead_ns).unwrap()
    }

    /// The next message, be it a ping.
    fn listen(&mut self) -> Value {
        let mut line = String::new();
        let _ = self.reader.read_line(&mut line);
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }

    /// Says hello, with these fields changed, and hears the answer.
    fn hello(address: SocketAddr, changed: &Value) -> (Self, Value) {
        let mut replica = Self::greet(address, changed);
        let answer = replica.hear();
        (replica, answer)
    }

    /// Says hello, with these fields changed.
    fn greet(address: SocketAddr, changed: &Value) -> Self {
        let mut hello = json!({"type": "hello", "protocol": 2, "token": "secret", "run_id": "run", "library": "reqwest",
            "library_version": "1", "test": "fetch_range", "host_name": "host", "pid": 1});
        for (name, value) in changed.as_object().unwrap() {
            hello[name] = value.clone();
        }
        let mut replica = Self::connect(address);
        replica.say(&hello);
        replica
    }

    /// Comes so far that it has heard `start`, which is handed back.
    fn started(address: SocketAddr, changed: &Value) -> (Self, Value) {
        let (mut replica, _) = Self::hello(address, changed);
        replica.say(&ready());
        let start = replica.hear();
        (replica, start)
    }

    /// Waits until the coordinator has closed the connection.
    fn wait(&mut self) {
        while !self.hear().is_null() {}
    }
}

/// A second.
const NS: u64 = 1_000_000_000;

fn resources() -> Value {
    json!({"at_ns": NS, "cpu_user_us": 2, "cpu_system_us": 3, "rss_bytes": 4, "peak_rss_bytes": 5,
        "voluntary_switches": 6, "involuntary_switches": 7})
}

fn counts() -> Value {
    json!({"attempts": 1, "successes": 1, "success_bytes": 1})
}

fn ready() -> Value {
    json!({"type": "ready", "resources": resources()})
}

fn pong(number: &Value, clock_ns: u64) -> Value {
    json!({"type": "pong", "number": number, "clock_ns": clock_ns})
}

fn failed(reason: &str) -> Value {
    json!({"type": "failed", "reason": reason, "verify": counts()})
}

fn tick(phase: &str) -> Value {
    json!({"type": "tick", "phase": phase, "elapsed_ns": 1, "counts": counts(), "received_bytes": 1, "in_flight": 1,
        "resources": resources()})
}

fn result() -> Value {
    let edges =
        json!({"ready": resources(), "window_start": resources(), "window_end": resources(), "drained": resources()});
    json!({"type": "result", "library_version": "1", "threads": 1, "first_request_ns": NS, "window_start_ns": NS,
        "window_end_ns": 2 * NS, "verify": counts(), "warm_up": counts(), "window": counts(), "latency": "",
        "failure_latency": "", "resources": edges})
}

/// A message with one field, given by its path, changed.
fn changed(mut message: Value, path: &str, value: Value) -> Value {
    *message.pointer_mut(path).unwrap() = value;
    message
}
