//! What was said of the options that shape the load, in flags, a suite or the environment: shared by every command that runs tests.

use std::path::PathBuf;

use clap::builder::{BoolishValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::case::{Amount, Case, CaseOption, Header, Kept, Kind, OPTIONS, QUICK, Terms, Unsaid, Value, named};
use crate::shell::{DATABASE_VARIABLES, USUAL_DATABASE};

/// What was said of options: those that are not here have their defaults.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LoadOptions(Vec<Said>);

/// What was said of one option.
#[derive(Clone, Debug)]
struct Said {
    option: &'static CaseOption,
    /// One, or several of an option that repeats.
    values: Vec<Value>,
    on_command_line: bool,
}

impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        (self.option.name, &self.values) == (other.option.name, &other.values)
    }
}

/// Blocks of a campaign that goes on until its intervals are narrow, unless told otherwise.
const MOST_BLOCKS: u32 = 40;

impl LoadOptions {
    /// Reads texts by the names of their options, as the command line would. The variables that are heeded say what the texts do not.
    ///
    /// # Errors
    /// A sentence with the text that is no value.
    pub(crate) fn read<'a>(given: impl Iterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut options = Self::default();
        for (name, text) in given {
            let option = known(name);
            options.add(option, option.parse(text)?);
        }
        for option in OPTIONS {
            let Some(variable) = option.heeded.filter(|_| !options.has(option.name)) else { continue };
            let Some(text) = std::env::var_os(variable) else { continue };
            let value = option.parse(&text.to_string_lossy()).map_err(|error| format!("{variable}: {error}"))?;
            options.add(option, value);
        }
        Ok(options)
    }

    /// The same with another value of an option, or with several of one that repeats.
    #[must_use]
    pub fn with(mut self, name: &str, values: impl IntoIterator<Item = Value>) -> Self {
        self.0.retain(|said| said.option.name != name);
        values.into_iter().for_each(|value| self.add(known(name), value));
        self
    }

    fn add(&mut self, option: &'static CaseOption, value: Value) {
        match self.0.iter_mut().find(|said| said.option.name == option.name) {
            Some(said) => said.values.push(value),
            None => self.0.push(Said { option, values: vec![value], on_command_line: false }),
        }
    }

    fn said(&self, name: &str) -> Option<&Said> {
        debug_assert!(named(name).is_some(), "no option `{name}`");
        self.0.iter().find(|said| said.option.name == name)
    }

    /// Whether something was said of an option.
    pub(super) fn has(&self, name: &str) -> bool {
        self.said(name).is_some()
    }

    /// What was said of an option that repeats.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.said(name).into_iter().flat_map(|said| &said.values).map(Value::spoken).collect()
    }

    /// The options of which a library must be capable: those that were said and are not what holds anyway.
    pub(super) fn asked(&self) -> impl Iterator<Item = &'static str> {
        let asked = |said: &&Said| match said.option.default {
            Unsaid::Is(_) => said.values.last() != said.option.default_value().as_ref(),
            Unsaid::None | Unsaid::Usually(_) => true,
        };
        self.0.iter().filter(asked).map(|said| said.option.name)
    }

    /// The headers of every request.
    #[must_use]
    pub fn headers(&self) -> Vec<Header> {
        match self.said("header").and_then(|said| Value::together(&said.values)) {
            Some(Value::Headers(headers)) => headers,
            _ => Vec::new(),
        }
    }

    /// What stands on the command line: it wins over a suite, whereas defaults and the environment do not.
    pub(crate) fn on_command_line(&self) -> impl Iterator<Item = (&'static CaseOption, Vec<String>)> {
        let flags = self.0.iter().filter(|said| said.on_command_line);
        flags.map(|said| (said.option, said.values.iter().map(Value::spoken).collect()))
    }

    /// Gives a case, which has its defaults, what was said.
    pub(super) fn shape(&self, case: &mut Case) {
        if self.terms().quick {
            let (window, warm_up) = QUICK;
            (case.load.amount, case.load.warm_up) = (Amount::Duration(window), warm_up);
        }
        for said in &self.0 {
            if let Some(value) = Value::together(&said.values) {
                said.option.set(case, &value);
            }
        }
        case.follow(|name| !self.has(name));
    }

    /// What holds for the campaign.
    #[must_use]
    pub fn terms(&self) -> Terms {
        let mut terms = Terms::default();
        for option in OPTIONS {
            let Kept::InCampaign { set } = option.kept else { continue };
            let said = self.said(option.name).and_then(|said| Value::together(&said.values));
            if let Some(value) = said.or_else(|| option.default_value()) {
                set(&mut terms, &value);
            }
        }
        terms
    }

    /// Blocks: as told, else the command's own number; without an end in sight where the intervals' width is the end.
    pub(super) fn blocks(&self, usual: u32) -> u32 {
        let Terms { trials, until, quick, .. } = self.terms();
        let usual = if until.is_some() { MOST_BLOCKS } else { usual };
        trials.unwrap_or(if quick && until.is_none() { 1 } else { usual })
    }

    /// Where runs are recorded.
    #[must_use]
    pub fn database(&self) -> Database {
        Database { file: self.terms().db }
    }

    /// Reads flags as a command would.
    #[cfg(test)]
    pub(super) fn parse(flags: &[&str]) -> Result<Self, clap::Error> {
        let matches = Self::augment_args(Command::new("benchmark").no_binary_name(true)).try_get_matches_from(flags)?;
        Self::from_arg_matches(&matches)
    }
}

