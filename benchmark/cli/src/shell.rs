//! Commands for people to paste: words quoted for a shell, and the database that is meant. Apart from the families, as errors, records and
//! reports all name commands.

use std::ffi::OsStr;
use std::path::Path;

/// The database where nothing names one.
pub(crate) const USUAL_DATABASE: &str = "benchmark.db";

/// The variables that name one, the first of them first.
pub(crate) const DATABASE_VARIABLES: [&str; 2] = ["BENCHMARK_DB", "DATABASE_URL"];

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What a command needs to find this database, with a space before it: nothing where it would find it by itself.
pub(crate) fn database_flag(database: &Path) -> String {
    let named = DATABASE_VARIABLES.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if database.as_os_str() == OsStr::new(USUAL_DATABASE) && !named {
        return String::new();
    }
    format!(" --db {}", quoted(&database.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_split_or_expand_is_quoted() {
        for (word, written) in
            [("a-1.db", "a-1.db"), ("my runs.db", "'my runs.db'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(word), written);
        }
    }

    #[test]
    fn a_command_names_any_database_but_the_usual_one() {
        assert_eq!(database_flag(Path::new("my runs.db")), " --db 'my runs.db'");
        assert_eq!(database_flag(Path::new("/tmp/benchmark.db")), " --db /tmp/benchmark.db");
    }
}
