//! The statistics of comparison: which of two cases is faster, by how much, and whether that can be said at all.
//!
//! Everything is computed on natural logarithms, where a ratio is a difference and the noise of a rate is nearly symmetric: a mean of
//! logarithms stands for a geometric mean, its Student t interval for a factor. All intervals are at 99 % ([`CONFIDENCE`]).
//!
//! **Faster and slower need the whole interval beyond 1 %** ([`THRESHOLD`]), and not merely beyond no difference at all. Two copies
//! of one program may truly differ by some tenths of a percent (where the linker put a loop, who ran before in the block);
//! an interval that only excludes 1 finds such a difference sooner or later, the sooner the more trials there are. One that
//! excludes everything within 1 % errs in less than 1 % of comparisons however long the campaign, and costs little power: a true 5 %
//! is found in 9 of 10 campaigns of 10 trials up to a spread of some 1.8 % between trials (`examples/simulate` prints both).
//! This is the minimum-effect test of Murphy and Myors (1999), <https://doi.org/10.1037/0021-9010.84.2.234>. Where the whole interval lies
//! within 1 %, the two are the same for all practical purposes (Schuirmann's two one-sided tests, 1987); all else is undecided.

mod compare;
mod interval;
mod metric;
mod ranking;
mod student;
mod trials;
mod twins;
mod until;
mod verdict;

pub use compare::{Comparison, paired, unpaired};
pub use interval::{Interval, variation};
pub use metric::Metric;
pub use ranking::{Place, rank};
pub use trials::{BEFORE_THE_BLOCKS, Found, Trials};
pub use twins::Twins;
pub use until::Until;
pub use verdict::{Doubt, Verdict};

/// The level of every interval that is shown.
pub const CONFIDENCE: f64 = 0.99;

/// The practical threshold: differences below it are none.
pub const THRESHOLD: f64 = 0.01;

/// Trials that an interval, a verdict and a ranking need.
pub const LEAST_TRIALS: usize = 5;
