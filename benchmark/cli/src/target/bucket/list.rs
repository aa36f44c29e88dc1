//! What a bucket holds, page by page.

use std::collections::HashSet;

use anyhow::{Context, Result, anyhow, bail};
use benchmark_protocol::message::Object;
use benchmark_protocol::target::can_be_named;
use benchmark_protocol::tests::xml;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use rusty_s3::actions::ListObjectsV2;

use super::client::{Bucket, Sent};
use super::pages::{NO_WAY_ON, Pages, in_a_circle};
use super::prefix::{ABOVE, RunPrefix};

/// The most objects that a workload draws from.
const MOST: usize = 1_000;

/// The most keys that are looked at for them, some more where a page goes beyond.
const MOST_KEYS: usize = 100_000;

/// A page of a listing.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) objects: Vec<Listed>,
    /// What keys were grouped by, where they were.
    pub(super) prefixes: Vec<String>,
    /// Where the next page begins, where there is one.
    pub(super) next: Option<String>,
}

/// An object on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) size: Option<u64>,
    pub(super) modified: Option<Timestamp>,
}

/// An upload in parts that is neither completed nor aborted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) id: String,
    pub(super) begun: Option<Timestamp>,
}

/// Where the next page of uploads begins: behind this key, and behind this id of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Behind {
    key: String,
    id: String,
}

impl Bucket {
    /// The objects of at least this size that a workload may read, in the order of their keys: none of those that runs put.
    ///
    /// # Errors
    /// When the server does not answer with a listing, or there is no such object.
    pub(crate) async fn readable(&self, least: u64) -> Result<Vec<Object>> {
        let (mut found, mut keys) = (Vec::new(), 0);
        let mut pages = self.pages("", false);
        while found.len() < MOST && keys < MOST_KEYS {
            let Some(page) = pages.next().await? else { break };
            keys += page.objects.len();
            found.extend(page.objects.into_iter().filter_map(|listed| readable(listed, least)));
        }
        found.truncate(MOST);
        if found.is_empty() {
            let looked_at = match keys {
                0 => "it lists no key".to_owned(),
                1 => "the one key that it lists was looked at".to_owned(),
                _ if keys < MOST_KEYS => format!("all {keys} keys that it lists were looked at"),
                _ => format!("the first {keys} keys that it lists were looked at"),
            };
            bail!(
                "{} holds no object of at least {least} bytes that a run may read ({looked_at}): upload one, or name a smaller \
                 request_size",
                self.name
            );
        }
        Ok(found)
    }

    /// The pages of the keys that begin so; grouped, where asked for, by what comes before the next slash.
    pub(super) fn pages<'a>(&'a self, prefix: &'a str, grouped: bool) -> Pages<'a> {
        Pages::new(self, prefix, grouped)
    }

    /// One of them, at this token.
    ///
    /// # Errors
    /// When the server does not answer with a listing of such keys.
    pub(super) async fn page(&self, prefix: &str, grouped: bool, from: Option<&str>) -> Result<Page> {
        let mut query: Vec<(&str, &str)> = from.map(|token| ("continuation-token", token)).into_iter().collect();
        query.extend(grouped.then_some(("delimiter", "/")));
        query.extend([("encoding-type", "url"), ("list-type", "2")]);
        query.extend((!prefix.is_empty()).then_some(("prefix", prefix)));
        let cannot = || format!("cannot list {}", self.name);
        let answer = self.ask(&Method::GET, "", &query, &Sent::Nothing).await.with_context(cannot)?;
        let page = read(&answer.good().with_context(cannot)?).with_context(cannot)?;
        let keys = page.objects.iter().map(|listed| &listed.key).chain(&page.prefixes);
        match keys.into_iter().find(|key| !key.starts_with(prefix)) {
            // Whoever answers so would have us take a stranger's object for one of ours.
            Some(key) => bail!("{}: it was asked for keys that begin with `{prefix}`, and names `{key}`", cannot()),
            None => Ok(page),
        }
    }

    /// The runs of which something may lie in the bucket.
    ///
    /// # Errors
    /// When the server does not answer with a listing.
    pub(super) async fn runs(&self) -> Result<Vec<RunPrefix>> {
        let mut runs = Vec::new();
        let mut pages = self.pages(ABOVE, true);
        while let Some(page) = pages.next().await? {
            runs.extend(page.prefixes.iter().filter_map(|prefix| RunPrefix::above(prefix)));
        }
        // Not everybody who may write may list these.
        let uploads = self.uploads(ABOVE).await.unwrap_or_default();
        runs.extend(uploads.iter().filter_map(|upload| RunPrefix::above(&upload.key)));
        runs.sort();
        runs.dedup();
        Ok(runs)
    }

