//! The coordinator against replicas that are not what they should be, over real sockets.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use benchmark::run::coordinator::{Conducted, Coordinator, Expected, Hooks, conduct};
use benchmark::runner::{News, Replicas};
use benchmark_protocol::message::{MAX_MESSAGE_BYTES, Tick};
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::watch;

/// Replicas that are played by threads of the test: nobody exits.
struct Played {
    news: Receiver<News>,
    _open: Sender<News>,
}

impl Replicas for Played {
    fn news(&mut self) -> &mut Receiver<News> {
        &mut self.news
    }

    fn container_id(&self, _: &str) -> Option<String> {
        None
    }

    async fn remove(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}

struct Deaf;

impl Hooks for Deaf {
    async fn begin(&mut self, _: u64, _: u64) -> anyhow::Result<()> {
        Ok(())
    }

    fn ticked(&mut self, _: u32, _: &Tick) {}
}

/// Conducts a run of `replicas` that `play` plays, and returns how it ended.
fn conducted<T: Send + 'static>(replicas: u32, play: impl FnOnce(SocketAddr) -> T + Send + 'static) -> (Conducted, T) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let loopback = Ipv4Addr::LOCALHOST.into();
        let coordinator = Coordinator::bind(loopback, None, loopback).await.unwrap();
        let address = coordinator.address().parse().unwrap();
        let player = thread::spawn(move || play(address));
        let expected = Expected {
            run_id: "run".into(),
            token: "secret".into(),
            library: "reqwest".into(),
            test: "fetch_range".into(),
            replicas,
            seed: 1,
            objects: vec![],
            warm_up: Duration::ZERO,
            longest: Some(Duration::from_secs(1)),
        };
        let (sender, news) = channel(1);
        let (_signals, mut interrupts) = watch::channel(0);
        let mut played = Played { news, _open: sender };
        let conducted = conduct(&coordinator, &expected, &mut played, &mut Deaf, &mut interrupts).await;
        (conducted, player.join().unwrap())
    })
}

fn reasons(conducted: &Conducted) -> Vec<String> {
    conducted.reasons.iter().map(ToString::to_string).collect()
}

/// One connection of a replica.
struct Replica {
    writer: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Replica {
    fn connect(address: SocketAddr) -> Self {
        let writer = TcpStream::connect(address).unwrap();
        Self { reader: BufReader::new(writer.try_clone().unwrap()), writer }
    }

    fn say(&mut self, message: &Value) {
        writeln!(self.writer, "{message}").unwrap();
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }

    /// Says hello, with these fields changed.
    fn hello(address: SocketAddr, changed: &Value) -> (Self, Value) {
        let mut hello = json!({"type": "hello", "protocol": 1, "token": "secret", "run_id": "run", "library": "reqwest",
            "library_version": "1", "test": "fetch_range", "host_name": "host", "pid": 1, "clock_ns": 1});
        for (name, value) in changed.as_object().unwrap() {
            hello[name] = value.clone();
        }
        let mut replica = Self::connect(address);
        replica.say(&hello);
        let answer = replica.hear();
        (replica, answer)
    }
}

#[test]
fn strangers_are_refused_with_a_reason_and_the_run_goes_on() {
    let (conducted, answers) = conducted(1, |address| {
        let mut answers = Vec::new();
        for changed in
            [json!({"protocol": 2}), json!({"token": "guess"}), json!({"run_id": "other"}), json!({"library": "hyper"})]
        {
            answers.push(Replica::hello(address, &changed).1);
        }
        let mut rude = Replica::connect(address);
        rude.say(&json!({"type": "ready", "resources": {}}));
        answers.push(rude.hear());
        let (mut good, welcome) = Replica::hello(address, &json!({}));
        answers.push(Replica::hello(address, &json!({})).1);
        answers.push(Replica::hello(address, &json!({"replica": 7})).1);
        answers.push(welcome);
        good.say(&json!({"type": "failed", "reason": "verify: status 403", "verify": {"attempts": 1, "successes": 0, "success_bytes": 0}}));
        answers
    });
    let reason = |index: usize| answers[index]["reason"].as_str().unwrap_or_default();
    for (index, says) in [
        "protocol version 2 is not 1",
        "wrong token",
        "wrong token",
        "not of hyper fetch_range",
        "",
        "a replica too many: the run has 1",
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(answers[index]["type"], "reject", "{answers:?}");
        assert!(reason(index).contains(says), "{answers:?}");
    }
    assert_eq!(answers[7], json!({"type": "welcome", "replica": 0, "seed": 1}));
    assert_eq!(reasons(&conducted), ["verify: status 403"]);
    assert_eq!(conducted.replicas[0].verify.map(|verify| verify.attempts), Some(1));
}

#[test]
fn a_message_over_the_limit_ends_the_run_with_that_reason() {
    let (conducted, ()) = conducted(1, |address| {
        let (mut replica, _) = Replica::hello(address, &json!({}));
        // The coordinator may stop reading before the end.
        let _ = replica.writer.write_all(&vec![b'x'; MAX_MESSAGE_BYTES + 2]);
    });
    assert_eq!(reasons(&conducted), [format!("replica 0 lost: a message longer than {MAX_MESSAGE_BYTES} bytes")]);
}

#[test]
fn an_unreadable_message_ends_the_run_with_that_reason() {
    let (conducted, ()) = conducted(1, |address| {
        let (mut replica, _) = Replica::hello(address, &json!({}));
        replica.say(&json!({"type": "gossip"}));
        replica.hear();
    });
    let reasons = reasons(&conducted);
    assert!(reasons[0].contains("an unreadable message"), "{reasons:?}");
}

#[test]
fn a_closed_connection_is_a_lost_replica() {
    let (conducted, ()) = conducted(2, |address| {
        let (one, _) = Replica::hello(address, &json!({"replica": 1}));
        let (_other, _) = Replica::hello(address, &json!({"replica": 0}));
        drop(one);
        thread::sleep(Duration::from_millis(1500));
    });
    assert_eq!(reasons(&conducted), ["replica 1 lost: it closed its connection"]);
}
