//! Heads that are written as few servers write them, and heads that are none.

use super::asked::Asked;
use super::script::Script;
use super::world::World;
use super::{Manner, honest};

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const PROCESSING: &str = "HTTP/1.1 102 Processing\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload; as=style\r\n\r\n";

pub(super) const MANNERS: &[Manner] = &[
    Manner::new("continues", "says `100 Continue` before each response", |asked, world| before(CONTINUE, asked, world)),
    Manner::new("processes", "says `102 Processing` before each response", |asked, world| {
        before(PROCESSING, asked, world)
    }),
    Manner::new("hints", "says `103 Early Hints` before each response", |asked, world| before(HINTS, asked, world)),
    Manner::new("hints-often", "says 100, 102 and several 103 before each response", |asked, world| {
        before(&[CONTINUE, PROCESSING, HINTS, HINTS, HINTS].concat(), asked, world)
    }),
    Manner::new("headers-64", "sends 64 headers", |asked, world| padded(asked, world, 64, 8)),
    Manner::new("headers-100", "sends 100 headers", |asked, world| padded(asked, world, 100, 8)),
    Manner::new("headers-200", "sends 200 headers", |asked, world| padded(asked, world, 200, 8)),
    Manner::new("head-of-60kb", "sends a head of 60 KB in 64 headers", |asked, world| padded(asked, world, 64, 1000)),
    Manner::new("header-of-30kb", "sends a header of 30 KB", |asked, world| {
        Script::of(&honest::reply(asked, world).with("x-long", "x".repeat(30_000)))
    }),
    Manner::new("upper-case-names", "writes names of headers in upper case", |asked, world| {
        written(asked, world, |name, value| format!("{}: {value}\r\n", name.to_ascii_uppercase()))
    }),
    Manner::new("blanks-around-values", "writes blanks and tabs around values of headers", |asked, world| {
        written(asked, world, |name, value| format!("{name}: \t  {value} \t \r\n"))
    }),
    Manner::new("no-blank-before-value", "writes no blank before values of headers", |asked, world| {
        written(asked, world, |name, value| format!("{name}:{value}\r\n"))
    }),
    Manner::new("empty-reason", "writes an empty reason phrase", |asked, world| {
        let reply = honest::reply(asked, world);
        let status = reply.status;
        Script::of(&reply.saying(status, ""))
    }),
    Manner::new("no-reason", "writes no reason phrase, nor the blank before it", |asked, world| {
        let reply = honest::reply(asked, world);
        let status = reply.status;
        let text = String::from_utf8_lossy(&reply.saying(status, "").head()).replacen(" \r\n", "\r\n", 1);
        Script::bytes(text).send(honest::reply(asked, world).sent_body())
    }),
    Manner::new("bare-line-feeds", "ends the lines of its heads with LF alone", |asked, world| {
        let reply = honest::reply(asked, world);
        Script::bytes(String::from_utf8_lossy(&reply.head()).replace("\r\n", "\n")).send(reply.sent_body())
    }),
    Manner::new("folded-header", "breaks a header's value into two lines", |asked, world| {
        Script::of(&honest::reply(asked, world).with("x-folded", "one\r\n two"))
    }),
    Manner::new("head-in-pieces", "sends its heads a few bytes at a time", |asked, world| {
        let reply = honest::reply(asked, world);
        let pieces = reply
            .head()
            .chunks(16)
            .fold(Script::default(), |script, piece| script.send(piece).pause(std::time::Duration::from_millis(1)));
        pieces.send(reply.sent_body())
    }),
    Manner::new("garbage", "answers with a line that is no HTTP", |_, _| {
        Script::bytes("SSH-2.0-OpenSSH_9.2p1\r\n").end()
    }),
    Manner::new("endless-head", "sends headers without end", |_, _| {
        let header = format!("x-more: {}\r\n", "x".repeat(1000));
        Script::bytes("HTTP/1.1 206 Partial Content\r\n").flood(header, u64::MAX)
    }),
    Manner::new("two-lengths", "names two different lengths of a body", |asked, world| {
        Script::of(&honest::reply(asked, world).with("content-length", "7"))
    }),
    Manner::new("length-twice", "names the length of a body twice, alike", |asked, world| {
        let reply = honest::reply(asked, world);
        let length = reply.body.len().to_string();
        Script::of(&reply.with("content-length", length))
    }),
    Manner::new("negative-length", "names a negative length of a body", |asked, world| length(asked, world, "-5")),
    Manner::new("signed-length", "names a length of a body with a plus sign", |asked, world| {
        length(asked, world, "+16384")
    }),
    Manner::new("absurd-length", "names a length of a body beyond 64 bits", |asked, world| {
        length(asked, world, "99999999999999999999999")
    }),
    Manner::new("length-and-chunks", "names a length of a body that comes in chunks", |asked, world| {
        let reply = honest::reply(asked, world);
        let length = reply.body.len().to_string();
        let chunks = super::bodies::chunks(reply.sent_body(), 4096);
        Script::bytes(reply.chunked().with("content-length", length).head()).send(chunks)
    }),
];

fn before(interim: &str, asked: &Asked, world: &World) -> Script {
    let reply = honest::reply(asked, world);
    Script::bytes([interim.as_bytes(), &reply.bytes()].concat())
}

/// So many headers in all, with values of this length.
fn padded(asked: &Asked, world: &World, headers: usize, length: usize) -> Script {
    let reply = honest::reply(asked, world);
    let lines = String::from_utf8_lossy(&reply.head()).matches("\r\n").count() - 2;
    let value = "x".repeat(length);
    Script::of(&(lines..headers).fold(reply, |reply, index| reply.with(&format!("x-more-{index}"), &*value)))
}

fn written(asked: &Asked, world: &World, line: impl Fn(&str, &str) -> String) -> Script {
    let reply = honest::reply(asked, world);
    Script::bytes(reply.head_with(line)).send(reply.sent_body())
}

fn length(asked: &Asked, world: &World, text: &str) -> Script {
    Script::of(&honest::reply(asked, world).set("content-length", text)).end()
}
