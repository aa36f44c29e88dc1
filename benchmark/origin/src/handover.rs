//! hyper's path: control requests, the S3 API, and whatever else is not plain.
//!
//! The same faults and the same audit as on the fast path. A connection that came here stays.

use std::cell::Cell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use benchmark_protocol::operation::Operation;
use benchmark_protocol::origin::CONTROL_PREFIX;
use benchmark_protocol::tests::Seen;
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, EXPECT, HeaderMap, RANGE, TRANSFER_ENCODING};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;

use crate::answer;
use crate::close;
use crate::conditions::{self, Outcome};
use crate::control;
use crate::faults::{Fate, Passage, wait};
use crate::head::MOST_BYTES;
use crate::range::{self, Asked};
use crate::reply::{Payload, Reply};
use crate::run::{Run, Seat, UnderWay};
use crate::taken::Taken;
use crate::tracked::{Source, Tracked};
use crate::wire::{Link, Ticket, Wire};
use crate::worker::Worker;

/// What the requests of a connection share.
struct Connection {
    worker: Rc<Worker>,
    link: Rc<Link>,
    seat: Cell<Option<Seat>>,
}

/// Serves a connection of which these bytes were read already.
pub(crate) async fn serve(
    stream: TcpStream,
    read_before: Bytes,
    seat: Option<Seat>,
    worker: Rc<Worker>,
    busy: Rc<Cell<bool>>,
) {
    let link = Rc::new(Link { busy, ..Link::default() });
    let wire = Wire::new(stream, read_before, Rc::clone(&link), worker.timer.clone());
    let connection = Connection { worker: Rc::clone(&worker), link: Rc::clone(&link), seat: Cell::new(seat) };
    let service = service_fn(|request| Box::pin(handle(request, &connection)));
    let mut http = http1::Builder::new()
        // No idle connection is ever closed by us.
        .header_read_timeout(None)
        .max_buf_size(MOST_BYTES)
        .serve_connection(TokioIo::new(wire), service);
    let result = poll_fn(|context| http.poll_without_shutdown(context)).await;
    if let Err(error) = result {
        tracing::debug!("a connection ended: {error}");
    }
    link.busy.set(false);
    let stream = http.into_parts().io.into_inner().into_inner();
    if link.reset.get() {
        close::reset(&stream);
    } else {
        close::orderly(stream, &worker.timer).await;
    }
}

