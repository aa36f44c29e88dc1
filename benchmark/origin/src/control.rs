//! Control requests: a run is announced, begun, audited and forgotten.

use benchmark_protocol::inject::check_together;
use benchmark_protocol::origin::{Announcement, Begin, CONTROL_HEADER};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request};
use subtle::ConstantTimeEq;

use crate::reply::{Payload, Reply};
use crate::run::Runs;

/// The largest body of a control request, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Answers a request for `/-/runs/<path>`. It counts in no run.
pub(crate) async fn answer(request: Request<Incoming>, path: &str, runs: &Runs) -> Reply {
    let token = request.headers().get(CONTROL_HEADER);
    // How long this takes says nothing of where a guess is wrong.
    if !token.is_some_and(|token| bool::from(token.as_bytes().ct_eq(runs.config.token.as_bytes()))) {
        return text(403, format!("this needs the origin's token in the header {CONTROL_HEADER}"));
    }
    let (id, action) = path.split_once('/').map_or((path, None), |(id, action)| (id, Some(action)));
    if id.is_empty() || id == "-" {
        return text(400, format!("`{id}` is no name of a run"));
    }
    let method = request.method().clone();
    let body = match Limited::new(request.into_body(), MOST_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => return text(400, format!("the body cannot be read: {error}")),
    };
    match (method, action) {
        (Method::PUT, None) => announce(id, &body, runs),
        (Method::POST, Some("start")) => start(id, &body, runs),
        (Method::GET, None) => match runs.announced(id) {
            Some(run) => match serde_json::to_vec(&run.audit()) {
                Ok(json) => Reply::new(200, "application/json", Payload::Bytes(json.into())),
                Err(error) => text(500, error.to_string()),
            },
            None => unknown(id),
        },
        (Method::DELETE, None) if runs.forget(id) => Reply::new(204, "text/plain", Payload::EMPTY),
        (Method::DELETE, None) => unknown(id),
        (method, _) => {
            text(405, format!("nothing answers {method} here: PUT, GET or DELETE a run, or POST its /start"))
        }
    }
}

pub(crate) fn announce(id: &str, body: &Bytes, runs: &Runs) -> Reply {
    let announcement: Announcement = match serde_json::from_slice(body) {
        Ok(announcement) => announcement,
        Err(error) => return text(400, format!("this is no announcement: {error}")),
    };
    if let Err(error) = check_together(&announcement.inject) {
        return text(400, error);
    }
    if i64::try_from(announcement.contract.object_size).is_err() {
        let size = announcement.contract.object_size;
        return text(400, format!("object_size {size} is more than S3 can name: at most {}", i64::MAX));
    }
    match runs.announce(id, &announcement) {
        Ok(true) => Reply::new(201, "text/plain", Payload::EMPTY),
        Ok(false) => text(409, format!("the run `{id}` is known already")),
        Err(error) => text(400, error),
    }
}

fn start(id: &str, body: &Bytes, runs: &Runs) -> Reply {
    let begin: Begin = match serde_json::from_slice(body) {
        Ok(begin) => begin,
        Err(error) => return text(400, format!("this is no start: {error}")),
    };
    match runs.announced(id) {
        None => unknown(id),
        Some(run) if run.begin(begin) => Reply::new(204, "text/plain", Payload::EMPTY),
        Some(_) => text(409, format!("the run `{id}` has begun already")),
    }
}

fn unknown(id: &str) -> Reply {
    text(404, format!("no run `{id}` was announced"))
}

fn text(status: u16, text: String) -> Reply {
    Reply::new(status, "text/plain; charset=utf-8", Payload::Bytes((text + "\n").into()))
}
