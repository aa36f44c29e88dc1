//! What lies below a run's prefix is removed: its objects, its pending uploads, and at last what says who put it.

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use rusty_s3::actions::{DeleteObjects, DeleteObjectsResponse, ObjectIdentifier};

use super::client::{Bucket, Sent};
use super::list::Upload;
use super::marker::MARKER;
use super::prefix::RunPrefix;
use super::put::AT_ONCE;

/// How often the prefix is looked at: what replicas sent last may come to lie there only now.
const LOOKS: usize = 3;

/// What came of a removal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// Objects and pending uploads that are gone.
    pub(crate) gone: u64,
    /// Those that stay, and why the first of them does.
    pub(crate) stays: u64,
    pub(crate) because: Option<String>,
}

impl Removed {
    fn count(&mut self, result: Result<()>) {
        match result {
            Ok(()) => self.gone += 1,
            Err(error) => {
                self.stays += 1;
                self.because.get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }
}

impl Bucket {
    /// Removes all that lies below a prefix, and nothing else; pending uploads where there may be some. How much is gone is told as it
    /// goes.
    ///
    /// # Errors
    /// When the server does not say what objects lie there.
    pub(crate) async fn clear(
        &self,
        prefix: &RunPrefix,
        in_parts: bool,
        mut on_gone: impl FnMut(u64),
    ) -> Result<Removed> {
        let mut removed = Removed::default();
        for _ in 0..LOOKS {
            let before = removed.gone;
            (removed.stays, removed.because) = (0, None);
            let uploads = if in_parts { self.uploads(prefix.as_str()).await } else { Ok(Vec::new()) };
            match uploads {
                Ok(uploads) => {
                    for upload in uploads {
                        removed.count(self.abort(prefix, &upload).await);
                    }
                }
                Err(error) => removed.count(Err(error)),
            }
            let mut pages = self.pages(prefix.as_str(), false);
            while let Some(page) = pages.next().await? {
                let keys = page.objects.into_iter().map(|listed| listed.key).filter(|key| *key != prefix.key(MARKER));
                self.remove(prefix, keys.collect(), &mut removed).await;
                on_gone(removed.gone);
            }
            if removed.gone == before {
                break;
            }
        }
        if removed.stays == 0 {
            let marker = self.remove_one(prefix, &prefix.key(MARKER)).await;
            if marker.is_err() {
                removed.count(marker);
            }
        }
        Ok(removed)
    }

    /// Removes these keys, all at once where the server can.
    async fn remove(&self, prefix: &RunPrefix, keys: Vec<String>, removed: &mut Removed) {
        if keys.is_empty() {
            return;
        }
        let one_by_one = match self.remove_together(prefix, &keys).await {
            Ok(refused) => {
                removed.gone += (keys.len() - refused.len()) as u64;
                refused
            }
            // Not every server can, and what is wrong else is said of each key.
            Err(_) => keys,
        };
        let mut singles =
            stream::iter(one_by_one.iter().map(|key| self.remove_one(prefix, key))).buffer_unordered(AT_ONCE);
        while let Some(result) = singles.next().await {
            removed.count(result);
        }
    }

    /// Those of these keys that could not be removed so.
    async fn remove_together(&self, prefix: &RunPrefix, keys: &[String]) -> Result<Vec<String>> {
        let objects: Vec<ObjectIdentifier> = keys.iter().map(|key| ObjectIdentifier::new(ours(prefix, key))).collect();
        let mut action = DeleteObjects::new(&self.address, None, objects.iter());
        action.set_quiet(true);
        let (body, md5) = action.body_with_md5();
        let answer = self.ask(&Method::POST, "", &[("delete", "")], &Sent::Text(&body, Some(&md5))).await?;
        let response = DeleteObjectsResponse::parse(&answer.good()?).context("no answer to a removal")?;
        let refused: Vec<String> = response.errors.into_iter().map(|error| error.key).collect();
        Ok(keys.iter().filter(|key| refused.contains(key)).cloned().collect())
    }

    async fn remove_one(&self, prefix: &RunPrefix, key: &str) -> Result<()> {
        let cannot = || format!("cannot remove `{key}` from {}", self.name);
        let answer = self.ask(&Method::DELETE, &ours(prefix, key), &[], &Sent::Nothing).await.with_context(cannot)?;
        if answer.status == StatusCode::NOT_FOUND { Ok(()) } else { answer.good().with_context(cannot).map(drop) }
    }

    async fn abort(&self, prefix: &RunPrefix, Upload { key, id, .. }: &Upload) -> Result<()> {
        let cannot = || format!("cannot abort the upload `{id}` of `{key}` in {}", self.name);
        let query = [("uploadId", id.as_str())];
        let answer =
            self.ask(&Method::DELETE, &ours(prefix, key), &query, &Sent::Nothing).await.with_context(cannot)?;
        if answer.status == StatusCode::NOT_FOUND { Ok(()) } else { answer.good().with_context(cannot).map(drop) }
    }
}

/// A key that may be removed: whatever a server names, nothing that lies elsewhere ever is.
fn ours(prefix: &RunPrefix, key: &str) -> String {
    assert!(prefix.holds(key), "`{key}` does not lie below `{prefix}`");
    key.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "does not lie below")]
    fn nothing_but_what_lies_below_the_prefix_is_ever_removed() {
        ours(&RunPrefix::of("0198c0de-0000-7000-8000-000000000001"), "benchmark/stranger");
    }
}
