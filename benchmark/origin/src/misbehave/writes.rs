//! Writes that fail when all looks well, or are answered before they are read.

use super::Manner;
use super::asked::Asked;
use super::honest::{self, xml};
use super::reply::Reply;
use super::script::Script;
use super::world::World;

/// What S3 says of an upload that it gives up after it has said 200.
const ERROR: &str = "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>";

pub(super) const MANNERS: &[Manner] = &[
    Manner::new("completes-with-error", "completes uploads with 200 and an <Error>", |asked, world| {
        completing(asked, world, || xml(ERROR))
    }),
    Manner::new(
        "completes-with-late-error",
        "completes uploads with 200, blank lines and an <Error>",
        |asked, world| {
            completing(asked, world, || {
                Reply::new(
                    200,
                    "OK",
                    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}{ERROR}", " \n".repeat(20)),
                )
            })
        },
    ),
    Manner::new("completes-with-nothing", "completes uploads with 200 and no body", |asked, world| {
        completing(asked, world, || Reply::new(200, "OK", ""))
    }),
    Manner::new("part-without-tag", "takes parts, and names no tag of them", |asked, world| {
        let reply = honest::reply(asked, world);
        Script::of(&if asked.parameter("partNumber").is_some() { reply.without("etag") } else { reply })
    }),
    Manner {
        early: true,
        ..Manner::new(
            "refuses-early",
            "answers PUT with 403 before it has the body, and ends the connection",
            |asked, world| {
                putting(asked, world, || {
                    let reply = Reply::new(403, "Forbidden", "<Error><Code>AccessDenied</Code></Error>");
                    Script::of(&reply.with("connection", "close"))
                })
            },
        )
    },
    Manner {
        early: true,
        ..Manner::new("takes-early", "answers PUT with 200 before it has the body, and reads it then", honest::answer)
    },
    Manner {
        early: true,
        ..Manner::new("takes-unread", "answers PUT with 200, and never reads the body", |asked, world| {
            putting(asked, world, || Script::of(&Reply::new(200, "OK", "").with("etag", "\"1\"")).hang())
        })
    },
    Manner {
        continues: false,
        ..Manner::new("never-continues", "never says `100 Continue`, whoever waits for it", honest::answer)
    },
    Manner::new("refuses-expectations", "answers PUT with 417", |asked, world| {
        putting(asked, world, || Script::of(&Reply::new(417, "Expectation Failed", "")))
    }),
    Manner::new("redirects-puts", "redirects PUT with 307", |asked, world| {
        putting(asked, world, || {
            let location = format!("/real{}", asked.path);
            Script::of(&Reply::new(307, "Temporary Redirect", "moved").with("location", location))
        })
    }),
    Manner::new("put-with-error", "answers PUT with 200 and an <Error>", |asked, world| {
        putting(asked, world, || Script::of(&xml(ERROR)))
    }),
    Manner::new("created", "answers PUT with 201", |asked, world| {
        putting(asked, world, || Script::of(&Reply::new(201, "Created", "").with("etag", "\"1\"")))
    }),
    Manner::new("never-takes", "reads PUT, and never answers", |asked, world| {
        putting(asked, world, || Script::default().hang())
    }),
    Manner::new("deletes-with-body", "answers DELETE with 204 and a body", |asked, world| {
        if asked.method == "DELETE" {
            return Script::of(&Reply::new(204, "No Content", "a body that a 204 has none of"));
        }
        honest::answer(asked, world)
    }),
];

fn completing(asked: &Asked, world: &World, reply: impl Fn() -> Reply) -> Script {
    if asked.method == "POST" && asked.parameter("uploadId").is_some() {
        return Script::of(&reply());
    }
    honest::answer(asked, world)
}

fn putting(asked: &Asked, world: &World, script: impl Fn() -> Script) -> Script {
    if asked.method == "PUT" { script() } else { honest::answer(asked, world) }
}