async fn handle(request: Request<Incoming>, connection: &Connection) -> io::Result<Response<Tracked>> {
    let Connection { worker, link, seat } = connection;
    link.busy.set(true);
    let head_only = request.method() == Method::HEAD;
    if expects_in_vain(&request) && link.finished.borrow().is_empty() {
        link.interim.set(b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    if let Some(id) = request.uri().path().strip_prefix(CONTROL_PREFIX) {
        let id = id.to_owned();
        let reply = control::answer(request, &id, &worker.runs).await;
        return Ok(ours(reply, head_only, Ticket::free(None), link));
    }
    let target = Target::of(request.uri());
    let run = worker.runs.find(&target.bucket);
    let Some(run) = run else {
        let ticket = Ticket::free(None);
        if target.bucket.is_empty() {
            return s3(request, head_only, ticket, connection, None).await;
        }
        let open = worker.runs.config.open;
        let reply = crate::s3::not_made(request.method(), request.uri(), &target.bucket, open)
            .unwrap_or_else(|| answer::no_such_bucket(&target.bucket));
        return Ok(ours(reply, head_only, ticket, link));
    };
    seat.set(Some(seat.take().unwrap_or_else(|| Seat::take(&run))));
    link.run.replace(Some(Arc::clone(&run)));
    let operation = Operation::of_request(request.method().as_str(), !target.key.is_empty(), request.uri().query());
    let under_way = Some(UnderWay::begin(Arc::clone(&run), operation));
    let get = Get::of(&request, &target);
    let seen = seen(&request, operation, &target, get.as_ref());
    run.check(&seen);
    let taken = Taken::of(&run, &seen);
    let delay = match answer::delay(target.delay.as_deref()) {
        Ok(delay) => delay,
        Err(reply) => return Ok(ours(*reply, head_only, Ticket::free(under_way), link)),
    };
    let passage = pass(&run, delay, worker).await;
    let fate = passage.fate;
    link.timed_from_ns.set(passage.timed_from_ns.filter(|_| fate != Fate::Reset));
    let ticket = Ticket { passage, ..Ticket::free(under_way) };
    if fate == Fate::Reset {
        link.reset.set(true);
        // What has no body has no midst either.
        if request.method() != Method::GET {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
    }
    if let Some(reply) = answer::instead(fate) {
        // Whoever sends a body is to read the answer, and not that nobody takes it.
        drain(request).await?;
        return Ok(ours(reply, head_only, ticket, link));
    }
    let signed = is_signed(&request);
    let response = match (get, taken) {
        (Some(get), _) if !signed => {
            ours(get.answer(&run, &target.key, request.headers(), false), head_only, ticket, link)
        }
        _ if !signed && run.contract.signed => {
            drain(request).await?;
            ours(answer::access_denied(), head_only, ticket, link)
        }
        (None, Some(taken)) if !signed => {
            let taken = compare(request, taken).await?;
            ours(taken.answer(&run, worker.date()), head_only, ticket, link)
        }
        (get, taken) => {
            let own = match (get, taken) {
                (Some(get), _) => Some(Own::Get(get)),
                (None, Some(taken)) => Some(Own::Put(Arc::new(Mutex::new(Some(taken))))),
                (None, None) => None,
            };
            s3(request, head_only, ticket, connection, own.map(|own| (own, &*run, &*target.key))).await?
        }
    };
    Ok(if matches!(fate, Fate::Truncate | Fate::Reset) { cut(response, link) } else { response })
}

/// What the run's test is to judge.
fn seen<'a>(
    request: &'a Request<Incoming>,
    operation: Option<Operation>,
    target: &'a Target,
    get: Option<&Get>,
) -> Seen<'a> {
    let asked = get.and_then(|get| get.range);
    Seen {
        operation,
        key: &target.key,
        range: match asked {
            Some(Asked::FromTo(first, last)) => Some(first..=last),
            _ => None,
        },
        ranged: asked.is_some(),
        delay: target.delay.as_deref(),
        query: request.uri().query(),
        sends: sends(request.headers()),
    }
}

/// The length of a body that is sent as it is: with its length, without a hash or a checksum of it, and without waiting for leave.
fn sends(headers: &HeaderMap) -> Option<u64> {
    let other = |name: &str| {
        name.starts_with("x-amz-checksum-") || matches!(name, "x-amz-decoded-content-length" | "x-amz-trailer")
    };
    let otherwise = [EXPECT, TRANSFER_ENCODING, CONTENT_ENCODING].iter().any(|name| headers.contains_key(name))
        || headers.contains_key("content-md5")
        || headers.get("x-amz-content-sha256").is_some_and(|hash| hash != "UNSIGNED-PAYLOAD" && hash != EMPTY_BODY)
        || headers.keys().any(|name| other(name.as_str()));
    if otherwise {
        return None;
    }
    headers.get(CONTENT_LENGTH).map_or(Some(0), |length| length.to_str().ok()?.parse().ok())
}

/// The SHA-256 of nothing, which is no more work than a constant.
const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Reads a body to its end, and forgets it.
async fn drain(request: Request<Incoming>) -> io::Result<()> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        frame.map_err(io::Error::other)?;
    }
    Ok(())
}

/// Reads a body to its end, and compares it.
async fn compare(request: Request<Incoming>, mut taken: Taken) -> io::Result<Taken> {
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        if let Some(bytes) = frame.map_err(io::Error::other)?.data_ref() {
            taken.piece(bytes);
        }
    }
    Ok(taken)
}

async fn pass(run: &Run, delay: Duration, worker: &Worker) -> Passage {
    match &run.faults {
        Some(faults) => faults.pass(delay, &run.counters, &worker.timer).await,
        None => {
            wait(crate::clock::now_ns(), delay, &worker.timer).await;
            Passage::FREE
        }
    }
}

/// What is ours to answer, once s3s has judged the signature.
enum Own {
    Get(Get),
    /// Its body is compared on the way, and taken out again at the end.
    Put(Arc<Mutex<Option<Taken>>>),
}

/// Has s3s answer. Of what is ours it judges the signature only; the answer is that of an unsigned request.
async fn s3(
    request: Request<Incoming>,
    head_only: bool,
    mut ticket: Ticket,
    connection: &Connection,
    own: Option<(Own, &Run, &str)>,
) -> io::Result<Response<Tracked>> {
    if let Some(reply) = crate::s3::wrong_region(&request) {
        return Ok(ours(reply, head_only, ticket, &connection.link));
    }
    let mut request = request.map(s3s::Body::from);
    let headers = own.is_some().then(|| request.headers().clone());
    if let Some((own, ..)) = &own {
        let taken = match own {
            Own::Get(_) => None,
            Own::Put(taken) => Some(Arc::clone(taken)),
        };
        request.extensions_mut().insert(crate::s3::SignatureOnly(taken));
    }
    let response = connection.worker.s3.call(request).await.map_err(|error| io::Error::other(format!("{error:?}")))?;
    if let (Some((own, run, key)), Some(headers), StatusCode::NO_CONTENT) = (own, headers, response.status()) {
        let reply = match own {
            Own::Get(get) => get.answer(run, key, &headers, true),
            Own::Put(taken) => {
                let taken = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
                let taken = taken.ok_or_else(|| io::Error::other("a body that was not compared"))?;
                taken.answer(run, connection.worker.date())
            }
        };
        return Ok(ours(reply, head_only, ticket, &connection.link));
    }
    let (mut parts, body) = response.into_parts();
    let source = Source::S3(body);
    ticket.answered.good = parts.status.is_success();
    if let Some(length) = source.length().filter(|_| parts.status != StatusCode::NO_CONTENT) {
        parts.headers.insert(CONTENT_LENGTH, length.into());
        if matches!(parts.status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
            ticket.answered.intact_bytes = length;
        }
    }
    Ok(Response::from_parts(parts, Tracked::new(source, head_only, ticket, &connection.link)))
}

