//! Bytes and responses that nobody asked for.

use std::time::Duration;

use super::asked::Asked;
use super::reply::Reply;
use super::script::Script;
use super::{Manner, OBJECT_SIZE, honest};

/// What haproxy and nginx send on a connection that was idle for too long.
const TIMED_OUT: &str = "HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_millis(200);

pub(super) const MANNERS: &[Manner] = &[
    Manner::new("response-too-many", "sends another whole response behind each, in one piece", |asked, world| {
        Script::bytes([honest::reply(asked, world).bytes(), another(asked)].concat())
    }),
    Manner::new("response-too-many-later", "sends another whole response 20 ms behind each", |asked, world| {
        honest::answer(asked, world).pause(Duration::from_millis(20)).send(another(asked))
    }),
    Manner {
        idle: Some((IDLE, || Script::bytes(TIMED_OUT).end())),
        ..Manner::new("says-408", "says 408 on connections that were idle for 200 ms, and ends them", honest::answer)
    },
    Manner {
        idle: Some((IDLE, || Script::bytes(TIMED_OUT))),
        ..Manner::new("says-408-and-stays", "says 408 on connections that were idle for 200 ms", honest::answer)
    },
    Manner::new("bytes-too-many", "sends bytes behind a body, in one piece with it", |asked, world| {
        Script::bytes([&honest::reply(asked, world).bytes(), &b"and more"[..]].concat())
    }),
    Manner::new("line-too-many", "sends an empty line behind a body", |asked, world| {
        Script::bytes([&honest::reply(asked, world).bytes(), &b"\r\n"[..]].concat())
    }),
    Manner::new("one-behind", "answers each request with the response to the one before", |asked, world| {
        let reply = honest::reply(asked, world);
        let before = world.keep(reply.clone());
        Script::of(&before.unwrap_or(reply))
    }),
    Manner::new("head-with-body", "answers HEAD with a body", |asked, world| {
        let reply = honest::reply(asked, world);
        Script::of(&Reply { is_head: false, ..reply.holding("a body that a HEAD has none of") })
    }),
];

/// The response to a request that was not made.
fn another(asked: &Asked) -> Vec<u8> {
    let range = asked.range().unwrap_or(0..=16_383);
    let length = range.end() - range.start() + 1;
    honest::part(&asked.key(), OBJECT_SIZE - length, OBJECT_SIZE - 1, OBJECT_SIZE).bytes()
}
