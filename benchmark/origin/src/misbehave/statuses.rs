//! Statuses that are no success, and successes of another kind than was asked for.

use super::asked::Asked;
use super::reply::Reply;
use super::script::Script;
use super::world::World;
use super::{Manner, OBJECT_SIZE, honest};

/// Where redirects lead: to what would be served.
const REAL: &str = "/real";

pub(super) const MANNERS: &[Manner] = &[
    Manner::new("redirects-301", "redirects with 301 to a path that it serves", |asked, world| {
        redirect(asked, world, 301)
    }),
    Manner::new("redirects-302", "redirects with 302 to a path that it serves", |asked, world| {
        redirect(asked, world, 302)
    }),
    Manner::new("redirects-303", "redirects with 303 to a path that it serves", |asked, world| {
        redirect(asked, world, 303)
    }),
    Manner::new("redirects-307", "redirects with 307 to a path that it serves", |asked, world| {
        redirect(asked, world, 307)
    }),
    Manner::new("redirects-308", "redirects with 308 to a path that it serves", |asked, world| {
        redirect(asked, world, 308)
    }),
    Manner::new("redirects-elsewhere", "redirects with 302 to another port that serves it", |asked, world| {
        let elsewhere = world.elsewhere.map(|address| address.to_string()).unwrap_or_default();
        let location = format!("http://{elsewhere}{}", asked.path);
        Script::of(&Reply::new(302, "Found", "moved").with("location", location))
    }),
    Manner::new("status-204", "answers 204", |_, _| {
        Script::of(&Reply::new(204, "No Content", "").without("content-length"))
    }),
    Manner::new("status-304", "answers 304", |_, _| {
        Script::of(&Reply::new(304, "Not Modified", "").without("content-length").with("etag", "\"1\""))
    }),
    Manner::new("status-404", "answers 404", |_, _| refuse(404, "Not Found", "NoSuchKey")),
    Manner::new("status-429", "answers 429, and says when to try again", |_, _| {
        let body = "<Error><Code>TooManyRequests</Code></Error>";
        Script::of(&Reply::new(429, "Too Many Requests", body).with("retry-after", "0"))
    }),
    Manner::new("status-500", "answers 500", |_, _| refuse(500, "Internal Server Error", "InternalError")),
    Manner::new("status-503", "answers 503, and says when to try again", |_, _| {
        let body = "<Error><Code>SlowDown</Code></Error>";
        Script::of(&Reply::new(503, "Service Unavailable", body).with("retry-after", "0"))
    }),
    Manner::new("fails-now-and-then", "answers every third request with 503", |asked, world| {
        if asked.overall.is_multiple_of(3) {
            refuse(503, "Service Unavailable", "SlowDown")
        } else {
            honest::answer(asked, world)
        }
    }),
    Manner::new("whole-with-range", "answers a range with 200 and the Content-Range of it", |asked, world| {
        Script::of(&honest::reply(asked, world).saying(200, "OK"))
    }),
    Manner::new("whole", "answers a range with 200 and the whole object", |asked, world| {
        Script::of(&ranged(asked, world, 0, OBJECT_SIZE - 1).saying(200, "OK").without("content-range"))
    }),
    Manner::new("range-unsaid", "answers a range with 206 and no Content-Range", |asked, world| {
        Script::of(&honest::reply(asked, world).without("content-range"))
    }),
    Manner::new("another-range", "answers a range with another of the same length", |asked, world| {
        let range = asked.range().unwrap_or(0..=0);
        Script::of(&ranged(asked, world, range.start() + 1, range.end() + 1))
    }),
    Manner::new("shorter-range", "answers a range with less of it", |asked, world| {
        let range = asked.range().unwrap_or(0..=0);
        Script::of(&ranged(asked, world, *range.start(), range.end() - 1))
    }),
    Manner::new(
        "size-unsaid",
        "answers a range with a Content-Range that does not say the object's size",
        |asked, world| {
            let reply = honest::reply(asked, world);
            let range = reply.header("content-range").map(|text| text.replace(&format!("/{OBJECT_SIZE}"), "/*"));
            Script::of(&reply.set("content-range", range.unwrap_or_default()))
        },
    ),
    Manner::new("size-changes", "names another size of the object each time", |asked, world| {
        let reply = honest::reply(asked, world);
        let size = OBJECT_SIZE + asked.overall;
        let range = reply.header("content-range").map(|text| text.replace(&OBJECT_SIZE.to_string(), &size.to_string()));
        Script::of(&reply.set("content-range", range.unwrap_or_default()))
    }),
    Manner::new("empty-object", "has objects that hold nothing, and answers ranges of them with 416", |_, _| {
        Script::of(&Reply::new(416, "Range Not Satisfiable", "").with("content-range", "bytes */0"))
    }),
    Manner::new("empty-200", "answers a range with 200 and nothing", |_, _| Script::of(&Reply::new(200, "OK", ""))),
];

/// Served below [`REAL`], redirected there else.
fn redirect(asked: &Asked, world: &World, status: u16) -> Script {
    if asked.path.starts_with(REAL) {
        return honest::answer(asked, world);
    }
    let query = if asked.query.is_empty() { String::new() } else { format!("?{}", asked.query) };
    let location = format!("{REAL}{}{query}", asked.path);
    Script::of(&Reply::new(status, "Moved", "moved").with("location", location))
}

fn refuse(status: u16, reason: &'static str, code: &str) -> Script {
    let body = format!("<Error><Code>{code}</Code><Message>no</Message></Error>");
    Script::of(&Reply::new(status, reason, body).with("content-type", "application/xml"))
}

fn ranged(asked: &Asked, _: &World, first: u64, last: u64) -> Reply {
    honest::part(&asked.key(), first, last, OBJECT_SIZE)
}
