//! The flags of a run as clap knows them: a suite's values are checked, and become options, by the very parsers of the flags.

use std::error::Error;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Args, Command, CommandFactory, FromArgMatches, Parser};

use super::key::{KEYS, Key};
use crate::library::suggestion;
use crate::plan::LoadOptions;

#[derive(Debug, Parser)]
#[command(no_binary_name = true)]
struct Flags {
    #[command(flatten)]
    load: LoadOptions,
}

/// Reads texts as the command line would.
pub(super) struct Parsers(Command);

impl Parsers {
    pub(super) fn new() -> Self {
        Self(Flags::command())
    }

    /// What is wrong with the value of a key, if anything.
    pub(super) fn check(&mut self, key: &Key, text: &str) -> Result<(), String> {
        let Err(error) = self.0.try_get_matches_from_mut(argument(key.name, text)) else { return Ok(()) };
        let strings = |kind| match error.get(kind) {
            Some(ContextValue::Strings(strings)) => strings.clone(),
            _ => Vec::new(),
        };
        match error.kind() {
            ErrorKind::InvalidValue => {
                let known = strings(ContextKind::ValidValue);
                let near = suggestion(text, &known.iter().map(String::as_str).collect::<Vec<_>>());
                Err(format!("`{text}` is no value of `{}`{near} (known: {})", key.name, known.join(", ")))
            }
            ErrorKind::ValueValidation => {
                let why = error.source().map_or_else(|| "it is malformed".to_owned(), ToString::to_string);
                Err(if why.contains(&format!("`{text}`")) { why } else { format!("`{text}`: {why}") })
            }
            // Whatever else it says is about flags that are not there yet.
            _ => Ok(()),
        }
    }

    /// The options of these flags, everything else as it is by default.
    pub(super) fn options<'a>(
        &mut self,
        given: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Result<LoadOptions, String> {
        let arguments = given.filter_map(|(name, text)| argument(name, text));
        let flags = self
            .0
            .try_get_matches_from_mut(arguments)
            .and_then(|mut matches| Flags::from_arg_matches_mut(&mut matches));
        flags.map(|flags| flags.load).map_err(|error| {
            error.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    }

    /// The flag of a key.
    pub(super) fn flag(&self, key: &Key) -> Option<&Arg> {
        self.0.get_arguments().find(|flag| long(flag) == Some(key.name.replace('_', "-").as_str()))
    }
}

/// `--name=text`; a switch is there or not.
fn argument(name: &str, text: &str) -> Option<String> {
    match (name, text) {
        ("quick", "true") => Some("--quick".to_owned()),
        ("quick", _) => None,
        _ => Some(format!("--{}={text}", name.replace('_', "-"))),
    }
}

fn long(flag: &Arg) -> Option<&str> {
    flag.get_long()
}

/// Every flag of a run, of which only those that stand on the command line are kept: they win over the suite's file, whereas
/// defaults and the environment do not.
#[derive(Clone, Debug, Default)]
pub struct GivenFlags {
    /// Name of the key and what it was given.
    pub(super) options: Vec<(&'static Key, Vec<String>)>,
    /// `--param name=value`.
    pub(super) params: Vec<String>,
}

impl Args for GivenFlags {
    fn augment_args(command: Command) -> Command {
        LoadOptions::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        LoadOptions::augment_args_for_update(command)
    }
}

impl FromArgMatches for GivenFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let parsers = Parsers::new();
        let given = |id: &str| -> Option<Vec<String>> {
            let on_command_line = matches.value_source(id) == Some(ValueSource::CommandLine);
            let texts = matches.get_raw(id).into_iter().flatten().map(|text| text.to_string_lossy().into_owned());
            on_command_line.then(|| texts.collect())
        };
        let options = KEYS.iter().filter_map(|key| {
            let texts = given(parsers.flag(key)?.get_id().as_str())?;
            // A switch, and `--keep-alive` alone, are `true`.
            Some((key, if texts.is_empty() { vec!["true".to_owned()] } else { texts }))
        });
        Ok(Self { options: options.collect(), params: given("params").unwrap_or_default() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::key::Shape;

    #[test]
    fn a_suite_has_a_key_for_every_flag_and_no_other() {
        let parsers = Parsers::new();
        let mut flags: Vec<String> =
            parsers.0.get_arguments().filter_map(long).map(|flag| flag.replace('-', "_")).collect();
        flags.retain(|flag| !["param", "help"].contains(&flag.as_str()));
        flags.sort_unstable();
        let mut keys: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        keys.sort_unstable();
        assert_eq!(keys, flags);
    }

    #[test]
    fn bounds_are_those_of_the_flags() {
        let mut parsers = Parsers::new();
        for key in &KEYS {
            let Shape::Count { min, max } = key.shape else { continue };
            let mut good = |count: u64| parsers.check(key, &count.to_string()).is_ok();
            assert!(good(min) && good(max), "{}", key.name);
            assert!(min.checked_sub(1).is_none_or(|below| !good(below)), "{}", key.name);
            assert!(max.checked_add(1).is_none_or(|above| !good(above)), "{}", key.name);
        }
    }

    #[test]
    fn what_may_be_left_out_has_no_default() {
        let parsers = Parsers::new();
        for key in KEYS.iter().filter(|key| key.optional) {
            assert!(parsers.flag(key).unwrap().get_default_values().is_empty(), "{}", key.name);
        }
    }
}
