//! What a server says that does nothing wrong: objects and ranges of them, documents, listings, and what is put.

use benchmark_protocol::content;

use super::asked::Asked;
use super::reply::Reply;
use super::script::Script;
use super::world::World;
use super::{OBJECT_SIZE, listings};

/// The tag of every object.
const TAG: &str = "\"0123456789abcdef0123456789abcdef\"";

/// How many objects every bucket holds before anything is put.
const OBJECTS: u64 = 8;

/// The whole answer.
pub(super) fn answer(asked: &Asked, world: &World) -> Script {
    Script::of(&reply(asked, world))
}

/// The same as a response that can be changed.
pub(super) fn reply(asked: &Asked, world: &World) -> Reply {
    let has = |name| asked.parameter(name).is_some();
    let upload = asked.parameter("uploadId").unwrap_or_default();
    match asked.method.as_str() {
        "GET" if has("list-type") => listings::page(asked, &objects(asked, world), None),
        "GET" if has("uploads") => {
            xml("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")
        }
        "GET" | "HEAD" => Reply { is_head: asked.method == "HEAD", ..read(asked, world) },
        "POST" if has("uploads") => {
            let id = world.upload();
            xml(&format!(
                "<InitiateMultipartUploadResult><UploadId>upload-{id}</UploadId></InitiateMultipartUploadResult>"
            ))
        }
        "POST" if has("uploadId") => {
            world.complete(&upload, &asked.key());
            xml(COMPLETED)
        }
        "POST" if has("delete") => {
            let body = String::from_utf8_lossy(&asked.body);
            let keys = body.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
            let mut put = world.put();
            for key in keys {
                put.remove(key);
            }
            xml("<DeleteResult></DeleteResult>")
        }
        "PUT" => {
            match asked.parameter("partNumber") {
                Some(number) => world.part(&upload, &number, asked.length()),
                None => {
                    world.put().insert(asked.key().into_owned(), asked.length());
                }
            }
            Reply::new(200, "OK", "").with("etag", TAG)
        }
        "DELETE" => {
            if !has("uploadId") {
                world.put().remove(&*asked.key());
            }
            Reply::new(204, "No Content", "").without("content-length")
        }
        _ => Reply::new(501, "Not Implemented", ""),
    }
}

/// What completes an upload.
pub(super) const COMPLETED: &str =
    "<CompleteMultipartUploadResult><ETag>&quot;1-1&quot;</ETag></CompleteMultipartUploadResult>";

/// An answer of S3.
pub(super) fn xml(text: &str) -> Reply {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{text}");
    Reply::new(200, "OK", text).with("content-type", "application/xml")
}

/// A document, an object, or a range of it.
fn read(asked: &Asked, world: &World) -> Reply {
    let key = asked.key();
    if let Some(id) = key.strip_prefix("api/").and_then(|id| id.parse().ok()) {
        return Reply::new(200, "OK", content::document(id)).with("content-type", "application/json");
    }
    let size = world.put().get(&*key).copied().unwrap_or(OBJECT_SIZE);
    match asked.range() {
        None => object(Reply::new(200, "OK", bytes(&key, 0, size))),
        Some(range) if *range.start() >= size => {
            Reply::new(416, "Range Not Satisfiable", "").with("content-range", format!("bytes */{size}"))
        }
        Some(range) => part(&key, *range.start(), (*range.end()).min(size - 1), size),
    }
}

/// These bytes of an object, both inclusive.
pub(super) fn part(key: &str, first: u64, last: u64, size: u64) -> Reply {
    let body = bytes(key, first, last - first + 1);
    object(Reply::new(206, "Partial Content", body).with("content-range", format!("bytes {first}-{last}/{size}")))
}

fn object(reply: Reply) -> Reply {
    reply
        .with("etag", TAG)
        .with("last-modified", "Wed, 01 Jan 2025 00:00:00 GMT")
        .with("accept-ranges", "bytes")
        .with("content-type", "application/octet-stream")
}

fn bytes(key: &str, from: u64, length: u64) -> Vec<u8> {
    let origin = content::origin_of(key);
    let pieces = (from..from + length).step_by(content::PERIOD);
    pieces.flat_map(|at| content::piece(origin, at, from + length - at)).copied().collect()
}

/// What a listing of the bucket names: the objects that were put below the prefix, or those that are always there.
fn objects(asked: &Asked, world: &World) -> Vec<(String, u64)> {
    let prefix = asked.parameter("prefix").unwrap_or_default();
    let always = (0..OBJECTS).map(|index| (content::key(index), OBJECT_SIZE));
    let put = world.put();
    let put = put.iter().map(|(key, size)| (key.clone(), *size));
    let mut all: Vec<(String, u64)> = always.chain(put).filter(|(key, _)| key.starts_with(&*prefix)).collect();
    all.sort();
    all.dedup();
    all
}
