//! The formats of results: rows to bytes.

use std::io::{self, Write};
use std::str::FromStr;

use super::cell::Cell;

/// `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header (RFC 4180, lines end with `\n`).
    #[default]
    Csv,
    /// An array of objects, numbers as numbers, `null` for what was not measured.
    Json,
    /// A table for people, a dash for what was not measured.
    Markdown,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Json, Self::Markdown];

    /// The format's name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Markdown => "markdown",
        }
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::name).join(", ");
        let format = Self::ALL.into_iter().find(|format| format.name() == name);
        format.ok_or_else(|| format!("unknown format `{name}` (known: {known})"))
    }
}

/// Writes rows one by one; the header was written when it was made.
pub trait Exporter {
    /// Writes one row, with a cell for each column.
    ///
    /// # Errors
    /// Whatever writing fails with.
    fn row(&mut self, cells: &[Cell]) -> io::Result<()>;

    /// Writes what comes after the last row.
    ///
    /// # Errors
    /// Whatever writing fails with.
    fn finish(&mut self) -> io::Result<()>;
}

/// Begins a document with these columns.
///
/// # Errors
/// Whatever writing fails with.
pub fn exporter<'w>(
    format: Format,
    columns: Vec<&'static str>,
    mut out: impl Write + 'w,
) -> io::Result<Box<dyn Exporter + 'w>> {
    Ok(match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(&columns)?;
            Box::new(Csv(writer))
        }
        Format::Json => Box::new(Json { columns, out, rows: 0 }),
        Format::Markdown => {
            writeln!(out, "| {} |", columns.join(" | "))?;
            writeln!(out, "|{}", " --- |".repeat(columns.len()))?;
            Box::new(Markdown(out))
        }
    })
}

struct Csv<W: Write>(csv::Writer<W>);

impl<W: Write> Exporter for Csv<W> {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for cell in cells {
            match cell {
                Cell::Text(text) => self.0.write_field(text)?,
                other => self.0.write_field(other.to_string())?,
            }
        }
        self.0.write_record(None::<&[u8]>)?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

struct Json<W> {
    columns: Vec<&'static str>,
    out: W,
    rows: u64,
}

impl<W: Write> Exporter for Json<W> {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        self.out.write_all(if self.rows == 0 { b"[\n{" } else { b",\n{" })?;
        self.rows += 1;
        for (index, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(self.out, "{comma}\"{column}\":")?;
            match cell {
                Cell::Empty => self.out.write_all(b"null")?,
                Cell::Text(text) => serde_json::to_writer(&mut self.out, text)?,
                Cell::Integer(number) => write!(self.out, "{number}")?,
                Cell::Signed(number) => write!(self.out, "{number}")?,
                Cell::Real(number) => serde_json::to_writer(&mut self.out, number)?,
                Cell::Flag(flag) => write!(self.out, "{flag}")?,
            }
        }
        self.out.write_all(b"}")
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.write_all(if self.rows == 0 { b"[]\n" } else { b"\n]\n" })?;
        self.out.flush()
    }
}

struct Markdown<W>(W);

impl<W: Write> Exporter for Markdown<W> {
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        for cell in cells {
            match cell {
                Cell::Empty => write!(self.0, "| - ")?,
                // A bar or a line break would end the cell.
                Cell::Text(text) => write!(self.0, "| {} ", text.replace('|', "\\|").replace(['\r', '\n'], " "))?,
                other => write!(self.0, "| {other} ")?,
            }
        }
        writeln!(self.0, "|")
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: Format, rows: &[[Cell; 3]]) -> String {
        let mut out = Vec::new();
        let mut exporter = exporter(format, vec!["name", "25%", "on"], &mut out).unwrap();
        for row in rows {
            exporter.row(row).unwrap();
        }
        exporter.finish().unwrap();
        drop(exporter);
        String::from_utf8(out).unwrap()
    }

    fn rows() -> [[Cell; 3]; 2] {
        [
            [Cell::Text("a,\"b\"|\nc".to_owned()), Cell::Real(0.5), Cell::Flag(true)],
            [Cell::Text(String::new()), Cell::Empty, Cell::Integer(7)],
        ]
    }

    #[test]
    fn csv_quotes_what_it_must_and_leaves_absent_values_empty() {
        assert_eq!(written(Format::Csv, &rows()), "name,25%,on\n\"a,\"\"b\"\"|\nc\",0.5,true\n,,7\n");
    }

    #[test]
    fn json_has_numbers_as_numbers_and_null() {
        let text = written(Format::Json, &rows());
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            serde_json::json!([{"name": "a,\"b\"|\nc", "25%": 0.5, "on": true}, {"name": "", "25%": null, "on": 7}])
        );
        assert_eq!(written(Format::Json, &[]), "[]\n");
    }

    #[test]
    fn markdown_keeps_each_row_on_its_line() {
        assert_eq!(
            written(Format::Markdown, &rows()),
            "| name | 25% | on |\n| --- | --- | --- |\n| a,\"b\"\\| c | 0.5 | true |\n|  | - | 7 |\n"
        );
    }

    #[test]
    fn an_unknown_format_is_answered_with_the_known_ones() {
        assert_eq!("xml".parse::<Format>().unwrap_err(), "unknown format `xml` (known: csv, json, markdown)");
        assert_eq!("json".parse(), Ok(Format::Json));
    }
}
