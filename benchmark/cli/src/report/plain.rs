//! Progress as lines, for files and CI.

use super::naming::Naming;
use crate::campaign::{Event, Listener};

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
            Event::Swept { leftovers } => eprintln!("{leftovers}"),
            Event::Planned { runs, cases, .. } => {
                self.runs = *runs;
                self.naming = Naming::among(*cases);
                eprintln!("{}", super::opening(event).unwrap_or_default());
            }
            Event::Building { library, doing: None } => eprintln!("building {library}"),
            Event::LeftAtTarget { leftover } => eprintln!("{}", super::left(leftover)),
            Event::RemovedFromTarget { leftover } => eprintln!("removed {leftover}"),
            Event::Preparing { done: 0, total } if *total > 0 => eprintln!("putting {total} objects at the target"),
            Event::RunStarted { case, .. } => self.title = self.naming.title(case),
            Event::RunEnded { number, run } => {
                eprintln!("[{number}/{}] {}: {}", self.runs, self.title, super::ending(run));
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
