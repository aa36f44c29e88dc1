//! A server that is not ours, named by a URL: it is told nothing, and gives no account.

use anyhow::Result;
use benchmark_protocol::message::Object;
use benchmark_protocol::origin::{Audit, Begin};
use benchmark_protocol::target::{Names, Target as Named};

use super::{Target, bucket};
use crate::case::Case;

/// The server, as the user named it.
#[derive(Clone, Debug)]
pub struct External {
    url: String,
    named: Named,
}

impl External {
    /// The server of this URL, at this endpoint where it is an `s3://` one.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn new(url: &str, endpoint: Option<&str>) -> Result<Self> {
        Ok(Self { url: url.to_owned(), named: Named::parse(url, endpoint, false)? })
    }
}

impl Target for External {
    async fn start(&mut self) -> Result<()> {
        Ok(())
    }

    fn addresses(&self, _: &str) -> Vec<String> {
        vec![self.url.clone()]
    }

    /// What a bucket holds is listed here, so that every library asks for the same objects.
    async fn announce(&mut self, _: &str, _: u64, case: &Case) -> Result<Vec<Object>> {
        match &self.named.names {
            Names::Bucket(name) => {
                let least = case.test.least_size(&case.params);
                bucket::list(&self.named.endpoint, name, least, &case.headers).await
            }
            Names::Object { .. } | Names::Path(_) => Ok(Vec::new()),
        }
    }

    async fn begin(&self, _: &str, _: Begin) -> Result<()> {
        Ok(())
    }

    async fn account(&mut self, _: &str) -> Result<Option<Audit>> {
        Ok(None)
    }

    fn cpu_seconds(&self) -> Option<f64> {
        None
    }

    fn cpus(&self) -> Option<usize> {
        None
    }

    async fn stop(&mut self) {}
}
