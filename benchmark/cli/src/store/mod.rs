//! The SQLite database: the only place that knows SQL. Runs go in as [`crate::run::Run`] has them and come out as rows
//! for [`crate::results`].
//!
//! A run is one row from its start on and gets everything else in one transaction as it finishes, so that a harness
//! that is killed leaves whole runs and a row that says which one it was at. The schema is in `/migrations`.

mod campaign;
mod case;
mod cost;
mod decode;
mod error;
mod open;
mod operation;
mod read;
mod run;
mod seen;
mod stored;
mod summary;

pub use campaign::{CampaignOverview, CampaignStatus};
pub use error::Error;
pub use open::Store;
pub use operation::StoredOperation;
pub use run::NewRun;
pub use seen::UnseenRun;
pub use stored::{
    CaseId, Known, RunKey, Selection, StoredAudit, StoredCase, StoredHistograms, StoredReplica, StoredRun,
};
