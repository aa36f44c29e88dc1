//! What killed campaigns left in a bucket. Whose it is says the marker below its prefix: what a harness put that ran here and is dead was
//! left, and what one puts that runs here is in use. Of a harness that cannot be seen from here nothing is known, so that what it put counts
//! as left only once nothing below the prefix is newer than a day.

use std::fmt;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};

use super::client::Bucket;
use super::prefix::RunPrefix;
use crate::machine::{ProcessIdentity, is_dead, is_in_sight};

/// How old the newest of what somebody else put must be.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);

/// What lies below the prefix of a run that is over, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOver {
    pub(crate) prefix: RunPrefix,
    bucket: String,
    objects: usize,
    uploads: usize,
    /// Whether it is for certain that nobody uses it any more.
    is_left: bool,
}

impl LeftOver {
    /// Whether it may be removed.
    pub(crate) const fn is_left(&self) -> bool {
        self.is_left
    }

    /// Whether uploads of it are pending.
    pub(crate) const fn has_uploads(&self) -> bool {
        self.uploads > 0
    }
}

/// `benchmark/<run id>/ of bucket `b` at http://h:1 (1234 objects, 1 pending upload)`.
impl fmt::Display for LeftOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, bucket, objects, uploads, .. } = self;
        let noun = if *objects == 1 { "object" } else { "objects" };
        write!(f, "{prefix} of {bucket} ({objects} {noun}")?;
        match uploads {
            0 => f.write_str(")"),
            1 => f.write_str(", 1 pending upload)"),
            _ => write!(f, ", {uploads} pending uploads)"),
        }
    }
}

impl Bucket {
    /// What lies there of runs that are over, or may be; nothing of those that go on here.
    ///
    /// # Errors
    /// When the server does not say what lies there.
    pub(crate) async fn leftovers(&self) -> Result<Vec<LeftOver>> {
        let mut found = Vec::new();
        for prefix in self.runs().await? {
            let harness = self.harness_of(&prefix).await?;
            if harness.as_ref().is_some_and(|harness| is_in_sight(harness) && !is_dead(harness)) {
                continue;
            }
            let (mut objects, mut newest) = (0, None);
            let mut pages = self.pages(prefix.as_str(), false);
            while let Some(page) = pages.next().await? {
                objects += page.objects.len();
                newest = newest.max(page.objects.iter().filter_map(|listed| listed.modified).max());
            }
            let uploads = self.uploads(prefix.as_str()).await.unwrap_or_default();
            newest = newest.max(uploads.iter().filter_map(|upload| upload.begun).max());
            if objects > 0 || !uploads.is_empty() {
                let is_left = is_left(harness.as_ref(), newest, Timestamp::now());
                found.push(LeftOver { prefix, bucket: self.name.clone(), objects, uploads: uploads.len(), is_left });
            }
        }
        Ok(found)
    }
}

/// Whether a harness that is not seen to run is over for certain, given the newest of what it put.
fn is_left(harness: Option<&ProcessIdentity>, newest: Option<Timestamp>, now: Timestamp) -> bool {
    harness.is_some_and(is_dead) || newest.is_some_and(|newest| now.duration_since(newest) > A_DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::this_process;

    #[test]
    fn what_is_left_is_what_a_dead_harness_of_this_host_put_or_what_is_older_than_a_day() {
        let now: Timestamp = "2026-01-03T00:00:00Z".parse().unwrap();
        let [young, old] = ["2026-01-02T00:00:01Z", "2026-01-01T23:59:59Z"].map(|text| text.parse().ok());
        let dead = ProcessIdentity { start_ticks: 1, ..this_process() };
        let elsewhere = ProcessIdentity { place: Some("elsewhere".to_owned()), ..dead.clone() };
        for (harness, newest, left) in [
            (Some(&dead), young, true),
            (Some(&elsewhere), young, false),
            (Some(&elsewhere), old, true),
            (None, young, false),
            (None, old, true),
            (None, None, false),
        ] {
            assert_eq!(is_left(harness, newest, now), left, "{harness:?} {newest:?}");
        }
    }

    #[test]
    fn it_is_named_by_its_prefix_and_its_number() {
        let prefix = RunPrefix::of("0198c0de-0000-7000-8000-000000000001");
        let left = LeftOver { prefix, bucket: "bucket `b`".to_owned(), objects: 1234, uploads: 1, is_left: true };
        let says = "benchmark/0198c0de-0000-7000-8000-000000000001/ of bucket `b` (1234 objects, 1 pending upload)";
        assert_eq!(left.to_string(), says);
    }
}
