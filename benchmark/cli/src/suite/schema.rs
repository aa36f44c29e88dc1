//! The JSON Schema of suites, for editors: made of the table of keys, of what clap knows about each flag, of the tests'
//! parameters and of the catalogue, so that it says what the parser does.

use benchmark_protocol::parameter::Parameter;
use benchmark_protocol::tests::Test;
use serde_json::{Map, Value, json};

use super::flags::Parsers;
use super::key::{self, Key, Place, Shape};
use crate::library::Library;

/// The schema (draft 7, which Taplo and the editors built on it read).
#[must_use]
pub fn schema(libraries: &[Library]) -> Value {
    let parsers = Parsers::new();
    let mut suite = properties(&parsers, Place::Suite);
    suite.insert(
        "name".to_owned(),
        json!({ "type": "string", "description": "Name of the suite [default: that of its file]" }),
    );
    suite.insert(
        "description".to_owned(),
        json!({ "type": "string", "description": "What the suite is for, in one line" }),
    );
    let mut matrix = properties(&parsers, Place::Matrix);
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

/// The properties of the flags that may stand at a place.
fn properties(parsers: &Parsers, place: Place) -> Map<String, Value> {
    let property = |key: &'static Key| {
        let flag = parsers.flag(key);
        let help = flag.and_then(|flag| flag.get_help()).map(ToString::to_string).unwrap_or_default();
        let choices: Vec<String> = flag.map_or_else(Vec::new, |flag| {
            let known = if key.shape == Shape::Text { flag.get_possible_values() } else { Vec::new() };
            known.iter().map(|value| value.get_name().to_owned()).collect()
        });
        let one = if choices.is_empty() { value(key.shape) } else { json!({ "enum": choices }) };
        let mut property = if place == Place::Suite { one } else { axis(one, key.shape, key.optional) };
        property["description"] = help.into();
        if let Some(default) = flag.and_then(|flag| flag.get_default_values().first()) {
            property["default"] = default_value(key.shape, &default.to_string_lossy());
        }
        (key.name.to_owned(), property)
    };
    key::at(place).map(property).collect()
}

/// Keys that are no flags of a load.
fn selection(libraries: &[Library]) -> Map<String, Value> {
    let libraries: Vec<&str> = libraries.iter().map(|library| library.name.as_str()).collect();
    let tests: Vec<&str> = Test::all().map(Test::name).collect();
    let described = |names: &[&str], description: &str| {
        let mut property = axis(json!({ "enum": names }), Shape::Text, false);
        property["description"] = description.into();
        property
    };
    let params: Map<String, Value> =
        Test::all().flat_map(|test| test.parameters().iter().map(move |known| param(test, known))).collect();
    Map::from_iter([
        ("library".to_owned(), described(&libraries, "Libraries [default: every one that has the test]")),
        ("test".to_owned(), described(&tests, "Tests [default: every one]")),
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

fn param(test: Test, parameter: &Parameter) -> (String, Value) {
    let shape = Shape::of(parameter.kind);
    let mut property = axis(value(shape), shape, false);
    property["description"] = format!("{}: {} ({})", test.name(), parameter.help, parameter.range()).into();
    property["default"] = default_value(shape, parameter.default);
    (parameter.name.to_owned(), property)
}

/// A value, a list of values, or a range of them.
fn axis(value: Value, shape: Shape, optional: bool) -> Value {
    let one = if optional { json!({ "anyOf": [value, { "const": "none" }] }) } else { value };
    let mut forms = vec![one.clone(), json!({ "type": "array", "minItems": 1, "uniqueItems": true, "items": one })];
    if shape.has_ranges() {
        let end = self::value(shape);
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

fn value(shape: Shape) -> Value {
    match shape {
        Shape::Count { min, max: u64::MAX } => json!({ "type": "integer", "minimum": min }),
        Shape::Count { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Number => json!({ "type": "number", "exclusiveMinimum": 0 }),
        Shape::Size => json!({ "anyOf": [{ "type": "integer", "minimum": 0 }, { "$ref": "#/definitions/size" }] }),
        Shape::Duration => json!({ "$ref": "#/definitions/duration" }),
        Shape::Rate => {
            json!({ "anyOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "$ref": "#/definitions/rate" }] })
        }
        Shape::Percent => text(r"^\s*[0-9.]+\s*%$"),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Text => json!({ "type": "string", "minLength": 1 }),
        Shape::Specs => json!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] }),
    }
}

fn text(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// A default as TOML has it.
fn default_value(shape: Shape, text: &str) -> Value {
    match shape {
        Shape::Count { .. } => text.parse::<u64>().map_or_else(|_| json!(text), |count| json!(count)),
        Shape::Flag => json!(text == "true"),
        _ => json!(text),
    }
}
