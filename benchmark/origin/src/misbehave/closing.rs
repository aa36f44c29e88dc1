//! Connections that end when nobody expects it, and those that end when everybody should.

use std::time::Duration;

use super::asked::Asked;
use super::reply::Reply;
use super::script::Script;
use super::world::World;
use super::{Manner, honest};

/// Which request of a connection finds it ended.
const LAST: u64 = 3;

/// How long some time is, where a connection is ended some time later.
const LATER: Duration = Duration::from_millis(10);

/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_millis(200);

pub(super) const MANNERS: &[Manner] = &[
    Manner::new("ends-on-request", "ends each connection (FIN) as its third request arrives", |asked, world| {
        third(asked, world, Script::end)
    }),
    Manner::new("resets-on-request", "resets each connection as its third request arrives", |asked, world| {
        third(asked, world, Script::reset)
    }),
    Manner::new(
        "ends-after-response",
        "ends each connection (FIN) right behind a response, without saying so",
        |asked, world| honest::answer(asked, world).end(),
    ),
    Manner::new(
        "ends-later",
        "ends each connection (FIN) 10 ms after a response, without saying so",
        |asked, world| honest::answer(asked, world).pause(LATER).end(),
    ),
    Manner::new("resets-later", "resets each connection 10 ms after a response", |asked, world| {
        honest::answer(asked, world).pause(LATER).reset()
    }),
    Manner {
        idle: Some((IDLE, || Script::default().end())),
        ..Manner::new("ends-idle", "ends connections (FIN) that were idle for 200 ms", honest::answer)
    },
    Manner::new("ends-first", "ends each connection (FIN) as its first request arrives", |_, _| {
        Script::default().end()
    }),
    Manner::new("resets-first", "resets each connection as its first request arrives", |_, _| {
        Script::default().reset()
    }),
    Manner::deaf("ends-at-once", "ends each connection (FIN) before it reads anything", || Script::default().end()),
    Manner::deaf("resets-unread", "resets each connection before it reads anything", || {
        Script::default().pause(LATER).reset()
    }),
    Manner::new("announces-end", "says `connection: close` with each response, and does so", |asked, world| {
        Script::of(&honest::reply(asked, world).with("connection", "close"))
    }),
    Manner::new("version-1.0", "speaks HTTP/1.0, and ends the connection with each response", |asked, world| {
        Script::of(&old(honest::reply(asked, world)))
    }),
    Manner::new("version-1.0-kept", "speaks HTTP/1.0, and keeps connections as it says", |asked, world| {
        Script::of(&old(honest::reply(asked, world)).with("connection", "keep-alive"))
    }),
    Manner::new("cuts-body", "ends the connection (FIN) in the middle of a body", |asked, world| {
        half(asked, world).end()
    }),
    Manner::new("resets-in-body", "resets the connection in the middle of a body", |asked, world| {
        half(asked, world).pause(LATER).reset()
    }),
    Manner::new("stalls-in-body", "sends half a body, and no more", |asked, world| half(asked, world).hang()),
    Manner::new("stalls-after-head", "sends the head of a response, and no more", |asked, world| {
        Script::bytes(honest::reply(asked, world).head()).hang()
    }),
    Manner::new("never-answers", "reads requests, and never answers", |_, _| Script::default().hang()),
    Manner::new("trickles", "sends a byte of the body a second", |asked, world| {
        let reply = honest::reply(asked, world);
        Script::bytes(reply.head()).trickle(*b"x", Duration::from_secs(1))
    }),
];

fn third(asked: &Asked, world: &World, end: fn(Script) -> Script) -> Script {
    if asked.nth < LAST { honest::answer(asked, world) } else { end(Script::default()) }
}

fn old(reply: Reply) -> Reply {
    Reply { version: "HTTP/1.0", ..reply }
}

fn half(asked: &Asked, world: &World) -> Script {
    let reply = honest::reply(asked, world);
    let half = reply.body.len() / 2;
    Script::bytes(reply.head()).send(&reply.body[..half])
}
