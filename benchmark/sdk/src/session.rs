//! The connection to the coordinator: plain blocking TCP, so that no HTTP library and no runtime is in the measured process
//! but the one that is measured.

use std::fmt;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::{process, thread};

use benchmark_protocol::message::{CoordinatorMessage, Hello, MAX_MESSAGE_BYTES, Pong, ReplicaMessage, VERSION};

use crate::clock::now_ns;
use crate::load::Load;
use crate::measured::Program;
use crate::options::Options;

/// The exit code of a replica whose coordinator went away.
const ORPHANED: i32 = 5;

/// An open connection to the coordinator.
#[derive(Debug)]
pub(crate) struct Session {
    writer: Arc<Mutex<TcpStream>>,
    messages: Mutex<Receiver<CoordinatorMessage>>,
    stop: Arc<Stop>,
}

/// The end of the load before its time. It may be asked for before there is a load.
#[derive(Default)]
struct Stop {
    asked: AtomicBool,
    obey: OnceLock<Box<dyn Fn() + Send + Sync>>,
}

impl Stop {
    /// The coordinator says `stop`.
    fn ask(&self) {
        self.asked.store(true, Ordering::SeqCst);
        if let Some(obey) = self.obey.get() {
            obey();
        }
    }

    /// There is something to stop. Asked for on both sides of this, it may be told twice, and is never missed.
    fn obey(&self, obey: impl Fn() + Send + Sync + 'static) {
        if self.obey.set(Box::new(obey)).is_ok()
            && self.asked.load(Ordering::SeqCst)
            && let Some(obey) = self.obey.get()
        {
            obey();
        }
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stop").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects where the options name a coordinator, and says hello.
    pub(crate) fn connect(options: &Options, program: &Program) -> io::Result<Option<Self>> {
        let Some(address) = &options.coordinator else { return Ok(None) };
        let writer = TcpStream::connect(address)
            .map_err(|error| io::Error::new(error.kind(), format!("no coordinator at `{address}`: {error}")))?;
        writer.set_nodelay(true)?;
        let reader = BufReader::new(writer.try_clone()?);
        let (sender, messages) = channel();
        let stop = Arc::new(Stop::default());
        let writer = Arc::new(Mutex::new(writer));
        let session = Self { writer: Arc::clone(&writer), messages: Mutex::new(messages), stop: Arc::clone(&stop) };
        thread::spawn(move || listen(reader, &writer, &sender, &stop));
        session.send(&ReplicaMessage::Hello(Hello {
            protocol: VERSION,
            token: options.token.clone().unwrap_or_default(),
            run_id: options.run_id.clone().unwrap_or_default(),
            library: program.library.to_owned(),
            library_version: program.version.to_owned(),
            test: options.test.name().to_owned(),
            host_name: host_name(),
            pid: process::id(),
            replica: options.replica,
            options: options.understood(),
        }))?;
        Ok(Some(session))
    }

    /// Sends one message.
    pub(crate) fn send(&self, message: &ReplicaMessage) -> io::Result<()> {
        write(&mut self.writer.lock().unwrap_or_else(PoisonError::into_inner), message)
    }

    /// Waits for the next message; a coordinator that goes away ends the process instead.
    pub(crate) fn receive(&self) -> io::Result<CoordinatorMessage> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .map_err(|_| io::ErrorKind::ConnectionAborted.into())
    }

    /// The load to end early when the coordinator says `stop`, or has said so already.
    pub(crate) fn stops(&self, load: &Arc<Load>) {
        let load = Arc::clone(load);
        self.stop.obey(move || load.stop());
    }
}

fn write(writer: &mut TcpStream, message: &ReplicaMessage) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    writer.write_all(&line)
}

/// Tells what the clock says, whatever else the replica is at: how far off it may be is half of the time that this takes.
fn answer(number: u32, writer: &Mutex<TcpStream>) {
    let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
    // A coordinator that is gone is read of next.
    let _ = write(&mut writer, &ReplicaMessage::Pong(Pong { number, clock_ns: now_ns() }));
}

