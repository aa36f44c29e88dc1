//! Who put what lies below a run's prefix: an object of its own, put first and removed last, by which another harness tells what was left
//! from what is in use.

use anyhow::{Context, Result};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::client::{Bucket, Sent};
use super::prefix::RunPrefix;
use crate::machine::{ProcessIdentity, this_process};

/// Its key, behind the prefix of the run.
pub(super) const MARKER: &str = "harness.json";

/// What it says.
#[derive(Debug, Serialize, Deserialize)]
struct Marker {
    /// The harness, in the words of the label of what it makes.
    harness: String,
    /// For whoever finds it.
    about: String,
}

impl Bucket {
    /// Says below this prefix that it is in use by this process.
    ///
    /// # Errors
    /// When the server does not take it.
    pub(super) async fn mark(&self, prefix: &RunPrefix) -> Result<()> {
        let about = "A run of `benchmark` puts objects here and removes them when it ends; `--sweep` removes what a killed one left";
        let marker = Marker { harness: this_process().to_string(), about: about.to_owned() };
        let (key, text) = (prefix.key(MARKER), serde_json::to_string(&marker)?);
        let cannot = || format!("cannot put `{key}` into {}", self.name);
        let answer = self.ask(&Method::PUT, &key, &[], &Sent::Text(&text, None)).await.with_context(cannot)?;
        answer.good().with_context(cannot).map(drop)
    }

    /// The harness that put what lies below this prefix; `None` where nothing says so.
    ///
    /// # Errors
    /// When the server does not show it.
    pub(super) async fn harness_of(&self, prefix: &RunPrefix) -> Result<Option<ProcessIdentity>> {
        let key = prefix.key(MARKER);
        let cannot = || format!("cannot read `{key}` of {}", self.name);
        let answer = self.ask(&Method::GET, &key, &[], &Sent::Nothing).await.with_context(cannot)?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let marker: Option<Marker> = serde_json::from_str(&answer.good().with_context(cannot)?).ok();
        Ok(marker.and_then(|marker| ProcessIdentity::parse(&marker.harness)))
    }
}
