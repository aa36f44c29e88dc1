//! What a run needs is put below its prefix, before its replicas begin.

use anyhow::{Context, Result};
use benchmark_protocol::tests::Prepared;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Method;

use super::client::{Bucket, Sent};
use super::prefix::RunPrefix;

/// Objects that are on their way at once.
pub(super) const AT_ONCE: usize = 16;

impl Bucket {
    /// Says that the prefix is in use, and puts these objects below it; how many are there is told as they come.
    ///
    /// # Errors
    /// The first that the server does not take.
    pub(crate) async fn prepare(
        &self,
        prefix: &RunPrefix,
        objects: &[Prepared],
        mut on_put: impl FnMut(u64),
    ) -> Result<()> {
        self.mark(prefix).await?;
        let puts = objects.iter().map(|object| self.put(prefix.key(&object.key), object.size));
        let mut puts = stream::iter(puts).buffer_unordered(AT_ONCE);
        let mut done = 0;
        while puts.try_next().await?.is_some() {
            done += 1;
            on_put(done);
        }
        Ok(())
    }

    async fn put(&self, key: String, size: u64) -> Result<()> {
        let cannot = || format!("cannot put `{key}` into {}", self.name);
        let answer = self.ask(&Method::PUT, &key, &[], &Sent::Object(&key, size)).await.with_context(cannot)?;
        answer.good().with_context(cannot).map(drop)
    }
}