/// An option of the table: names come from there.
fn known(name: &str) -> &'static CaseOption {
    named(name).unwrap_or_else(|| panic!("no option `{name}`"))
}

/// The flag of an option.
fn flag(option: &'static CaseOption) -> Arg {
    let value_name =
        if option.value_name.is_empty() { option.name.to_uppercase() } else { option.value_name.to_owned() };
    let mut flag = Arg::new(option.name).long(option.flag()).help(option.help);
    if !option.more.is_empty() {
        flag = flag.long_help(format!("{}\n\n{}", option.help, option.more));
    }
    if let Some(variable) = option.heeded {
        flag = flag.env(variable);
    }
    if let Some(other) = option.instead_of {
        flag = flag.conflicts_with(other);
    }
    if let Unsaid::Is(text) = option.default {
        flag = flag.default_value(text);
    }
    match option.kind {
        Kind::Switch => return flag.action(ArgAction::SetTrue),
        Kind::Flag => {
            let parser = BoolishValueParser::new().map(Value::Flag);
            flag = flag.num_args(0..=1).default_missing_value("true").value_parser(parser);
        }
        Kind::Word(words) => {
            let words = words.iter().map(|(word, help)| PossibleValue::new(word).help(help));
            flag = flag.value_parser(PossibleValuesParser::new(words).map(Value::Text));
        }
        // Read later: what clap says of a value that is no good repeats it.
        Kind::Headers => {}
        _ => flag = flag.value_parser(move |text: &str| option.parse(text)),
    }
    let action = if option.kind.repeats() { ArgAction::Append } else { ArgAction::Set };
    let flag = flag.value_name(value_name).action(action);
    // A campaign that goes on is told its database once more.
    if option.name == "db" { flag.overrides_with("db") } else { flag }
}

