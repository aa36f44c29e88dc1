//! Flags over a file: what stands on the command line takes the place of what the suite says.

use benchmark_protocol::tests::Test;

use super::axis::{Axis, Given};
use super::flags::GivenFlags;
use super::key::Place;
use super::read::Document;
use crate::exit::Usage;
use crate::library::suggestion;

/// Lays flags over a document. An option that was given is no axis any more; `--quick` takes the place of windows, trials and passes too.
///
/// # Errors
/// [`Usage`] for a parameter that no test of the suite has, or a value that it does not take.
pub(super) fn overlay(document: &mut Document, flags: &GivenFlags) -> Result<(), Usage> {
    if flags.options.iter().any(|(key, texts)| key.name == "quick" && texts[..] == ["true"]) {
        document.campaign.retain(|(key, _)| !["trials", "passes", "until"].contains(&key.name));
        for matrix in &mut document.matrices {
            ["duration", "requests", "warmup"].into_iter().for_each(|name| matrix.remove(name));
        }
    }
    for (key, texts) in &flags.options {
        match key.place {
            Place::Suite => {
                document.campaign.retain(|(known, _)| known != key);
                document.campaign.push((key, Given { texts: texts.clone(), at: 0 }));
            }
            Place::Matrix => {
                for matrix in &mut document.matrices {
                    match key.name {
                        "duration" => matrix.remove("requests"),
                        "requests" => matrix.remove("duration"),
                        _ => {}
                    }
                    matrix.replace(key.name, texts.clone());
                }
            }
        }
    }
    flags.params.iter().try_for_each(|text| param(document, text))
}

fn param(document: &mut Document, text: &str) -> Result<(), Usage> {
    let Some((name, value)) = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty()) else {
        return Err(Usage(format!("malformed parameter `{text}`: write --param name=value")));
    };
    let mut known: Vec<&str> = Vec::new();
    let mut found = false;
    for matrix in &mut document.matrices {
        let parameters = || matrix.tests().into_iter().flat_map(Test::parameters);
        known.extend(parameters().map(|parameter| parameter.name));
        let Some(parameter) = parameters().find(|parameter| parameter.name == name) else { continue };
        found = true;
        let value = parameter.normalise(value).map_err(Usage)?;
        matrix.params.retain(|axis| axis.name != name);
        let values = vec![Given { texts: vec![value], at: matrix.at }];
        matrix.params.push(Axis { name: name.to_owned(), at: matrix.at, values });
    }
    if found {
        return Ok(());
    }
    known.sort_unstable();
    known.dedup();
    Err(Usage(format!("unknown parameter `{name}`{} (known: {})", suggestion(name, &known), known.join(", "))))
}
