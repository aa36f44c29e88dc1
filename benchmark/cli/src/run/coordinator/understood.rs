//! The options of a run as its replicas understood them, held against what was asked for: a variable that a program misreads, or takes from
//! elsewhere, must not measure another case under this one's name.

use std::collections::BTreeMap;

use crate::case::{CaseOption, Kept, Program, Told, named};
use crate::run::Reason;

/// The names of the options whose values are no text of one line, and are told apart by their parts.
const PARAM: &str = "param";
const HEADER: &str = "header";

/// What is asked of the program of a run, by the names of its options, as `hello` is to say it.
pub(in crate::run) fn asked(options: &'static [CaseOption], told: &Told<'_>) -> BTreeMap<String, String> {
    let mut asked = BTreeMap::new();
    for option in options {
        let Some(text) = option.told(told) else { continue };
        match option.name {
            PARAM => asked.extend(text.split(',').filter_map(|param| {
                let (name, value) = param.split_once('=')?;
                Some((format!("{PARAM}.{name}"), value.to_owned()))
            })),
            HEADER => {
                let names: Vec<&str> = told.case.headers.iter().map(|header| header.name()).collect();
                asked.insert(HEADER.to_owned(), names.join(", "));
            }
            name => drop(asked.insert(name.to_owned(), text)),
        }
    }
    asked
}

/// Where a replica understood something else.
pub(super) fn differences(asked: &BTreeMap<String, String>, understood: &BTreeMap<String, String>) -> Vec<Reason> {
    if !asked.is_empty() && understood.is_empty() {
        return vec![Reason::OptionsUnsaid];
    }
    let difference = |name: &str, asked: Option<&String>, understood: Option<&String>| Reason::Options {
        option: name.trim_start_matches("param.").to_owned(),
        asked: asked.cloned(),
        understood: understood.cloned(),
    };
    let other = asked.iter().filter(|(name, value)| understood.get(*name) != Some(value));
    let other = other.map(|(name, value)| difference(name, Some(value), understood.get(name)));
    // What is left unsaid by the harness may have a default; what has none was taken from elsewhere.
    let more = understood
        .iter()
        .filter(|(name, _)| !asked.contains_key(*name) && !asked.is_empty() && stands_for_itself(name));
    other.chain(more.map(|(name, value)| difference(name, None, Some(value)))).collect()
}

/// Whether an option is left out where nothing is said.
fn stands_for_itself(name: &str) -> bool {
    named(name).is_some_and(|option| {
        let is_given = !matches!(option.program, Program::Nothing) && matches!(option.kept, Kept::InCase { .. });
        is_given && option.default_value().is_none() && option.follows.is_none()
    })
}

#[cfg(test)]
mod tests {
    use benchmark_protocol::parameter::Values;
    use benchmark_protocol::tests::Test;

    use super::*;
    use crate::case::{Case, Header, OPTIONS};

    fn case() -> Case {
        let test = Test::named("fetch_range").unwrap();
        let params = Values::new(test.parameters(), [("request_size", "4KiB")]).unwrap();
        let mut case = Case::new("hyper", "1", test, params);
        case.target = Some("http://h/a/b".to_owned());
        case.headers = vec![Header::read("X-Key: s3cret").unwrap(), Header::read("y: a, b").unwrap()];
        case
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_asked_for_has_the_names_of_headers_and_each_parameter_by_itself() {
        let case = case();
        let asked = asked(OPTIONS, &Told { case: &case, rate_per_second: None, target: "http://h/a/b" });
        let of = |name: &str| asked.get(name).map(String::as_str);
        assert_eq!((of("concurrency"), of("duration"), of("timeout")), (Some("32"), Some("10s"), Some("30s")));
        assert_eq!((of("header"), of("param.request_size"), of("rate")), (Some("x-key, y"), Some("4KiB"), None));
        assert!(!format!("{asked:?}").contains("s3cret"));
    }

    #[test]
    fn another_value_none_and_one_too_many_are_differences() {
        let asked = map(&[("concurrency", "32"), ("param.request_size", "4KiB"), ("keep_alive", "true")]);
        assert_eq!(differences(&asked, &asked), []);
        assert_eq!(differences(&asked, &map(&[])), [Reason::OptionsUnsaid]);
        assert_eq!(differences(&map(&[]), &asked), []);
        let understood = map(&[
            ("concurrency", "50"),
            ("keep_alive", "true"),
            ("requests", "9"),
            // Of a closed loop's replicas nobody says how many they are.
            ("replicas", "1"),
            ("param.object_size", "8MiB"),
        ]);
        let texts: Vec<String> = differences(&asked, &understood).iter().map(Reason::to_string).collect();
        assert_eq!(
            texts,
            [
                "options: concurrency 32 was asked for, the replica understood 50",
                "options: request_size 4KiB was asked for, the replica understood none",
                "options: no requests was asked for, the replica understood 9",
            ]
        );
    }
}
