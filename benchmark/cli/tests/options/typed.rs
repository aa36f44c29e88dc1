//! Whatever a user types of options and suites: no panic, and an error that names the value.

use std::sync::LazyLock;

use benchmark::case::{Header, Kind, OPTIONS};
use benchmark::compare::Chosen;
use benchmark::library::{Library, catalogue, root};
use benchmark::plan::{LoadOptions, Selection, cases};
use benchmark::suite::{Source, plan};
use clap::{Args, Command, FromArgMatches};
use proptest::prelude::*;

static LIBRARIES: LazyLock<Vec<Library>> = LazyLock::new(|| catalogue(&root().unwrap()).unwrap());

/// Texts that are nearly right: pieces of what options take, in any order.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("1"),
        Just("-"),
        Just("0"),
        Just("."),
        Just("9999999999999999999999"),
        Just("e308"),
        Just("%"),
        Just("/s"),
        Just("ms"),
        Just("s"),
        Just("KiB"),
        Just("GiB"),
        Just("="),
        Just(":"),
        Just(","),
        Just(" "),
        Just("none"),
        Just("nan"),
        Just("latency"),
        Just("constant"),
        Just("pareto"),
        Just("error"),
        Just("503"),
        Just("request_size"),
        Just("true"),
        Just("\u{e9}"),
        Just("\r\n"),
        Just("'"),
        Just("\""),
        Just("@"),
        Just("0-3"),
    ];
    prop_oneof![proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat()), any::<String>()]
}

fn parsed(flags: &[String]) -> Result<LoadOptions, clap::Error> {
    let command = LoadOptions::augment_args(Command::new("benchmark").no_binary_name(true));
    LoadOptions::from_arg_matches(&command.try_get_matches_from(flags)?)
}

/// A value of a suite, as TOML.
fn value() -> impl Strategy<Value = String> {
    let quoted = |text: String| toml::Value::String(text).to_string();
    let scalar = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (-3_i64..70_000).prop_map(|number| number.to_string()),
        any::<f64>()
            .prop_filter("TOML", |number| number.is_finite())
            .prop_map(|number| toml::Value::Float(number).to_string()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        nearly().prop_map(quoted),
        Just("\"none\"".to_owned()),
        Just("1979-05-27".to_owned()),
    ];
    let list = proptest::collection::vec(scalar.clone(), 0..4).prop_map(|values| format!("[{}]", values.join(", ")));
    let lists = proptest::collection::vec(list.clone(), 0..3).prop_map(|values| format!("[{}]", values.join(", ")));
    let pace = prop_oneof![Just("factor"), Just("step"), Just("by")];
    let range = (scalar.clone(), scalar.clone(), pace, scalar.clone())
        .prop_map(|(from, to, pace, by)| format!("{{ from = {from}, to = {to}, {pace} = {by} }}"));
    prop_oneof![scalar, list, lists, range]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_option_reads_any_text_or_names_it(index in 0..OPTIONS.len(), text in nearly()) {
        let option = &OPTIONS[index];
        if let Err(error) = option.parse(&text)
            && option.kind != Kind::Headers
        {
            prop_assert!(error.contains(&text) || error.contains(text.trim()), "{}: {error}", option.name);
        }
    }

    #[test]
    fn a_header_reads_any_text_and_says_no_value(name in nearly(), value in "[!-9;-~]{12,40}") {
        match Header::read(&format!("{name}:{value}")) {
            Ok(header) => prop_assert!(!header.to_string().contains(&value)),
            Err(error) => prop_assert!(!error.contains(&value), "{error}"),
        }
    }

    #[test]
    fn flags_make_a_plan_or_an_error_with_their_value(param in nearly(), header in nearly()) {
        let options = parsed(&[format!("--param={param}")]);
        match options.map(|options| cases(&LIBRARIES, &Selection::default(), &options)) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                let name = param.split('=').next().unwrap_or_default();
                prop_assert!(error.0.contains(&param) || error.0.contains(name), "{param}: {}", error.0);
            }
            Err(error) => prop_assert!(error.to_string().contains("--param"), "{error}"),
        }
        if let Err(error) = parsed(&[format!("--header={header}")]) {
            prop_assert!(error.to_string().contains("header"), "{error}");
        }
    }

    #[test]
    fn a_suite_is_a_plan_or_a_list_of_problems_with_their_places(index in 0..OPTIONS.len(), value in value(), param in any::<bool>()) {
        let name = OPTIONS[index].name;
        let line = if param { format!("params = {{ request_size = {value} }}") } else { format!("{name} = {value}") };
        for text in [format!("[[matrix]]\nlibrary = \"hyper\"\ntest = \"fetch_range\"\n{line}\n"), format!("[[matrix]]\n[suite]\n{line}\n")] {
            let source = Source { path: "typed.toml".into(), text: text.clone() };
            if let Err(error) = plan(&source, &LIBRARIES, &Selection::default(), &LoadOptions::default()) {
                let places = error.0.lines().skip(1).filter(|line| line.starts_with("typed.toml:"));
                prop_assert!(places.count() > 0 || error.0.contains("CPU"), "{text}: {}", error.0);
            }
        }
    }

    #[test]
    fn any_text_is_a_suite_or_has_problems(text in nearly()) {
        let source = Source { path: "typed.toml".into(), text };
        let _ = plan(&source, &LIBRARIES, &Selection::default(), &LoadOptions::default());
    }

    #[test]
    fn a_side_of_a_comparison_is_read_or_named(key in nearly(), value in nearly()) {
        if let Err(error) = Chosen::read(&format!("{key}={value}")) {
            prop_assert!(!error.0.is_empty());
        }
        let _ = Chosen::read(&key);
    }
}