    /// The pending uploads of keys that begin so; none where the server does not list them.
    ///
    /// # Errors
    /// When it refuses to.
    pub(super) async fn uploads(&self, prefix: &str) -> Result<Vec<Upload>> {
        let (mut found, mut markers, mut known) = (Vec::new(), None::<Behind>, HashSet::new());
        loop {
            let mut query: Vec<(&str, &str)> = Vec::new();
            if let Some(Behind { key, .. }) = &markers {
                query.push(("key-marker", key));
            }
            query.push(("prefix", prefix));
            if let Some(Behind { id, .. }) = &markers {
                query.push(("upload-id-marker", id));
            }
            query.push(("uploads", ""));
            let cannot = || format!("cannot list pending uploads of {}", self.name);
            let answer = self.ask(&Method::GET, "", &query, &Sent::Nothing).await.with_context(cannot)?;
            if matches!(answer.status, StatusCode::NOT_IMPLEMENTED | StatusCode::METHOD_NOT_ALLOWED) {
                return Ok(Vec::new());
            }
            let (uploads, next) = read_uploads(&answer.good().with_context(cannot)?).with_context(cannot)?;
            found.extend(uploads.into_iter().filter(|upload| upload.key.starts_with(prefix)));
            let Some(behind) = next else { return Ok(found) };
            if behind == Behind::default() {
                bail!("{}: {NO_WAY_ON}", cannot());
            }
            if !known.insert(behind.clone()) {
                bail!("{}: {}", cannot(), in_a_circle(&behind.key));
            }
            markers = Some(behind);
        }
    }
}

/// What of a foreign bucket may be read: what runs put and remove is not to be relied on, and some keys libraries ask for in different ways.
fn readable(listed: Listed, least: u64) -> Option<Object> {
    let size = listed.size.filter(|size| *size >= least)?;
    let may_be_read = !listed.key.starts_with(ABOVE) && can_be_named(&listed.key);
    may_be_read.then_some(Object { key: listed.key, size })
}

/// The objects of at least this size on a page that a workload may read.
pub(crate) fn objects(page: &str, least: u64) -> Result<Vec<Object>> {
    Ok(read(page)?.objects.into_iter().filter_map(|listed| readable(listed, least)).collect())
}

fn read(page: &str) -> Result<Page> {
    let listing = ListObjectsV2::parse_response(page).map_err(|error| match error.to_string() {
        // The one thing that a listing lacks because of another that it has.
        lacks if lacks.contains("next_continuation_token") => anyhow!("{NO_WAY_ON}"),
        error => anyhow!("no S3 listing: {error}"),
    })?;
    let listed = listing.contents.into_iter().map(|object| Listed {
        modified: object.last_modified.as_deref().and_then(|text| text.parse().ok()),
        size: object.size,
        key: object.key,
    });
    Ok(Page {
        objects: listed.collect(),
        prefixes: listing.common_prefixes.into_iter().map(|common| common.prefix).collect(),
        next: listing.next_continuation_token,
    })
}

/// The uploads on a page, and where the next one begins.
pub(super) fn read_uploads(page: &str) -> Result<(Vec<Upload>, Option<Behind>)> {
    let (mut found, mut upload) = (Vec::new(), Upload::default());
    let (mut truncated, mut behind) = (false, Behind::default());
    let read = xml::elements(page, |parent, name, text| match (parent, name) {
        ("Upload", "Key") => text.clone_into(&mut upload.key),
        ("Upload", "UploadId") => text.clone_into(&mut upload.id),
        ("Upload", "Initiated") => upload.begun = text.parse().ok(),
        (_, "Upload") => found.push(std::mem::take(&mut upload)),
        (_, "IsTruncated") => truncated = text.eq_ignore_ascii_case("true"),
        (_, "NextKeyMarker") => text.clone_into(&mut behind.key),
        (_, "NextUploadIdMarker") => text.clone_into(&mut behind.id),
        _ => {}
    });
    read.map_err(|error| anyhow!("no list of uploads: {error}"))?;
    Ok((found, truncated.then_some(behind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_put_is_nothing_to_read() {
        let content = |key: &str| format!("<Contents><Key>{key}</Key><Size>20</Size></Contents>");
        let keys = ["a", "benchmark", "benchmark-x/y", "benchmark/0198/object-000000", "benchmark/stranger", "c"];
        let page = format!(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</ListBucketResult>",
            keys.map(content).concat()
        );
        let read: Vec<String> = objects(&page, 1).unwrap().into_iter().map(|object| object.key).collect();
        assert_eq!(read, ["a", "benchmark", "benchmark-x/y", "c"]);
        assert!(objects(&page, 21).unwrap().is_empty());
    }

    #[test]
    fn pending_uploads_are_read_with_their_ids_and_where_the_next_page_begins() {
        let upload = |key: &str, id: &str| {
            format!(
                "<Upload><Key>{key}</Key><UploadId>{id}</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated></Upload>"
            )
        };
        let page = format!(
            "<?xml version=\"1.0\"?><ListMultipartUploadsResult><Bucket>b</Bucket><IsTruncated>true</IsTruncated>\
             <NextKeyMarker>b</NextKeyMarker><NextUploadIdMarker>2</NextUploadIdMarker>{}{}</ListMultipartUploadsResult>",
            upload("a", "1"),
            upload("b", "2&amp;"),
        );
        let (uploads, next) = read_uploads(&page).unwrap();
        let ids: Vec<(&str, &str)> = uploads.iter().map(|upload| (upload.key.as_str(), upload.id.as_str())).collect();
        assert_eq!(
            (ids, next),
            (vec![("a", "1"), ("b", "2&")], Some(Behind { key: "b".to_owned(), id: "2".to_owned() }))
        );
        assert_eq!(uploads[0].begun, "2026-01-02T03:04:05Z".parse().ok());
        let none = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>";
        assert_eq!(read_uploads(none).unwrap(), (vec![], None));
        assert!(read_uploads("<html>").is_err());
    }
}