impl Args for LoadOptions {
    fn augment_args(command: Command) -> Command {
        command.args(OPTIONS.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LoadOptions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut options = Self::default();
        for option in OPTIONS {
            let on_command_line = match matches.value_source(option.name) {
                Some(ValueSource::CommandLine) => true,
                Some(ValueSource::EnvVariable) => false,
                _ => continue,
            };
            let values = match option.kind {
                Kind::Switch => vec![Value::Flag(matches.get_flag(option.name))],
                Kind::Headers => {
                    let texts = matches.get_many::<String>(option.name).into_iter().flatten();
                    let headers = texts.map(|text| option.parse(text)).collect::<Result<_, _>>();
                    headers.map_err(|error| clap::Error::raw(ErrorKind::ValueValidation, format!("{error}\n")))?
                }
                _ => matches.get_many::<Value>(option.name).into_iter().flatten().cloned().collect(),
            };
            options.0.push(Said { option, values, on_command_line });
        }
        Ok(options)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Where the database is.
#[derive(Clone, Debug, Args)]
pub struct Database {
    /// The database [env: BENCHMARK_DB, or DATABASE_URL where it starts with sqlite:] [default: benchmark.db]
    #[arg(long = "db", value_name = "FILE", overrides_with = "file")]
    file: Option<PathBuf>,
}

impl Database {
    /// The database's file: the flag, else the environment, else `benchmark.db` here.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let [path, url] = DATABASE_VARIABLES;
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let url = || variable(url).and_then(|url| Some(url.strip_prefix("sqlite:")?.trim_start_matches("//").into()));
        self.file
            .clone()
            .or_else(|| variable(path).map(PathBuf::from))
            .or_else(|| url().map(|path: String| PathBuf::from(path.split('?').next().unwrap_or_default())))
            .unwrap_or_else(|| PathBuf::from(USUAL_DATABASE))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn flags_are_consistent_and_each_row_has_one() {
        let command = LoadOptions::augment_args(Command::new("benchmark"));
        command.clone().debug_assert();
        let flags: Vec<&str> = command.get_arguments().map(|flag| flag.get_id().as_str()).collect();
        assert_eq!(flags, OPTIONS.iter().map(|option| option.name).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_said_is_told_from_what_holds_anyway() {
        let options = LoadOptions::parse(&[
            "--runner",
            "process",
            "--threads=1",
            "--inject",
            "reset=1%",
            "--inject",
            "truncate=1%",
        ])
        .unwrap();
        assert!(options.has("threads") && !options.has("concurrency"));
        assert_eq!(options.texts("inject"), ["reset=1%", "truncate=1%"]);
        let flags: Vec<&str> = options.on_command_line().map(|(option, _)| option.name).collect();
        assert_eq!(flags, ["runner", "inject", "threads"]);
        assert_eq!((options.terms().passes, options.terms().seed, options.blocks(5)), (1, 1, 5));
    }

    #[test]
    fn switches_stand_alone_and_flags_may() {
        let options = LoadOptions::parse(&["--quick", "--use-dns-cache", "--keep-alive", "no"]).unwrap();
        assert!(options.terms().quick);
        assert_eq!(
            (options.texts("use_dns_cache"), options.texts("keep_alive")),
            (vec!["true".to_owned()], vec!["false".to_owned()])
        );
    }

    #[test]
    fn numbers_have_the_bounds_of_the_table() {
        for option in OPTIONS {
            let Kind::Count { min, max } = option.kind else { continue };
            let good = |count: u64| LoadOptions::parse(&[&format!("--{}={count}", option.flag())]).is_ok();
            assert!(good(min) && good(max), "{}", option.name);
            assert!(min.checked_sub(1).is_none_or(|below| !good(below)), "{}", option.name);
            assert!(max.checked_add(1).is_none_or(|above| !good(above)), "{}", option.name);
        }
    }

    #[test]
    fn per_replica_is_what_the_help_of_the_commands_says() {
        let of_replicas = OPTIONS.iter().filter(|option| option.scope == crate::case::Scope::Replica);
        for option in of_replicas.filter(|option| !["cpus", "memory"].contains(&option.name)) {
            assert!(option.help.contains("per replica"), "{}", option.name);
        }
    }

    #[test]
    fn a_window_is_short_where_quick_says_so_and_nothing_else_does() {
        let window = |flags: &[&str]| {
            let test = benchmark_protocol::tests::Test::named("fetch_range").unwrap();
            let mut case = Case::new("hyper", "1", test, Default::default());
            LoadOptions::parse(flags).unwrap().shape(&mut case);
            (case.load.amount, case.load.warm_up)
        };
        let seconds = |seconds| Amount::Duration(Duration::from_secs(seconds));
        assert_eq!(window(&[]), (seconds(10), Duration::from_secs(2)));
        assert_eq!(window(&["--quick"]), (seconds(3), Duration::from_secs(1)));
        assert_eq!(window(&["--quick", "--duration", "4s"]), (seconds(4), Duration::from_secs(1)));
        assert_eq!(window(&["--requests", "9", "--quick"]).0, Amount::Requests(9));
    }
}
