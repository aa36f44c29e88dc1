//! The matrix for people: a table on the terminal, and docs/CONFORMANCE.md.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use super::matrix::{Matrix, Standing, expected};
use super::mode::{Kind, Mode};
use crate::library::Library;

/// What stands where a library cannot run a mode.
const CANNOT: &str = "-";

/// What came of every cell, modes down and libraries across. What differs is marked with `!`, what is declared with `*`.
#[must_use]
pub fn table(matrix: &Matrix, libraries: &[Library], modes: &[&'static Mode]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    let names = libraries.iter().map(|library| library.name.clone());
    table.set_header(["mode".to_owned(), "right".to_owned()].into_iter().chain(names));
    for mode in modes {
        let cells = libraries.iter().map(|library| cell(matrix, mode, library));
        table.add_row([mode.name.to_owned(), mode.right.to_owned()].into_iter().chain(cells));
    }
    table.to_string()
}

fn cell(matrix: &Matrix, mode: &Mode, library: &Library) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cell in matrix.of(mode, &library.name) {
        let text = match cell.standing {
            Standing::Right => cell.outcome.to_string(),
            Standing::Declared => format!("{} *", cell.outcome),
            Standing::Different | Standing::Stale => format!("! {}", cell.outcome),
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() { CANNOT.to_owned() } else { texts.join(" / ") }
}

/// docs/CONFORMANCE.md: what modes and libraries declare. A conformance run proves that it is so.
#[must_use]
pub fn page(libraries: &[Library], modes: &[&'static Mode]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for kind in Kind::ALL {
        let of_kind = || modes.iter().copied().filter(|mode| mode.kind == kind);
        if of_kind().next().is_none() {
            continue;
        }
        page.push_str(&format!("\n## {}\n\n| mode | the server | verdict |", kind.title()));
        libraries.iter().for_each(|library| page.push_str(&format!(" {} |", library.name)));
        page.push_str(&format!("\n|---|---|---|{}\n", "---|".repeat(libraries.len())));
        for mode in of_kind() {
            page.push_str(&format!(
                "| {}{} | {} | {} |",
                mode.name,
                contained(mode),
                escaped(mode.summary()),
                mode.right
            ));
            libraries.iter().for_each(|library| page.push_str(&format!(" {} |", promised(library, mode))));
            page.push('\n');
        }
        page.push_str("\nWhy:\n\n");
        for (why, names) in reasons(of_kind()) {
            page.push_str(&format!("- {}: {}.\n", names.join(", "), escaped(why)));
        }
    }
    page.push_str("\n## Declared differences\n\n");
    let mut any = false;
    for library in libraries {
        for (mode, declared) in &library.conformance {
            any = true;
            page.push_str(&format!(
                "- {} in {mode}: `{}`, as {}.\n",
                library.name,
                declared.does,
                escaped(&declared.why)
            ));
        }
    }
    if !any {
        page.push_str("None.\n");
    }
    page
}

/// Reasons, each with the modes that it is the reason of.
fn reasons(modes: impl Iterator<Item = &'static Mode>) -> Vec<(&'static str, Vec<&'static str>)> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for mode in modes {
        match reasons.iter_mut().find(|(why, _)| *why == mode.why) {
            Some((_, names)) => names.push(mode.name),
            None => reasons.push((mode.why, vec![mode.name])),
        }
    }
    reasons
}

fn promised(library: &Library, mode: &Mode) -> String {
    match expected(library, mode) {
        None => CANNOT.to_owned(),
        Some((does, Some(_))) => format!("{does} *"),
        Some((_, None)) => "✓".to_owned(),
    }
}

/// Where a mode is run beside processes.
const fn contained(mode: &Mode) -> &'static str {
    match (mode.on_process, mode.contained, mode.on_compose) {
        (false, ..) => " (containers only)",
        (true, true, _) => " (also in containers)",
        (true, false, true) => "",
        (true, false, false) => " (processes only)",
    }
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

const INTRODUCTION: &str = "\
# Conformance

One server, one verdict: whatever a server does, every library is judged alike. Each mode below is a server that does one thing wrong, or as
few others do, and everything else right; `benchmark conform` runs every library against every one of them and compares the verdicts, the
requests that the server saw with those that were issued, and who ended connections. What is right is a valid run; `verify: KIND` where the
first request already fails, by the kind of its failure; `invalid: KINDS` where requests of the window do; or `refused` where nothing
was started.

✓ is the mode's verdict; - a mode that the library cannot run (an operation that it has not, or `[unsupported]` in its library.toml); * another
verdict, which its library.toml declares under `[conformance]`.

    benchmark conform                                     every library in every mode
    benchmark conform --library reqwest --mode garbage    one of each
    benchmark conform --output docs/CONFORMANCE.md        this page, once all that it says was found to be so
";
