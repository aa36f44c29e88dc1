//! Bodies in all the forms that HTTP knows, and bodies that are not what their heads say.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::asked::Asked;
use super::reply::Reply;
use super::script::Script;
use super::world::World;
use super::{Manner, honest};

/// The end of a body in chunks.
const LAST: &str = "0\r\n\r\n";

/// What is sent of a body that is far too long, piece by piece.
const PIECE: usize = 64 << 10;

/// The length of a body that is far too long.
const TEN_GB: u64 = 10_000_000_000;

pub(super) const MANNERS: &[Manner] = &[
    Manner::new("chunks", "sends bodies in chunks", |asked, world| in_chunks(asked, world, |body| chunks(body, 4096))),
    Manner::new("chunks-with-extensions", "sends bodies in chunks with extensions", |asked, world| {
        in_chunks(asked, world, |body| chunked(body, 4096, |size| format!("{size:x};name=value;quoted=\"a b\""), LAST))
    }),
    Manner::new("chunks-with-trailers", "sends bodies in chunks, and headers behind them", |asked, world| {
        in_chunks(asked, world, |body| {
            chunked(body, 4096, |size| format!("{size:x}"), "0\r\nx-checksum: abc\r\nx-more: def\r\n\r\n")
        })
    }),
    Manner::new(
        "chunks-in-upper-case",
        "writes sizes of chunks in upper case, with zeros before them",
        |asked, world| in_chunks(asked, world, |body| chunked(body, 2748, |size| format!("000{size:X}"), LAST)),
    ),
    Manner::new("chunks-of-a-byte", "sends bodies in chunks of one byte", |asked, world| {
        in_chunks(asked, world, |body| chunks(body, 1))
    }),
    Manner::new("until-the-end", "sends bodies without a length, until the end of the connection", |asked, world| {
        Script::of(&honest::reply(asked, world).without("content-length").with("connection", "close"))
    }),
    Manner::new(
        "until-the-end-unsaid",
        "sends bodies without a length, until an end that it does not announce",
        |asked, world| Script::of(&honest::reply(asked, world).without("content-length")).end(),
    ),
    Manner::new("until-the-end-1.0", "sends bodies without a length over HTTP/1.0", |asked, world| {
        let reply = honest::reply(asked, world).without("content-length");
        Script::of(&Reply { version: "HTTP/1.0", ..reply })
    }),
    Manner::new("cuts-chunks", "ends the connection (FIN) before the last chunk", |asked, world| {
        let reply = honest::reply(asked, world);
        let sent = chunks(reply.sent_body(), 4096);
        let short = sent.len() - LAST.len();
        Script::bytes(reply.chunked().head()).send(&sent[..short]).end()
    }),
    Manner::new("chunk-overflows", "names a size of a chunk beyond 64 bits", |asked, world| {
        in_chunks(asked, world, |body| chunked(body, 4096, |_| "fffffffffffffffff".to_owned(), LAST))
    }),
    Manner::new("chunk-without-size", "names a size of a chunk that is no number", |asked, world| {
        in_chunks(asked, world, |body| chunked(body, 4096, |_| "xyz".to_owned(), LAST))
    }),
    Manner::new("chunk-too-long", "sends chunks that are longer than their sizes", |asked, world| {
        in_chunks(asked, world, |body| chunked(body, 4096, |size| format!("{:x}", size - 1), LAST))
    }),
    Manner::new("compresses", "compresses bodies that nobody asked it to (gzip), and says so", |asked, world| {
        let reply = honest::reply(asked, world);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let packed = gzip.write_all(&reply.body).and_then(|()| gzip.finish()).unwrap_or_default();
        Script::of(&reply.holding(packed).with("content-encoding", "gzip"))
    }),
    Manner::new("whole-checksum", "names a checksum of the whole object with a range of it", |asked, world| {
        let reply = honest::reply(asked, world).with("x-amz-checksum-crc32", "AAAAAA==");
        Script::of(&reply.with("x-amz-checksum-type", "FULL_OBJECT"))
    }),
    Manner::new("whole-checksum-crc64", "names a CRC-64 of the whole object with a range of it", |asked, world| {
        let reply = honest::reply(asked, world).with("x-amz-checksum-crc64nvme", "AAAAAAAAAAA=");
        Script::of(&reply.with("x-amz-checksum-type", "FULL_OBJECT"))
    }),
    Manner::new("sends-10gb", "answers a range with 200 and a body of 10 GB", |_, _| {
        let head = Reply::new(200, "OK", "").set("content-length", TEN_GB.to_string()).head();
        Script::bytes(head).flood(vec![b'x'; PIECE], TEN_GB / PIECE as u64)
    }),
    Manner::new("sends-for-ever", "answers a range with 200 and chunks without end", |_, _| {
        let chunk = chunked(&vec![b'x'; PIECE], PIECE, |size| format!("{size:x}"), "");
        Script::bytes(Reply::new(200, "OK", "").chunked().head()).flood(chunk, u64::MAX)
    }),
    Manner::new("document-for-ever", "sends a JSON document without end", |_, _| {
        let chunk = chunked(" ".repeat(PIECE).as_bytes(), PIECE, |size| format!("{size:x}"), "");
        let reply = Reply::new(200, "OK", "").with("content-type", "application/json");
        Script::bytes(reply.chunked().head()).flood(chunk, u64::MAX)
    }),
    Manner::new("no-document", "sends HTML where JSON was asked for", |_, _| {
        Script::of(&Reply::new(200, "OK", "<html>Welcome</html>").with("content-type", "text/html"))
    }),
];

/// A body in chunks of this size.
pub(super) fn chunks(body: &[u8], size: usize) -> Vec<u8> {
    chunked(body, size, |size| format!("{size:x}"), LAST)
}

fn chunked(body: &[u8], size: usize, line: impl Fn(usize) -> String, end: &str) -> Vec<u8> {
    let mut sent = Vec::with_capacity(body.len() + body.len() / size * 8 + 64);
    for chunk in body.chunks(size) {
        sent.extend_from_slice(line(chunk.len()).as_bytes());
        sent.extend_from_slice(b"\r\n");
        sent.extend_from_slice(chunk);
        sent.extend_from_slice(b"\r\n");
    }
    sent.extend_from_slice(end.as_bytes());
    sent
}

fn in_chunks(asked: &Asked, world: &World, write: impl Fn(&[u8]) -> Vec<u8>) -> Script {
    let reply = honest::reply(asked, world);
    let body = if reply.is_head { Vec::new() } else { write(&reply.body) };
    Script::bytes(reply.chunked().head()).send(body)
}
