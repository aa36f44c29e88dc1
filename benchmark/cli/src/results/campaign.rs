//! The rows of one campaign, for the screen: each with its case, which names are made from.

use super::error::Error;
use super::row::{Row, Rows};
use crate::case::Case;
use crate::store::{Selection, Store};

/// A row and its case.
#[derive(Clone, Debug)]
pub struct CampaignRow {
    /// The case, every option of it.
    pub case: Case,
    /// What its runs gave.
    pub row: Row,
    /// The same by operation, where its test has several.
    pub operations: Vec<Row>,
}

/// Every row of a campaign, in the order in which its cases first ran; none where no run is finished.
///
/// # Errors
/// A database that cannot be read, or a case that this version does not know.
pub async fn of_campaign(store: &Store, campaign_id: &str) -> Result<Vec<CampaignRow>, Error> {
    let selection = Selection { campaign_id: Some(campaign_id.to_owned()), ..Selection::default() };
    let cases = store.finished_cases(&selection).await?;
    let mut rows = Rows::of_cases(store, cases, selection.campaign_id, false).await?;
    let mut read: Vec<CampaignRow> = Vec::new();
    while let Some(row) = rows.next().await? {
        if let (Some(_), Some(whole)) = (row.operation, read.last_mut()) {
            whole.operations.push(row);
            continue;
        }
        let unknown = |reason| Error::UnknownCase { campaign_id: campaign_id.to_owned(), reason };
        read.push(CampaignRow { case: row.case.case().map_err(unknown)?, row, operations: Vec::new() });
    }
    Ok(read)
}
