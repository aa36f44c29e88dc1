//! What is wrong with a matrix, and with what libraries declare, a sentence each.

use super::matrix::{Cell, Matrix, Standing};
use super::modes::named;
use crate::exit::Usage;
use crate::library::Library;

/// That every declared difference is one of a mode that there is.
///
/// # Errors
/// [`Usage`] that names the library and the mode.
pub fn check_declared(libraries: &[Library]) -> Result<(), Usage> {
    for library in libraries {
        for (name, declared) in &library.conformance {
            let place = format!("[conformance] in library.toml of `{}`", library.name);
            let mode = named(name).map_err(|error| Usage(format!("{place}: {error}")))?;
            if declared.does == mode.right {
                return Err(Usage(format!(
                    "{place}: `{name}` declares `{}`, which is what is right: remove it",
                    mode.right
                )));
            }
        }
    }
    Ok(())
}

/// A sentence for each cell that is neither right nor declared.
#[must_use]
pub fn troubles(matrix: &Matrix, libraries: &[Library]) -> Vec<String> {
    let bad = matrix.cells.iter().filter(|cell| matches!(cell.standing, Standing::Different | Standing::Stale));
    bad.map(|cell| trouble(cell, libraries)).collect()
}

fn trouble(cell: &Cell, libraries: &[Library]) -> String {
    let Cell { mode, library, place, outcome, standing } = cell;
    let declared = libraries.iter().find(|known| known.name == *library);
    let declared = declared.and_then(|library| library.conformance.get(mode.name));
    let title = format!("{library} in {} (runner {})", mode.name, place.runner());
    if *standing == Standing::Stale {
        return format!(
            "{title}: {outcome}, which is right: remove `{}` from [conformance] in its library.toml",
            mode.name
        );
    }
    let wanted = match declared {
        Some(declared) => format!("`{}` as it declares, or `{}`", declared.does, mode.right),
        None => format!("`{}`", mode.right),
    };
    let said = if outcome.texts.is_empty() { String::new() } else { format!(": {}", outcome.texts.join("; ")) };
    format!("{title}: `{outcome}` instead of {wanted}{said}")
}
