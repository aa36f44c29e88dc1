//! What is compared with what: two campaigns, or two libraries or options of one, case by case, and what speaks against it.
//!
//! [`sides`] finds out what A and B name, within a campaign by [`chosen`] keys, [`contender`] reads their cases, [`matching`] pairs them, [`refusal`] says what makes a pair
//! incomparable; the figures are [`crate::stats::comparison`]'s. What comes of it is a [`Report`].

mod chosen;
mod contender;
mod matching;
mod refusal;
mod report;
mod sides;
mod workload;

pub use chosen::Chosen;
pub use contender::{Contender, Pair, contenders, read, twins};
pub use report::{Report, Request, Row, compare};
pub use sides::{Sides, campaign_named};
pub use workload::Workload;
