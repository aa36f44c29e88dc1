//! The schema for editors says what the parser does.

use benchmark::library::root;
use benchmark::suite::schema;
use boon::{Compiler, Schemas};
use serde_json::Value;

use super::{EXAMPLES, example, libraries, planned};

/// Whether a text is good in the eyes of the schema; why not, else.
fn validate(text: &str) -> Result<(), String> {
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    compiler.add_resource("suite.schema.json", schema(&libraries())).unwrap();
    let suite = compiler.compile("suite.schema.json", &mut schemas).unwrap();
    let text: Value = toml::from_str(text).map_err(|error| error.to_string())?;
    schemas.validate(&text, suite).map_err(|error| error.to_string())
}

#[test]
fn the_file_in_the_checkout_is_what_the_command_prints() {
    let path = root().unwrap().join("suites/suite.schema.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(file, schema(&libraries()), "write it anew: `benchmark run --schema > suites/suite.schema.json`");
}

#[test]
fn every_suite_of_the_checkout_names_the_schema_and_follows_it() {
    for name in EXAMPLES {
        let text = example(name).text;
        assert!(text.starts_with("#:schema ./suite.schema.json\n"), "{name}");
        validate(&text).unwrap();
    }
}

#[test]
fn parser_and_schema_agree_on_what_is_good() {
    for lines in [
        "",
        "concurrency = 8",
        "concurrency = [1, 8]",
        "concurrency = { from = 1, to = 8, factor = 2 }",
        "timeout = [\"500ms\", \"2.5m\"]",
        "rate = [\"none\", 1000, \"50%\", \"250/s\"]",
        "rate = { from = \"10%\", to = \"90%\", step = \"20%\" }",
        "inject = [\"none\", \"reset=1%\", [\"reset=1%\", \"error=503:1%\"]]",
        "library = [\"hyper\", \"ureq\"]\ntest = \"call_api\"\nparams = { delay = \"1ms\" }",
        "params = { request_size = { from = 1024, to = \"4 KiB\", step = 1024 }, signed = [true, false] }",
        "keep_alive = [true, false]\nskip_unsupported = true",
    ] {
        let text = format!("[suite]\ntrials = 6\nuntil = \"2%\"\n[[matrix]]\n{lines}\n");
        planned(&text).unwrap_or_else(|error| panic!("{error}"));
        validate(&text).unwrap_or_else(|error| panic!("{lines}: {error}"));
    }
}

#[test]
fn parser_and_schema_agree_on_what_is_not() {
    for text in [
        "",
        "[suite]\n",
        "[matrix]\n",
        "[[matrix]]\n[suit]\n",
        "[[matrix]]\nconcurency = 8",
        "[[matrix]]\nconcurrency = \"8\"",
        "[[matrix]]\nconcurrency = 0",
        "[[matrix]]\nconcurrency = 1.5",
        "[[matrix]]\nconcurrency = []",
        "[[matrix]]\nconcurrency = [8, 8]",
        "[[matrix]]\nconcurrency = \"none\"",
        "[[matrix]]\nconcurrency = { from = 1, to = 8 }",
        "[[matrix]]\nconcurrency = { from = 1, to = 8, factor = 2, step = 1 }",
        "[[matrix]]\nconcurrency = { from = 1, to = 8, factor = 1 }",
        "[[matrix]]\nconcurrency = { from = 1, to = 8, by = 1 }",
        "[[matrix]]\nkeep_alive = { from = 1, to = 8, step = 1 }",
        "[[matrix]]\nkeep_alive = \"true\"",
        "[[matrix]]\ntimeout = 30",
        "[[matrix]]\ntimeout = \"30\"",
        "[[matrix]]\nrate = true",
        "[[matrix]]\nrate = 1\narrivals = \"posson\"",
        "[[matrix]]\ninject = [1]",
        "[[matrix]]\nlibrary = \"reqwst\"",
        "[[matrix]]\ntest = \"call_ap\"",
        "[[matrix]]\nparams = { reqest_size = 1 }",
        "[[matrix]]\nparams = { request_size = true }",
        "[[matrix]]\ntrials = 5",
        "[[matrix]]\nrequests = 1\nduration = \"1s\"",
        "[[matrix]]\nskip_unsupported = \"yes\"",
        "[[matrix]]\n[suite]\ntrials = [1]",
        "[[matrix]]\n[suite]\ntrials = 0",
        "[[matrix]]\n[suite]\nuntil = 2",
        "[[matrix]]\nrunner = [\"process\", \"swarm\"]",
        "[[matrix]]\n[suite]\nconcurrency = 8",
    ] {
        assert!(planned(text).is_err(), "the parser takes {text}");
        assert!(validate(text).is_err(), "the schema takes {text}");
    }
}

#[test]
fn every_key_is_documented() {
    let docs = std::fs::read_to_string(root().unwrap().join("docs/SUITES.md")).unwrap();
    let schema = schema(&libraries());
    for at in ["/properties/suite/properties", "/definitions/matrix/properties"] {
        for name in schema.pointer(at).unwrap().as_object().unwrap().keys() {
            assert!(docs.contains(&format!("| `{name}` |")), "docs/SUITES.md has no row for `{name}`");
        }
    }
}
