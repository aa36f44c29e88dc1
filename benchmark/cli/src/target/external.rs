//! A server that is not ours, named by a URL: it is told nothing, and gives no account. Of a bucket the harness lists what is read; with
//! leave to write it puts there what a run needs, and removes it.

use anyhow::Result;
use benchmark_protocol::message::Object;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::origin::{Audit, Begin};
use benchmark_protocol::target::{Names, Target as Named};

use super::Target;
use super::bucket::{Bucket, LeftOver, Removed, RunPrefix};
use crate::campaign::{Event, Listener};
use crate::case::{Ca, Case, Header};

/// The server, as the user named it.
#[derive(Clone, Debug)]
pub struct External {
    url: String,
    named: Named,
    /// What the harness trusts as well, where not the usual certificates.
    ca: Option<Box<Ca>>,
}

impl External {
    /// The server of this URL, at this endpoint where it is an `s3://` one, whose certificates are signed by these where they are not the
    /// usual ones.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn new(url: &str, endpoint: Option<&str>, ca: Option<&Ca>) -> Result<Self> {
        Ok(Self { url: url.to_owned(), named: Named::parse(url, endpoint, false)?, ca: ca.cloned().map(Box::new) })
    }

    /// Its bucket, where it is one.
    fn bucket(&self, headers: &[Header]) -> Result<Option<Bucket>> {
        match &self.named.names {
            Names::Bucket(name) => Bucket::new(&self.named.endpoint, name, headers, self.ca.as_deref()).map(Some),
            Names::Object { .. } | Names::Path(_) => Ok(None),
        }
    }

    /// What killed campaigns left there.
    ///
    /// # Errors
    /// When the server does not say what lies there.
    pub(super) async fn leftovers(&self, headers: &[Header]) -> Result<Vec<LeftOver>> {
        match self.bucket(headers)? {
            Some(bucket) => bucket.leftovers().await,
            None => Ok(Vec::new()),
        }
    }

    /// Removes all that lies below a prefix; pending uploads where there may be some.
    ///
    /// # Errors
    /// When the server does not say what lies there.
    pub(super) async fn remove(
        &self,
        prefix: &RunPrefix,
        in_parts: bool,
        headers: &[Header],
        listener: &mut dyn Listener,
    ) -> Result<Removed> {
        match self.bucket(headers)? {
            Some(bucket) => bucket.clear(prefix, in_parts, |gone| listener.on(&Event::Removing { gone })).await,
            None => Ok(Removed::default()),
        }
    }
}

impl Target for External {
    async fn start(&mut self) -> Result<()> {
        Ok(())
    }

    fn addresses(&self, _: &str) -> Vec<String> {
        vec![self.url.clone()]
    }

    /// A run that writes finds what it needs below its prefix. What else a bucket holds is listed here, so that every library asks for the
    /// same objects.
    async fn announce(
        &mut self,
        run_id: &str,
        _: u64,
        case: &Case,
        listener: &mut dyn Listener,
    ) -> Result<Vec<Object>> {
        let Some(bucket) = self.bucket(&case.headers)? else { return Ok(Vec::new()) };
        let objects = case.test.prepares(&case.params, case.replicas);
        if case.writes_below_prefix() {
            let total = objects.len() as u64;
            listener.on(&Event::Preparing { done: 0, total });
            let on_put = |done| listener.on(&Event::Preparing { done, total });
            bucket.prepare(&RunPrefix::of(run_id), &objects, on_put).await?;
            return Ok(Vec::new());
        }
        // A test that would have its own keys and may not put them takes the bucket as it is.
        if objects.is_empty() { bucket.readable(case.test.least_size(&case.params)).await } else { Ok(Vec::new()) }
    }

    fn prefix(&self, run_id: &str, case: &Case) -> Option<String> {
        case.writes_below_prefix().then(|| RunPrefix::of(run_id).to_string())
    }

    async fn begin(&self, _: &str, _: Begin) -> Result<()> {
        Ok(())
    }

    async fn account(&mut self, _: &str) -> Result<Option<Audit>> {
        Ok(None)
    }

    async fn clear(&mut self, run_id: &str, case: &Case, listener: &mut dyn Listener) {
        if !case.writes_below_prefix() {
            return;
        }
        let prefix = RunPrefix::of(run_id);
        let in_parts = case.test.operations().contains(&Operation::CreateUpload);
        match self.remove(&prefix, in_parts, &case.headers, listener).await {
            Ok(Removed { because: None, .. }) => {}
            Ok(Removed { stays, because: Some(why), .. }) => {
                tracing::warn!("{stays} of the run's objects and uploads stay below {prefix}, as {why}: {WAY_OUT}");
            }
            Err(error) => tracing::warn!("whatever the run put stays below {prefix}, as {error:#}: {WAY_OUT}"),
        }
    }

    fn cpu_seconds(&self) -> Option<f64> {
        None
    }

    fn cpus(&self) -> Option<usize> {
        None
    }

    async fn stop(&mut self) {}
}

/// How to be rid of what could not be removed.
const WAY_OUT: &str = "a campaign with `--writes --sweep` on that bucket removes it once this one has ended";
