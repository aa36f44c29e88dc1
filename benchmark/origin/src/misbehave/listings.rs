//! Listings of buckets, and what some servers take for one.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::asked::Asked;
use super::honest::{self, xml};
use super::reply::Reply;
use super::script::Script;
use super::world::World;
use super::{Manner, OBJECT_SIZE};

/// What S3 leaves as it is in a key that it encodes.
const KEY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/');

/// How many keys a full page has.
const PAGE: u64 = 1_000;

/// Keys that are legal and awkward, each in its own way.
pub(super) const AWKWARD: [&str; 24] = [
    "~tilde",
    "per%cent",
    "per%41cent",
    "brack[et",
    "brack]et",
    "ha#sh",
    "pl+us",
    "sp ace",
    "ümlaut",
    "日本語",
    "amp&ersand",
    "equal=s",
    "col:on",
    "semi;colon",
    "quo'te",
    "quo\"te",
    "que?stion",
    "st*ar",
    "dol$lar",
    "at@sign",
    "com,ma",
    "less<than>",
    "(parens)!",
    "fold/er/file",
];

pub(super) const MANNERS: &[Manner] = &[
    Manner::to_all("awkward-keys", "holds objects with awkward keys", |asked, world| {
        let mut keys = AWKWARD.map(|key| (key.to_owned(), OBJECT_SIZE));
        keys.sort();
        listed(asked, world, |_| page(asked, &keys, None))
    }),
    Manner::to_all("long-key", "holds an object with a key of 1,024 bytes", |asked, world| {
        listed(asked, world, |_| page(asked, &[("k".repeat(1024), OBJECT_SIZE)], None))
    }),
    Manner::to_all(
        "fits-on-page-2",
        "lists a full page of objects that are too small before any other",
        |asked, world| {
            listed(asked, world, |from| match from {
                None => page(asked, &small(0), Some("2")),
                Some(_) => page(asked, &[("z-object".to_owned(), OBJECT_SIZE)], None),
            })
        },
    ),
    Manner::to_all(
        "truncated-unsaid-where",
        "lists a page that says that others follow, and not where",
        |asked, world| {
            listed(asked, world, |_| {
                let page = page(asked, &small(0), None);
                let text = String::from_utf8_lossy(&page.body).replace("<IsTruncated>false", "<IsTruncated>true");
                page.holding(text)
            })
        },
    ),
    Manner::to_all("same-page-for-ever", "lists one page again and again, with one token", |asked, world| {
        listed(asked, world, |_| page(asked, &small(0), Some("again")))
    }),
    Manner::to_all("error-with-200", "answers a listing with 200 and an <Error>", |asked, world| {
        listed(asked, world, |_| xml("<Error><Code>InternalError</Code><Message>We failed</Message></Error>"))
    }),
    Manner::to_all("listing-is-html", "answers a listing with HTML", |asked, world| {
        listed(asked, world, |_| {
            Reply::new(200, "OK", "<html><body>Welcome<br></body></html>").with("content-type", "text/html")
        })
    }),
    Manner::to_all("listing-is-cut", "answers a listing with half of it", |asked, world| {
        listed(asked, world, |_| {
            let page = page(asked, &small(0), None);
            let half = page.body[..page.body.len() / 2].to_vec();
            page.holding(half)
        })
    }),
    Manner::to_all("listing-is-404", "answers a listing with 404", |asked, world| {
        listed(asked, world, |_| {
            Reply::new(404, "Not Found", "<Error><Code>NoSuchBucket</Code><Message>no</Message></Error>")
        })
    }),
    Manner::to_all("empty-bucket", "lists a bucket that holds nothing", |asked, world| {
        listed(asked, world, |_| page(asked, &[], None))
    }),
    Manner::to_all("pages-without-end", "lists pages without end, of objects that are too small", |asked, world| {
        listed(asked, world, |from| {
            let number = from.and_then(|token| token.parse::<u64>().ok()).unwrap_or(0);
            page(asked, &small(number), Some(&(number + 1).to_string()))
        })
    }),
];

/// A page of a listing: its keys with their sizes, and where it goes on.
pub(super) fn page(asked: &Asked, objects: &[(String, u64)], next: Option<&str>) -> Reply {
    let encodes = asked.parameter("encoding-type").as_deref() == Some("url");
    let contents: String = objects.iter().map(|(key, size)| contents(key, *size, encodes)).collect();
    let more = next.map(|token| format!("<NextContinuationToken>{token}</NextContinuationToken>")).unwrap_or_default();
    let encoding = if encodes { "<EncodingType>url</EncodingType>" } else { "" };
    xml(&format!(
        "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>bucket</Name>{encoding}\
         <KeyCount>{}</KeyCount><MaxKeys>{PAGE}</MaxKeys><IsTruncated>{}</IsTruncated>{more}{contents}</ListBucketResult>",
        objects.len(),
        next.is_some()
    ))
}

fn contents(key: &str, size: u64, encodes: bool) -> String {
    let key = if encodes {
        utf8_percent_encode(key, KEY).to_string()
    } else {
        key.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    };
    format!(
        "<Contents><Key>{key}</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>&quot;1&quot;</ETag>\
         <Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
    )
}

/// A listing as it is told here, by the token that it goes on from; everything else as it should be.
fn listed(asked: &Asked, world: &World, list: impl Fn(Option<&str>) -> Reply) -> Script {
    if asked.method == "GET" && asked.parameter("list-type").is_some() {
        return Script::of(&list(asked.parameter("continuation-token").as_deref()));
    }
    honest::answer(asked, world)
}

/// A full page of objects that are too small for any range, the so-many-th.
fn small(page: u64) -> Vec<(String, u64)> {
    (0..PAGE).map(|index| (format!("small-{:09}", page * PAGE + index), 10)).collect()
}
