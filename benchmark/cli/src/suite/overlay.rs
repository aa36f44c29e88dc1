//! Flags over a file: what stands on the command line takes the place of what the suite says.

use benchmark_protocol::tests::Test;

use super::axis::{Axis, Given};
use super::read::Document;
use crate::case::Suites;
use crate::exit::Usage;
use crate::library::suggestion;
use crate::plan::LoadOptions;

/// Lays flags over a document. An option that was given is no axis any more; `--quick` takes the place of windows, trials and passes too.
///
/// # Errors
/// [`Usage`] for a parameter that no test of the suite has, or a value that it does not take.
pub(super) fn overlay(document: &mut Document, flags: &LoadOptions) -> Result<(), Usage> {
    if flags.on_command_line().any(|(key, texts)| key.name == "quick" && texts[..] == ["true"]) {
        document.campaign.retain(|(key, _)| !["trials", "passes", "until"].contains(&key.name));
        for matrix in &mut document.matrices {
            ["duration", "requests", "warmup"].into_iter().for_each(|name| matrix.remove(name));
        }
    }
    for (key, texts) in flags.on_command_line() {
        match key.suites {
            Suites::Once => {
                document.campaign.retain(|(known, _)| known.name != key.name);
                document.campaign.push((key, Given { texts, at: 0 }));
            }
            Suites::Axis | Suites::OptionalAxis => {
                for matrix in &mut document.matrices {
                    match key.name {
                        "duration" => matrix.remove("requests"),
                        "requests" => matrix.remove("duration"),
                        _ => {}
                    }
                    matrix.replace(key.name, texts.clone());
                }
            }
            Suites::Nowhere => texts.iter().try_for_each(|text| param(document, text))?,
        }
    }
    Ok(())
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
