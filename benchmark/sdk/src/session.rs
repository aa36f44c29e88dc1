//! The connection to the coordinator: plain blocking TCP, so that no HTTP library and no runtime is in the measured process
//! but the one that is measured.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::{process, thread};

use benchmark_protocol::message::{CoordinatorMessage, Hello, MAX_MESSAGE_BYTES, ReplicaMessage, VERSION};

use crate::clock::now_ns;
use crate::load::Load;
use crate::options::Options;
use crate::program::Program;

/// The exit code of a replica whose coordinator went away.
const ORPHANED: i32 = 5;

/// An open connection to the coordinator.
#[derive(Debug)]
pub(crate) struct Session {
    writer: Mutex<TcpStream>,
    messages: Mutex<Receiver<CoordinatorMessage>>,
    stopped: Arc<OnceLock<Arc<Load>>>,
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
        let stopped = Arc::new(OnceLock::<Arc<Load>>::new());
        let session =
            Self { writer: Mutex::new(writer), messages: Mutex::new(messages), stopped: Arc::clone(&stopped) };
        thread::spawn(move || listen(reader, &sender, &stopped));
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
            clock_ns: now_ns(),
        }))?;
        Ok(Some(session))
    }

    /// Sends one message.
    pub(crate) fn send(&self, message: &ReplicaMessage) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).write_all(&line)
    }

    /// Waits for the next message; a coordinator that goes away ends the process instead.
    pub(crate) fn receive(&self) -> io::Result<CoordinatorMessage> {
        self.messages
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv()
            .map_err(|_| io::ErrorKind::ConnectionAborted.into())
    }

    /// The load to end early when the coordinator says `stop`.
    pub(crate) fn stops(&self, load: &Arc<Load>) {
        let _ = self.stopped.set(Arc::clone(load));
    }
}

/// Reads messages until `bye`. A closed connection means that the harness is gone: a replica never outlives it.
fn listen(mut reader: BufReader<TcpStream>, sender: &Sender<CoordinatorMessage>, stopped: &OnceLock<Arc<Load>>) {
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
            Ok(CoordinatorMessage::Stop) => {
                if let Some(load) = stopped.get() {
                    load.stop();
                }
            }
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