/// Reads messages until `bye`. A closed connection means that the harness is gone: a replica never outlives it.
fn listen(
    mut reader: BufReader<TcpStream>,
    writer: &Mutex<TcpStream>,
    sender: &Sender<CoordinatorMessage>,
    stop: &Stop,
) {
    let mut line = String::new();
    loop {
        line.clear();
        let message = match read_line(&mut reader, &mut line) {
            Ok(true) => {
                serde_json::from_str(&line).map_err(|error| format!("unreadable message `{}`: {error}", line.trim()))
            }
            Ok(false) => Err("the coordinator closed the connection".to_owned()),
            Err(error) => Err(format!("the coordinator is gone: {error}")),
        };
        match message {
            Ok(CoordinatorMessage::Stop) => stop.ask(),
            Ok(CoordinatorMessage::Ping { number }) => answer(number, writer),
            Ok(message) => {
                let last = matches!(message, CoordinatorMessage::Bye | CoordinatorMessage::Reject { .. });
                if sender.send(message).is_err() || last {
                    return;
                }
            }
            Err(reason) => {
                // Whoever read this may be gone too: a broken pipe must not keep the process alive.
                let _ = writeln!(io::stderr(), "{reason}");
                process::exit(ORPHANED);
            }
        }
    }
}

fn read_line(reader: &mut BufReader<TcpStream>, line: &mut String) -> io::Result<bool> {
    let read = io::Read::take(reader, MAX_MESSAGE_BYTES as u64).read_line(line)?;
    Ok(read > 0 && line.ends_with('\n'))
}

fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .map_or_else(|_| "unknown".into(), |name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::atomic::AtomicU32;
    use std::thread::JoinHandle;

    use super::*;

    /// A listening thread, and the coordinator's end of its connection.
    fn listening() -> (TcpStream, Receiver<CoordinatorMessage>, Arc<Stop>, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let coordinator = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let (sender, messages) = channel();
        let stop = Arc::new(Stop::default());
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            let writer = Mutex::new(stream.try_clone().unwrap());
            move || listen(BufReader::new(stream), &writer, &sender, &stop)
        });
        (coordinator, messages, stop, thread)
    }

    /// What the listening thread makes of these lines; how often it obeyed where there is a load only after them.
    fn stops_after(lines: &str) -> u32 {
        let (mut coordinator, messages, stop, thread) = listening();
        coordinator.write_all(lines.as_bytes()).unwrap();
        assert_eq!(messages.recv().unwrap(), CoordinatorMessage::Start { at_ns: 1 });
        let stopped = Arc::new(AtomicU32::new(0));
        stop.obey({
            let stopped = Arc::clone(&stopped);
            move || {
                stopped.fetch_add(1, Ordering::SeqCst);
            }
        });
        coordinator.write_all(b"{\"type\":\"bye\"}\n").unwrap();
        thread.join().unwrap();
        stopped.load(Ordering::SeqCst)
    }

    #[test]
    fn a_stop_that_comes_before_the_load_ends_it_as_soon_as_there_is_one() {
        assert_eq!(stops_after("{\"type\":\"start\",\"at_ns\":1}\n"), 0);
        assert_eq!(stops_after("{\"type\":\"stop\"}\n{\"type\":\"start\",\"at_ns\":1}\n"), 1);
    }

    #[test]
    fn a_ping_is_answered_with_the_clock_while_nobody_receives() {
        let (mut coordinator, messages, _, thread) = listening();
        let mut lines = BufReader::new(coordinator.try_clone().unwrap()).lines();
        for number in 0..3 {
            let before_ns = now_ns();
            writeln!(coordinator, r#"{{"type":"ping","number":{number}}}"#).unwrap();
            let answer = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
            let ReplicaMessage::Pong(pong) = answer else { panic!("{answer:?}") };
            assert_eq!(pong.number, number);
            assert!((before_ns..=now_ns()).contains(&pong.clock_ns), "{pong:?}");
        }
        coordinator.write_all(b"{\"type\":\"bye\"}\n").unwrap();
        thread.join().unwrap();
        assert_eq!(messages.try_iter().collect::<Vec<_>>(), [CoordinatorMessage::Bye]);
    }
}
