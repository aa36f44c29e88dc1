//! What goes out, results on stdout and all else on stderr: a line at a time, to readers that may have seen enough and gone (`| head`), and
//! with colours where those are wanted. The one place that writes to either; clippy sees to it.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};

/// Writes a line of results.
macro_rules! say {
    ($($text:tt)*) => { $crate::output::result(format_args!($($text)*)) };
}

/// Writes a line on what goes on, for people.
macro_rules! tell {
    ($($text:tt)*) => { $crate::output::remark(format_args!($($text)*)) };
}

pub(crate) use {say, tell};

/// Why results did not get out, other than that nobody wanted them.
static LOST: Mutex<Option<io::Error>> = Mutex::new(None);

/// What [`say`] does.
pub(crate) fn result(text: Arguments<'_>) {
    let mut stdout = io::stdout().lock();
    match write_line(&mut stdout, text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
        _ => {}
    }
}

/// What [`tell`] does. What cannot be told is no reason to end what goes on.
pub(crate) fn remark(text: Arguments<'_>) {
    let _ = write_line(&mut io::stderr().lock(), text);
}

/// In one piece, so that what other processes write stands before or behind it.
fn write_line(out: &mut impl Write, text: Arguments<'_>) -> io::Result<()> {
    out.write_all(format!("{text}\n").as_bytes())
}

/// Why results did not get out, where they did not: the disk is full, for one.
pub(crate) fn lost() -> Option<io::Error> {
    LOST.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Whether what is written there has colours: on a terminal that has some, unless somebody asked for none.
pub(crate) fn has_colours(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && wants_colours(|name| std::env::var(name).ok())
}

/// Whether it is a terminal whose cursor can be moved, for what is drawn again and again.
pub(crate) fn is_drawn_on(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && !is_dumb(|name| std::env::var(name).ok())
}

/// Whether the environment is one for colours: <https://no-color.org>, <https://bixense.com/clicolors/>.
pub(crate) fn wants_colours(variable: impl Fn(&str) -> Option<String>) -> bool {
    let none_wanted = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    !none_wanted && variable("CLICOLOR").as_deref() != Some("0") && !is_dumb(variable)
}

fn is_dumb(variable: impl Fn(&str) -> Option<String>) -> bool {
    variable("TERM").as_deref().is_none_or(|term| term.is_empty() || term == "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_have_them_and_people_who_want_them() {
        for (variables, wanted) in [
            (&[("TERM", "xterm")][..], true),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], true),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], false),
            (&[("TERM", "xterm"), ("CLICOLOR", "1")], true),
            (&[("TERM", "xterm"), ("CLICOLOR", "0")], false),
            (&[("TERM", "dumb")], false),
            (&[], false),
        ] {
            let variable =
                |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
            assert_eq!(wants_colours(variable), wanted, "{variables:?}");
        }
    }
}
