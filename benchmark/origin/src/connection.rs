//! The fast path: a keep-alive loop that answers plain requests with one read and one vectored write each.
//!
//! Between the two there is no allocation, no lock and no clock for what is read. What is not plain goes, with the bytes already
//! read, to hyper and stays there; so does what is put and is not what the run's test puts.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use tokio::net::TcpStream;

use crate::answer;
use crate::close;
use crate::faults::{Fate, Passage, wait};
use crate::handover;
use crate::head::{self, Head, Method, Plain};
use crate::reply::Reply;
use crate::run::{Run, Seat, UnderWay};
use crate::send::send;
use crate::taken::Taken;
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
                    let Some(taken) = taken(&plain, &mut places, &worker) else {
                        let read = Bytes::copy_from_slice(&buffer[start..end]);
                        drop((buffer, out));
                        return Box::pin(handover::serve(stream, read, places.seat, worker, busy)).await;
                    };
                    let here = (end - start - length).min(usize::try_from(plain.sends).unwrap_or(usize::MAX));
                    let body = taken.map(|taken| Body { taken, here: &buffer[start + length..][..here] });
                    busy.set(true);
                    let next = respond(&mut stream, (&plain, body), &mut places, &mut out, &worker).await;
                    busy.set(false);
                    start += length + here;
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

/// A body that is compared as it comes, and as much of it as was read with its head.
struct Body<'b> {
    taken: Taken,
    here: &'b [u8],
}

/// The body of a request, where it has one; `None` where hyper is to see to it.
fn taken(plain: &Plain<'_>, places: &mut Places, worker: &Worker) -> Option<Option<Taken>> {
    let is_put = plain.method == Method::Put;
    if !is_put && plain.method != Method::Delete {
        return Some(None);
    }
    let run = places.find(plain.run, worker).filter(|run| !run.contract.signed)?;
    if is_put { Taken::of(run, &plain.seen()).map(Some) } else { Some(None) }
}

async fn respond(
    stream: &mut TcpStream,
    (plain, body): (&Plain<'_>, Option<Body<'_>>),
    places: &mut Places,
    out: &mut Vec<u8>,
    worker: &Worker,
) -> io::Result<Next> {
    let Some(run) = places.find(plain.run, worker) else {
        let reply = answer::no_such_bucket(plain.run);
        return write(stream, reply, plain, None, Fate::Serve, out, worker).await;
    };
    let under_way = UnderWay::begin(&**run, Some(plain.operation()));
    run.check(&plain.seen());
    let counted = Some((&**run, &under_way));
    let delay = answer::delay(plain.delay);
    let passage = match (&run.faults, &delay) {
        (Some(faults), Ok(delay)) => faults.pass(*delay, &run.counters, &worker.timer).await,
        (None, Ok(delay)) if !delay.is_zero() => {
            wait(crate::clock::now_ns(), *delay, &worker.timer).await;
            Passage::FREE
        }
        _ => Passage::FREE,
    };
    // What has no body has no midst either.
    if passage.fate == Fate::Reset && plain.method != Method::Get {
        return Ok(Next::Reset);
    }
    // Read in any case: the next request comes behind it.
    let taken = match body {
        Some(body) => Some(read(stream, body, plain.sends, worker).await?),
        None => None,
    };
    let reply = match (delay, answer::instead(passage.fate), taken) {
        (Err(refused), ..) => *refused,
        (Ok(_), Some(instead), _) => instead,
        (Ok(_), None, Some(taken)) => taken.answer(run, worker.date()),
        (Ok(_), None, None) if plain.method == Method::Delete => answer::delete(run, plain.key),
        (Ok(_), None, None) => answer::get(run, plain.key, plain.range, false),
    };
    if let (Some(faults), Some(parsed_ns)) = (&run.faults, passage.timed_from_ns) {
        faults.unstalled(&worker.timer).await;
        if passage.fate != Fate::Reset {
            faults.delivered(parsed_ns);
        }
    }
    write(stream, reply, plain, counted, passage.fate, out, worker).await
}

/// Reads a body of this length to its end.
async fn read(stream: &mut TcpStream, body: Body<'_>, length: u64, worker: &Worker) -> io::Result<Taken> {
    let Body { mut taken, here } = body;
    taken.piece(here);
    let mut left = length - here.len() as u64;
    while left > 0 {
        let read = poll_fn(|context| {
            let mut scratch = worker.scratch.borrow_mut();
            let most = scratch.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let mut piece = ReadBuf::new(&mut scratch[..most]);
            ready!(Pin::new(&mut *stream).poll_read(context, &mut piece))?;
            taken.piece(piece.filled());
            Poll::Ready(io::Result::Ok(piece.filled().len()))
        });
        match read.await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => left -= read as u64,
        }
    }
    Ok(taken)
}

async fn write(
    stream: &mut TcpStream,
    mut reply: Reply,
    plain: &Plain<'_>,
    counted: Option<(&Run, &UnderWay<&Run>)>,
    fate: Fate,
    out: &mut Vec<u8>,
    worker: &Worker,
) -> io::Result<Next> {
    reply.head_only = plain.method == Method::Head;
    reply.close = plain.close;
    out.clear();
    reply.write_head(worker.date().as_bytes(), out);
    let mut end = reply.sends();
    let cut = matches!(fate, Fate::Truncate | Fate::Reset);
    if cut {
        if end == 0 {
            out.truncate(answer::CUT_HEAD as usize);
        }
        end = answer::half(end);
    }
    let faults = counted.and_then(|(run, _)| run.faults.as_ref());
    send(stream, out, &reply.payload, end, faults, &worker.timer).await?;
    if cut {
        return Ok(if fate == Fate::Reset { Next::Reset } else { Next::Orderly });
    }
    if let Some((_, under_way)) = counted {
        under_way.answer(reply.answered());
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
    reply.write_head(worker.date().as_bytes(), out);
    send(stream, out, &reply.payload, reply.sends(), None, &worker.timer).await
}
