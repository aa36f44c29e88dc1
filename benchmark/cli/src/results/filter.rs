//! Which runs results are wanted of.

use std::convert::Infallible;
use std::str::FromStr;

use super::error::Error;
use crate::store::{CaseId, Known, Selection, Store};

/// `--campaign`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CampaignFilter {
    /// `all`, the default.
    #[default]
    All,
    /// `last`: the one that began last.
    Last,
    /// A campaign's id.
    Id(String),
}

impl FromStr for CampaignFilter {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "all" => Self::All,
            "last" => Self::Last,
            id => Self::Id(id.to_owned()),
        })
    }
}

/// `--campaign`, `--library` and `--test` of `get-results`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Runs of these campaigns.
    pub campaign: CampaignFilter,
    /// Runs of this library only.
    pub library: Option<String>,
    /// Runs of this test only.
    pub test: Option<String>,
}

impl Filter {
    /// The filter in the store's words, and the cases that pass in the order of results: one or more.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the names there are, [`Error::NoMatch`], [`Error::NoFinishedRun`].
    pub async fn cases(&self, store: &Store) -> Result<(Selection, Vec<CaseId>), Error> {
        let known = store.known().await?;
        let selection = self.selection(&known);
        let cases = store.finished_cases(&selection).await?;
        if cases.is_empty() { Err(nothing(store, selection, known)) } else { Ok((selection, cases)) }
    }

    /// The same in the store's words.
    pub(super) fn selection(&self, known: &Known) -> Selection {
        let campaign_id = match &self.campaign {
            CampaignFilter::All => None,
            CampaignFilter::Last => known.campaigns.last().cloned(),
            CampaignFilter::Id(id) => Some(id.clone()),
        };
        Selection { campaign_id, library: self.library.clone(), test: self.test.clone() }
    }
}

/// The most helpful reason for an empty selection.
fn nothing(store: &Store, selection: Selection, known: Known) -> Error {
    let path = store.path().to_owned();
    if known.libraries.is_empty() {
        return Error::NoFinishedRun { path };
    }
    let asked = [
        ("campaign", selection.campaign_id, known.campaigns),
        ("library", selection.library, known.libraries),
        ("test", selection.test, known.tests),
    ];
    let mut all = Vec::new();
    for (what, asked, known) in asked {
        let Some(asked) = asked else { continue };
        if !known.contains(&asked) {
            return Error::Unknown { what, asked, known, path };
        }
        all.push(format!("{what} `{asked}`"));
    }
    Error::NoMatch { asked: all.join(", "), path }
}
