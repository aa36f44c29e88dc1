//! `get-results`: finished runs as rows, one per case and campaign or one per replica, each with those of its operations behind it, in
//! CSV, JSON or Markdown.
//!
//! [`rows`] reads a batch of cases at a time and pools their trials, as [`of_campaign`] does for the screen; [`columns`] says what each
//! column holds, for the exporters and for docs/RESULTS.md alike; [`write`] puts both into a file or on stdout.

mod campaign;
mod ceiling;
mod cell;
mod column;
mod error;
mod export;
mod filter;
mod merge;
mod operation;
mod output;
mod refresh;
mod row;

pub use campaign::{CampaignRow, of_campaign};
pub use ceiling::{CeilingBy, CeilingShare};
pub use cell::Cell;
pub use column::{Column, Scope, columns, markdown};
pub use error::Error;
pub use export::{Exporter, Format, exporter};
pub use filter::{CampaignFilter, Filter};
pub use output::{Output, write};
pub use refresh::{Refreshed, refresh};
pub use row::{Row, Rows, rows};
