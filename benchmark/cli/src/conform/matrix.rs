//! All cells, each held against what is right and what its library declares.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use futures_util::{StreamExt, stream};
use tokio::sync::Semaphore;

use super::cell::{Bench, Where, run_cell};
use super::mode::Mode;
use super::outcome::Outcome;
use crate::library::{Declared, Library};

/// What may run at once: a cell that works takes several of these, one that waits takes one. Nothing is timed, so they may.
const SEATS: u32 = 20;

/// What a cell takes that works.
const WORKING: u32 = 4;

/// A cell of the matrix.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The mode.
    pub mode: &'static Mode,
    /// The library's name.
    pub library: String,
    /// Where it ran.
    pub place: Where,
    /// What came of it.
    pub outcome: Outcome,
    /// What that is worth.
    pub standing: Standing,
}

/// What an outcome is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is right.
    Right,
    /// It is another one, and declared.
    Declared,
    /// It is another one.
    Different,
    /// It is right, and another one is declared.
    Stale,
}

/// Every cell that was run.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// In the order of modes, libraries and places.
    pub cells: Vec<Cell>,
}

/// What is expected of a library in a mode: what it declares, else what is right.
#[must_use]
pub fn expected<'a>(library: &'a Library, mode: &Mode) -> Option<(&'a str, Option<&'a Declared>)>
where
    'static: 'a,
{
    if !mode.is_for(library) {
        return None;
    }
    let declared = library.conformance.get(mode.name);
    Some((declared.map_or(mode.right, |declared| declared.does.as_str()), declared))
}

impl Matrix {
    /// Runs every library in every mode that it can run, and in every place that the mode is for.
    ///
    /// # Errors
    /// The first cell that could not be run at all.
    pub async fn run(
        bench: &Bench,
        libraries: &[Library],
        modes: &[&'static Mode],
        places: impl Fn(&Mode) -> Vec<Where>,
        mut on_cell: impl FnMut(&Cell),
    ) -> Result<Self> {
        let seats = Arc::new(Semaphore::new(SEATS as usize));
        let of_mode = |mode: &'static Mode| {
            let able = libraries.iter().filter(move |library| mode.is_for(library));
            let places = places(mode);
            able.flat_map(move |library| places.clone().into_iter().map(move |place| (mode, library, place)))
        };
        let cells = modes.iter().flat_map(|mode| of_mode(mode)).enumerate();
        let running = cells.map(|(number, (mode, library, place))| {
            let seats = Arc::clone(&seats);
            async move {
                let taken = if mode.waits { 1 } else { WORKING };
                let _seat = seats.acquire_many(taken).await?;
                let outcome = run_cell(bench, library, mode, place).await?;
                let standing = standing(library, mode, &outcome);
                anyhow::Ok((number, Cell { mode, library: library.name.clone(), place, outcome, standing }))
            }
        });
        let mut running = stream::iter(running).buffer_unordered(SEATS as usize);
        let mut cells = BTreeMap::new();
        while let Some(ran) = running.next().await {
            let (number, cell) = ran?;
            on_cell(&cell);
            cells.insert(number, cell);
        }
        Ok(Self { cells: cells.into_values().collect() })
    }

    /// Whether every cell is right or declared.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.cells.iter().all(|cell| matches!(cell.standing, Standing::Right | Standing::Declared))
    }

    /// The cells of a library in a mode, one for each place.
    pub fn of<'a>(&'a self, mode: &'a Mode, library: &'a str) -> impl Iterator<Item = &'a Cell> {
        self.cells.iter().filter(move |cell| cell.mode.name == mode.name && cell.library == library)
    }
}

fn standing(library: &Library, mode: &Mode, outcome: &Outcome) -> Standing {
    match library.conformance.get(mode.name) {
        None if outcome.words == mode.right => Standing::Right,
        None => Standing::Different,
        Some(declared) if outcome.words == declared.does => Standing::Declared,
        Some(_) if outcome.words == mode.right => Standing::Stale,
        Some(_) => Standing::Different,
    }
}
