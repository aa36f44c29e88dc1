//! The JSON Schema of suites, for editors: made of the table of options, of the tests' parameters and of the catalogue, so that it says
//! what the parser does.

use benchmark_protocol::parameter::Parameter;
use benchmark_protocol::tests::Test;
use serde_json::{Map, Value, json};

use super::read::keys;
use crate::case::{CaseOption, Kind, Suites, Unsaid};
use crate::library::Library;

/// The schema (draft 7, which Taplo and the editors built on it read).
#[must_use]
pub fn schema(libraries: &[Library]) -> Value {
    let mut suite = properties(true);
    suite.insert(
        "name".to_owned(),
        json!({ "type": "string", "description": "Name of the suite [default: that of its file]" }),
    );
    suite.insert(
        "description".to_owned(),
        json!({ "type": "string", "description": "What the suite is for, in one line" }),
    );
    let mut matrix = properties(false);
    matrix.extend(selection(libraries));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A suite of benchmark: an experiment as data",
        "description": "Run it with `benchmark run SUITE.toml`; docs/SUITES.md explains it",
        "type": "object",
        "additionalProperties": false,
        "required": ["matrix"],
        "properties": {
            "suite": {
                "type": "object",
                "description": "What holds once for the whole campaign",
                "additionalProperties": false,
                "properties": suite,
            },
            "defaults": { "$ref": "#/definitions/matrix", "description": "What every matrix has, unless it says otherwise" },
            "matrix": {
                "type": "array",
                "minItems": 1,
                "description": "Each is a product of its axes; equal cases of several matrices are one",
                "items": { "$ref": "#/definitions/matrix" },
            },
        },
        "definitions": {
            "matrix": {
                "type": "object",
                "additionalProperties": false,
                "not": { "required": ["duration", "requests"] },
                "properties": matrix,
            },
            "size": text(r"^\s*[0-9.]+\s*(GiB|GB|MiB|MB|KiB|kB|KB|B)?\s*$"),
            "duration": text(r"^\s*([0-9.]+\s*(h|m|s|ms|us|ns)|0)\s*$"),
            "rate": text(r"^\s*[0-9.]+\s*(%|/s)?$"),
        },
    })
}

/// The properties of the options that may stand once for the campaign, or in a matrix.
fn properties(once: bool) -> Map<String, Value> {
    let property = |key: &'static CaseOption| {
        let one = value(key.kind);
        let mut property = if once { one } else { axis(one, key.kind, key.suites == Suites::OptionalAxis) };
        property["description"] = key.help.into();
        if let Unsaid::Is(default) = key.default {
            property["default"] = default_value(key.kind, default);
        }
        (key.name.to_owned(), property)
    };
    keys(once).map(property).collect()
}

/// Keys that are no flags of a load.
fn selection(libraries: &[Library]) -> Map<String, Value> {
    let libraries: Vec<&str> = libraries.iter().map(|library| library.name.as_str()).collect();
    let tests: Vec<&str> = Test::all().map(Test::name).collect();
    let described = |names: &[&str], description: &str| {
        let mut property = axis(json!({ "enum": names }), Kind::Text, false);
        property["description"] = description.into();
        property
    };
    let core: Vec<&str> = Test::all().filter(|test| test.is_core()).map(Test::name).collect();
    let mut params = Map::new();
    for (test, parameter) in Test::all().flat_map(|test| test.parameters().iter().map(move |known| (test, known))) {
        add_param(&mut params, test, parameter);
    }
    Map::from_iter([
        ("library".to_owned(), described(&libraries, "Libraries [default: every one that has the test]")),
        ("test".to_owned(), described(&tests, &format!("Tests [default: the core ones, {}]", core.join(" and ")))),
        (
            "params".to_owned(),
            json!({
                "type": "object",
                "description": "Parameters of the tests (see `benchmark list`); each varies the tests that have it",
                "additionalProperties": false,
                "properties": params,
            }),
        ),
        (
            "skip_unsupported".to_owned(),
            json!({
                "type": "boolean",
                "default": false,
                "description": "Leave out what a library does not support; else it is an error",
            }),
        ),
    ])
}

/// Adds a parameter of a test; several tests may have one of its name, each with a default of its own.
fn add_param(params: &mut Map<String, Value>, test: Test, parameter: &Parameter) {
    let kind = Kind::of(parameter.kind);
    let description = format!("{}: {} ({})", test.name(), parameter.help, parameter.range());
    let default = default_value(kind, parameter.default);
    let Some(known) = params.get_mut(parameter.name).and_then(Value::as_object_mut) else {
        let mut property = axis(value(kind), kind, false);
        property["description"] = description.into();
        property["default"] = default;
        params.insert(parameter.name.to_owned(), property);
        return;
    };
    let others = known["description"].as_str().unwrap_or_default();
    known["description"] = format!("{others}; {description}").into();
    if known.get("default") != Some(&default) {
        known.remove("default");
    }
}

/// A value, a list of values, or a range of them.
fn axis(value: Value, kind: Kind, optional: bool) -> Value {
    let one = if optional { json!({ "anyOf": [value, { "const": "none" }] }) } else { value };
    let mut forms = vec![one.clone(), json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": one })];
    if kind.has_ranges() {
        let end = self::value(kind);
        let range = |pace: &str, pace_value: Value| {
            json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["from", "to", pace],
                "properties": { "from": end, "to": end, pace: pace_value },
            })
        };
        forms.push(range("factor", json!({ "type": "number", "exclusiveMinimum": 1 })));
        forms.push(range("step", end.clone()));
    }
    json!({ "anyOf": forms })
}

fn value(kind: Kind) -> Value {
    match kind {
        Kind::Count { min, max: u64::MAX } => json!({ "type": "integer", "minimum": min }),
        Kind::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Kind::Number { .. } => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Kind::Size { .. } => {
            json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "$ref": "#/definitions/size" }] })
        }
        Kind::Duration { .. } => json!({ "$ref": "#/definitions/duration" }),
        Kind::Rate => {
            json!({ "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "$ref": "#/definitions/rate" }] })
        }
        Kind::Percent => text(r"^\s*[0-9.]+\s*%$"),
        Kind::Flag | Kind::Switch => json!({ "type": "boolean" }),
        Kind::Word(words) => json!({ "enum": words.iter().map(|(word, _)| *word).collect::<Vec<_>>() }),
        Kind::Text | Kind::Cpus | Kind::Address | Kind::Certificates | Kind::Params => {
            json!({ "type": "string", "minLength": 1 })
        }
        Kind::Specs | Kind::Headers => {
            json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
        }
    }
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// A default as TOML has it.
fn default_value(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Count { .. } => text.parse::<u64>().map_or_else(|_| json!(text), |count| json!(count)),
        Kind::Flag | Kind::Switch => json!(text == "true"),
        _ => json!(text),
    }
}
