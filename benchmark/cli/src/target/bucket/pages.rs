//! A listing followed from page to page, to its end: one that has none is a failure by its name, before long.

use std::collections::HashSet;

use anyhow::{Result, bail};

use super::client::Bucket;
use super::list::Page;

/// The most pages without a key that come one after the other: where much was removed, a server may have some.
const MOST_EMPTY: usize = 100;

/// What is said of a listing that goes on and does not say where.
pub(super) const NO_WAY_ON: &str =
    "the server says that its listing goes on, and not where (it is truncated, and has no token)";

/// The pages of a listing.
pub(super) struct Pages<'a> {
    bucket: &'a Bucket,
    prefix: &'a str,
    grouped: bool,
    next: Option<String>,
    is_over: bool,
    /// The token of every page, and what it begins with: neither comes twice.
    tokens: HashSet<String>,
    firsts: HashSet<String>,
    empty: usize,
}

impl<'a> Pages<'a> {
    pub(super) fn new(bucket: &'a Bucket, prefix: &'a str, grouped: bool) -> Self {
        let (tokens, firsts) = (HashSet::new(), HashSet::new());
        Self { bucket, prefix, grouped, next: None, is_over: false, tokens, firsts, empty: 0 }
    }

    /// The next one; `None` behind the last.
    ///
    /// # Errors
    /// When the server does not answer with one, or goes round in a circle.
    pub(super) async fn next(&mut self) -> Result<Option<Page>> {
        if self.is_over {
            return Ok(None);
        }
        let page = self.bucket.page(self.prefix, self.grouped, self.next.as_deref()).await?;
        let cannot = || format!("cannot list {}", self.bucket.name);
        match page.objects.first().map(|listed| &listed.key).into_iter().chain(&page.prefixes).next() {
            Some(first) if !self.firsts.insert(first.clone()) => bail!("{}: {}", cannot(), in_a_circle(first)),
            Some(_) => self.empty = 0,
            None => self.empty += 1,
        }
        if self.empty > MOST_EMPTY {
            bail!("{}: {} pages without a key came one after the other", cannot(), self.empty);
        }
        match &page.next {
            Some(token) if !self.tokens.insert(token.clone()) => bail!("{}: {}", cannot(), in_a_circle(token)),
            Some(token) => self.next = Some(token.clone()),
            None => self.is_over = true,
        }
        Ok(Some(page))
    }
}

