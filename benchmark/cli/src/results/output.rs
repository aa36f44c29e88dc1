//! Where results go: a file that is replaced whole or not at all, or stdout.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::column::columns;
use super::error::Error;
use super::export::{Format, exporter};
use super::filter::Filter;
use super::row::{Rows, rows};
use crate::store::Store;

/// `OUT` of `get-results`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// `-`.
    Stdout,
    /// A file. A regular one is written beside and renamed; anything else (`/dev/null`, a named pipe) is written to.
    File(PathBuf),
}

impl From<&str> for Output {
    fn from(text: &str) -> Self {
        if text == "-" { Self::Stdout } else { Self::File(PathBuf::from(text)) }
    }
}

/// Writes the rows that pass `filter`, and returns how many. A reader that closed stdout early is no error.
///
/// # Errors
/// Whatever [`Error`] names. Nothing is written unless there are rows, and a file that cannot be finished leaves an
/// older one of its name as it was.
pub async fn write(
    store: &Store,
    filter: &Filter,
    format: Format,
    per_replica: bool,
    out: &Output,
) -> Result<u64, Error> {
    let rows = rows(store, filter, per_replica).await?;
    match out {
        Output::Stdout => match export(rows, format, per_replica, Path::new("-"), io::stdout().lock()).await {
            Err(Error::Output { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(0),
            other => other,
        },
        Output::File(path) => to_file(rows, format, per_replica, path).await,
    }
}

async fn to_file(rows: Rows<'_>, format: Format, per_replica: bool, path: &Path) -> Result<u64, Error> {
    let failed = |source| Error::Output { path: path.to_owned(), source };
    // A link stays a link: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let existing = fs::metadata(&target).ok();
    if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
        let file = File::options().write(true).open(&target).map_err(failed)?;
        return export(rows, format, per_replica, path, file).await;
    }
    if existing.as_ref().is_some_and(|existing| existing.permissions().readonly()) {
        return Err(failed(io::ErrorKind::PermissionDenied.into()));
    }
    let name = target.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    let beside = target.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
    let file = File::create(&beside).map_err(failed)?;
    let written = async {
        let number = export(rows, format, per_replica, path, &file).await?;
        if let Some(existing) = existing {
            file.set_permissions(existing.permissions()).map_err(failed)?;
        }
        // Only whole files get the name: synced before renamed, as a full disk may show as late as here.
        file.sync_all().map_err(failed)?;
        fs::rename(&beside, &target).map_err(failed)?;
        Ok(number)
    };
    let written = written.await;
    if written.is_err() {
        // What is left of a file nobody asked for; that it is left over is not worth an error of its own.
        fs::remove_file(&beside).ok();
    }
    written
}

async fn export(
    mut rows: Rows<'_>,
    format: Format,
    per_replica: bool,
    path: &Path,
    out: impl Write,
) -> Result<u64, Error> {
    let failed = |source| Error::Output { path: path.to_owned(), source };
    let columns: Vec<_> = columns(per_replica).collect();
    let names = columns.iter().map(|column| column.name).collect();
    let mut exporter = exporter(format, names, BufWriter::with_capacity(1 << 16, out)).map_err(failed)?;
    let mut number = 0;
    while let Some(row) = rows.next().await? {
        let cells: Vec<_> = columns.iter().map(|column| column.cell(&row)).collect();
        exporter.row(&cells).map_err(failed)?;
        number += 1;
    }
    exporter.finish().map_err(failed)?;
    Ok(number)
}
