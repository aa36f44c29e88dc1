//! The fast path: a keep-alive loop that answers plain requests with one read and one vectored write each.
//!
//! Between the two there is no allocation, no lock and no clock. What is not plain goes, with the bytes already read, to
//! hyper and stays there.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use benchmark_protocol::operation::Operation;
use bytes::Bytes;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::answer;
use crate::close;
use crate::faults::{Fate, Passage, wait};
use crate::handover;
use crate::head::{self, Head, Plain};
use crate::reply::Reply;
use crate::run::{Run, Seat, UnderWay};
use crate::send::send;
use crate::worker::Worker;

/// What a connection reads at first, in bytes; heads of this path are a few hundred.
const BUFFER_BYTES: usize = 4096;

/// How a connection goes on after a response.
enum Next {
    Another,
    Orderly,
    Reset,
}

/// Serves one connection to its end.
pub(crate) async fn serve(mut stream: TcpStream, worker: Rc<Worker>, busy: Rc<Cell<bool>>) {
    let mut buffer = vec![0; BUFFER_BYTES];
    let (mut start, mut end) = (0, 0);
    let mut places = Places::default();
    let mut out = Vec::with_capacity(512);
    let next = loop {
        if start < end {
            match head::parse(&buffer[start..end]) {
                Head::Partial => {}
                Head::Plain(plain, length) => {
                    busy.set(true);
                    let next = respond(&mut stream, &plain, &mut places, &mut out, &worker).await;
                    busy.set(false);
                    start += length;
                    if start == end {
                        (start, end) = (0, 0);
                    }
                    match next {
                        Ok(Next::Another) => continue,
                        Ok(next) => break next,
                        // The client is gone, and with it whoever could be told.
                        Err(_) => return,
                    }
                }
                Head::Other => {
                    let read = Bytes::copy_from_slice(&buffer[start..end]);
                    drop((buffer, out));
                    // Boxed: hyper's and s3s' state would make every plain connection as large.
                    return Box::pin(handover::serve(stream, read, places.seat, worker, busy)).await;
                }
                refused @ (Head::Malformed(_) | Head::TooLarge) => {
                    let _ = refuse(&mut stream, &refused, &mut out, &worker).await;
                    break Next::Orderly;
                }
            }
        }
        if end == buffer.len() {
            // The rest of a pipelined request moves to the front; only a longer head needs a longer buffer.
            if start > 0 {
                buffer.copy_within(start..end, 0);
                (start, end) = (0, end - start);
            } else {
                buffer.resize((2 * buffer.len()).min(2 * head::MOST_BYTES), 0);
            }
        }
        // tokio knows after a short read that the socket is empty, and waits without asking it again.
        match stream.read(&mut buffer[end..]).await {
            Ok(0) | Err(_) => return,
            Ok(read) => end += read,
        }
    };
    match next {
        Next::Orderly => close::orderly(stream, &worker.timer).await,
        Next::Reset => close::reset(&stream),
        Next::Another => {}
    }
}

/// The runs of a connection.
#[derive(Default)]
struct Places {
    /// Where it is counted: the run of its first request.
    seat: Option<Seat>,
    /// The run of its last request, so that the next need not look it up.
    last: Option<Arc<Run>>,
}

impl Places {
    fn find(&mut self, name: &str, worker: &Worker) -> Option<&Arc<Run>> {
        let known = self.last.as_ref().is_some_and(|run| run.name == name && !run.is_gone());
        if !known {
            self.last = worker.runs.find(name);
            if let (None, Some(run)) = (&self.seat, &self.last) {
                self.seat = Some(Seat::take(run));
            }
        }
        self.last.as_ref()
    }
}

async fn respond(
    stream: &mut TcpStream,
    plain: &Plain<'_>,
    places: &mut Places,
    out: &mut Vec<u8>,
    worker: &Worker,
) -> io::Result<Next> {
    let Some(run) = places.find(plain.run, worker) else {
        let reply = answer::no_such_bucket(plain.run);
        return write(stream, reply, plain, None, Fate::Serve, out, worker).await;
    };
    let operation = Some(if plain.head_only { Operation::Head } else { Operation::Get });
    let under_way = UnderWay::begin(&**run, operation);
    run.check(operation, plain.key, plain.range, plain.delay);
    let delay = match answer::delay(plain.delay) {
        Ok(delay) => delay,
        Err(reply) => return write(stream, *reply, plain, Some(run), Fate::Serve, out, worker).await,
    };
    let passage = match &run.faults {
        Some(faults) => faults.pass(delay, &run.counters, &worker.timer).await,
        None => {
            if !delay.is_zero() {
                wait(crate::clock::now_ns(), delay, &worker.timer).await;
            }
            Passage::FREE
        }
    };
    let next = match passage.fate {
        Fate::Reset => Ok(Next::Reset),
        fate => {
            let reply = answer::instead(fate).unwrap_or_else(|| answer::get(run, plain.key, plain.range, false));
            if let (Some(faults), Some(parsed_ns)) = (&run.faults, passage.timed_from_ns) {
                faults.unstalled(&worker.timer).await;
                faults.delivered(parsed_ns);
            }
            write(stream, reply, plain, Some(run), fate, out, worker).await
        }
    };
    drop(under_way);
    next
}

async fn write(
    stream: &mut TcpStream,
    mut reply: Reply,
    plain: &Plain<'_>,
    run: Option<&Arc<Run>>,
    fate: Fate,
    out: &mut Vec<u8>,
    worker: &Worker,
) -> io::Result<Next> {
    reply.head_only = plain.head_only;
    reply.close = plain.close;
    out.clear();
    reply.write_head(&worker.date(), out);
    let mut end = reply.sends();
    let cut = fate == Fate::Truncate;
    if cut {
        if end == 0 {
            out.truncate(answer::CUT_HEAD as usize);
        }
        end = answer::half(end);
    }
    let faults = run.and_then(|run| run.faults.as_ref());
    send(stream, out, &reply.payload, end, faults, &worker.timer).await?;
    if cut {
        return Ok(Next::Orderly);
    }
    if let Some(run) = run {
        run.counters.intact_bytes.fetch_add(reply.intact_bytes(), Relaxed);
    }
    Ok(if reply.close { Next::Orderly } else { Next::Another })
}

/// Answers what is no request, and counts in no run.
async fn refuse(stream: &mut TcpStream, head: &Head<'_>, out: &mut Vec<u8>, worker: &Worker) -> io::Result<()> {
    let mut reply = match head {
        Head::Malformed(error) => Reply::error(400, "BadRequest", &format!("This is not HTTP/1.1: {error}.")),
        _ => Reply::error(431, "RequestHeaderSectionTooLarge", "A head has at most 64 KiB and 100 headers."),
    };
    reply.close = true;
    out.clear();
    reply.write_head(&worker.date(), out);
    send(stream, out, &reply.payload, reply.sends(), None, &worker.timer).await
}