/// What is said of a listing that comes by something again.
pub(super) fn in_a_circle(again: &str) -> String {
    format!("the server's listing goes round in a circle: it came to `{again}` a second time")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::target::bucket::RunPrefix;

    const RUN: &str = "benchmark/0198c0de-0000-7000-8000-000000000001/";

    /// A bucket at a server that answers the n-th request with this.
    async fn saying(answer: impl Fn(usize, &str) -> String + Send + 'static) -> (Bucket, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bucket = Bucket::new(&format!("http://{}", listener.local_addr().unwrap()), "data", &[], None).unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 16 << 10];
                let read = stream.read(&mut request).await.unwrap();
                let body = answer(counted.fetch_add(1, Ordering::Relaxed), &String::from_utf8_lossy(&request[..read]));
                let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
                let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            }
        });
        (bucket, asked)
    }

    /// A page of objects of these keys and sizes; with a token where there is one, truncated where told so.
    fn page(objects: &[(String, u64)], truncated: bool, token: &str) -> String {
        let objects = objects.iter().map(|(key, size)| {
            let at = "<LastModified>2026-01-01T00:00:00.000Z</LastModified>";
            format!("<Contents><Key>{key}</Key>{at}<Size>{size}</Size></Contents>")
        });
        let objects: String = objects.collect();
        let token = if token.is_empty() {
            String::new()
        } else {
            format!("<NextContinuationToken>{token}</NextContinuationToken>")
        };
        format!(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>{truncated}</IsTruncated>{token}{objects}\
             </ListBucketResult>"
        )
    }

    #[tokio::test]
    async fn what_fits_is_found_on_whatever_page_it_is() {
        let (bucket, asked) = saying(|number, _| {
            let small = [(format!("small-{number}"), 5), (format!("benchmark/stranger-{number}"), 100)];
            if number < 40 {
                page(&small, true, &format!("t{number}"))
            } else {
                page(&[("big".to_owned(), 100)], false, "")
            }
        })
        .await;
        let found: Vec<String> = bucket.readable(10).await.unwrap().into_iter().map(|object| object.key).collect();
        assert_eq!((found, asked.load(Ordering::Relaxed)), (vec!["big".to_owned()], 41));
    }

    #[tokio::test]
    async fn a_refusal_says_how_many_keys_were_looked_at() {
        let (bucket, _) = saying(|number, _| page(&[(format!("small-{number}"), 5)], number < 3, "t")).await;
        let circle = bucket.readable(10).await.unwrap_err().to_string();
        assert!(circle.contains("goes round in a circle: it came to `t` a second time"), "{circle}");
        let (bucket, _) =
            saying(|number, _| page(&[(format!("small-{number}"), 5)], number < 2, &format!("t{number}"))).await;
        let none = bucket.readable(10).await.unwrap_err().to_string();
        assert!(
            none.contains("of at least 10 bytes") && none.contains("all 3 keys that it lists were looked at"),
            "{none}"
        );
        let many = |number: usize| (0..1000).map(move |key| (format!("{number}-{key}"), 5)).collect::<Vec<_>>();
        let (bucket, asked) = saying(move |number, _| page(&many(number), true, &format!("t{number}"))).await;
        let bounded = bucket.readable(10).await.unwrap_err().to_string();
        assert!(bounded.contains("the first 100000 keys that it lists were looked at"), "{bounded}");
        assert_eq!(asked.load(Ordering::Relaxed), 100);
        let (bucket, _) = saying(|_, _| page(&[], false, "")).await;
        let empty = bucket.readable(10).await.unwrap_err().to_string();
        assert!(empty.contains("it lists no key"), "{empty}");
    }

    #[tokio::test]
    async fn a_listing_without_an_end_is_a_failure_whoever_lists() {
        let below = |number: usize| vec![(format!("{RUN}{number}"), 5)];
        let error = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>try later</Message></Error>";
        type Says = Box<dyn Fn(usize) -> String + Send>;
        let cases: [(Says, &str); 6] = [
            (Box::new(move |number| page(&below(number), true, "")), "it is truncated, and has no token"),
            (Box::new(move |number| page(&below(number), true, "same")), "it came to `same` a second time"),
            (Box::new(move |number| page(&below(number), true, ["a", "b"][number % 2])), "in a circle"),
            (
                Box::new(move |number| page(&below(0), true, &format!("t{number}"))),
                "in a circle: it came to `benchmark/",
            ),
            (Box::new(|number| page(&[], true, &format!("t{number}"))), "101 pages without a key"),
            (Box::new(move |_| error.to_owned()), "status 200 (InternalError: try later)"),
        ];
        for (says, expected) in cases {
            let (bucket, asked) =
                saying(move |number, request| if request.starts_with("GET") { says(number) } else { String::new() })
                    .await;
            let prefix = RunPrefix::above(RUN).unwrap();
            let errors = [
                bucket.readable(10).await.map(drop),
                bucket.runs().await.map(drop),
                bucket.clear(&prefix, false, |_| {}).await.map(drop),
                bucket.leftovers().await.map(drop),
            ];
            for error in errors {
                let error = format!("{:#}", error.unwrap_err());
                assert!(error.contains("cannot list bucket `data` at http://") && error.contains(expected), "{error}");
            }
            assert!(asked.load(Ordering::Relaxed) < 500, "{expected}");
        }
    }

    #[tokio::test]
    async fn uploads_that_are_listed_without_an_end_are_a_failure() {
        for (markers, expected) in [
            ("", "it is truncated, and has no token"),
            ("<NextKeyMarker>k</NextKeyMarker>", "it came to `k` a second time"),
        ] {
            let list = format!("<R><IsTruncated>true</IsTruncated>{markers}</R>");
            let (bucket, asked) = saying(move |_, _| list.clone()).await;
            let error = format!("{:#}", bucket.uploads(RUN).await.unwrap_err());
            assert!(
                error.contains("cannot list pending uploads of bucket `data`") && error.contains(expected),
                "{error}"
            );
            assert!(asked.load(Ordering::Relaxed) <= 2);
        }
    }
}