/// Cuts a response in half: its body, or where there is none its head.
fn cut(response: Response<Tracked>, link: &Link) -> Response<Tracked> {
    let length = hyper::body::Body::size_hint(response.body()).exact().unwrap_or(0);
    if response.body().sends_nothing() || length == 0 {
        link.cut_after.set(Some(answer::CUT_HEAD));
        return response;
    }
    response.map(|body| body.cut_at(answer::half(length)))
}

fn ours(mut reply: Reply, head_only: bool, mut ticket: Ticket, link: &Rc<Link>) -> Response<Tracked> {
    reply.head_only = head_only;
    ticket.answered = reply.answered();
    let headers = reply.headers();
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Tracked::new(Source::Ours(reply.payload), head_only, ticket, link));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// What a path and its query name.
struct Target {
    bucket: String,
    key: String,
    delay: Option<String>,
    /// Whether the query leaves a GET what it is: no subresource is asked for.
    plain: bool,
}

impl Target {
    fn of(uri: &Uri) -> Self {
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let path = uri.path().strip_prefix('/').unwrap_or(uri.path());
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let mut target = Self { bucket: decoded(bucket), key: decoded(key), delay: None, plain: true };
        for pair in uri.query().into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name == "delay" {
                target.delay = Some(decoded(value));
            } else if !is_harmless(name) {
                target.plain = false;
            }
        }
        target
    }
}

/// Whether a parameter of the query leaves a GET of an object what it is.
fn is_harmless(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("x-amz-")
        || lower.starts_with("response-")
        || matches!(&*lower, "x-id" | "versionid" | "awsaccesskeyid" | "signature" | "expires")
}

/// A GET or HEAD of an object or a document, signed or not.
struct Get {
    range: Option<Asked>,
}

impl Get {
    fn of(request: &Request<Incoming>, target: &Target) -> Option<Self> {
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        (is_get && target.plain && !target.key.is_empty()).then(|| {
            let mut ranges = request.headers().get_all(RANGE).iter();
            let range = ranges.next().filter(|_| ranges.next().is_none());
            Self { range: range.and_then(|range| range::parse(range.as_bytes())) }
        })
    }

    fn answer(&self, run: &Run, key: &str, headers: &HeaderMap, signed: bool) -> Reply {
        let found = if run.contract.signed && !signed { None } else { run.find(key) };
        let range = match found.as_ref().map(|object| (object, conditions::judge(headers, object))) {
            Some((object, Outcome::NotModified)) => {
                let mut reply = Reply::new(304, object.metadata.content_type.clone(), Payload::EMPTY);
                reply.object = Some((object.etag, object.modified));
                return reply;
            }
            Some((_, Outcome::Failed)) => {
                return Reply::error(412, "PreconditionFailed", "A condition of the request does not hold.");
            }
            Some((_, Outcome::Go { range: false })) => None,
            Some((_, Outcome::Go { range: true })) | None => self.range,
        };
        answer::get(run, key, range, signed)
    }
}

/// Whether a request waits for leave to send no body at all, as those of boto3 and aws-cli for an empty file do. hyper answers such
/// a one at once, and botocore (`AWSConnection._handle_expect_response`) then misreads the next response of the connection that had
/// its leave first: it takes the status line for a header, and waits for a body until its timeout of a minute.
fn expects_in_vain(request: &Request<Incoming>) -> bool {
    let expects =
        request.headers().get(EXPECT).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    expects && hyper::body::Body::is_end_stream(request.body())
}

/// Whether a request carries a signature of any kind; s3s judges it.
fn is_signed(request: &Request<Incoming>) -> bool {
    let names = |pair: &str| matches!(pair.split('=').next(), Some("X-Amz-Signature" | "Signature"));
    request.headers().contains_key(AUTHORIZATION)
        || request.uri().query().is_some_and(|query| query.split('&').any(names))
}
