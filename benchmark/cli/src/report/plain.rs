//! Progress as lines, for files and CI.

use super::naming::Naming;
use crate::campaign::{Event, Listener};
use crate::output::tell;

/// Prints a line for each run on stderr.
#[derive(Default)]
pub(super) struct Plain {
    runs: usize,
    naming: Naming,
    title: String,
}

impl Listener for Plain {
    fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Swept { leftovers } => tell!("{leftovers}"),
            Event::Planned { runs, cases, .. } => {
                self.runs = *runs;
                self.naming = Naming::among(*cases);
                tell!("{}", super::opening(event).unwrap_or_default());
            }
            Event::Building { library, doing: None } => tell!("building {library}"),
            Event::LeftAtTarget { leftover } => tell!("{}", super::left(leftover)),
            Event::RemovedFromTarget { leftover } => tell!("removed {leftover}"),
            Event::Preparing { done: 0, total } if *total > 0 => tell!("putting {total} objects at the target"),
            Event::RunStarted { case, .. } => self.title = self.naming.title(case),
            Event::RunEnded { number, run } => {
                tell!("[{number}/{}] {}: {}", self.runs, self.title, super::ending(run));
            }
            Event::Building { doing: Some(_), .. }
            | Event::Cooling { .. }
            | Event::Built
            | Event::Preparing { .. }
            | Event::Removing { .. }
            | Event::Ticked { .. }
            | Event::Ended => {}
        }
    }
}
