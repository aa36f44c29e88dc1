//! `call_api`: small JSON documents that take their time.

use std::time::Duration;

use super::ask::Ask;
use super::definition::{Calls, Definition, Rules, Seen, Setting};
use super::expected::{Document, Expected};
use super::objects::{SAMPLE_EVERY, objects};
use crate::content;
use crate::operation::Operation;
use crate::parameter::{Kind, Parameter, Values};
use crate::target::{Names, Object};
use crate::workload::Draws;

/// How many documents the origin is asked for.
const DOCUMENTS: u64 = 1_000;

/// GET of a small JSON document, parsed.
#[derive(Debug)]
pub(super) struct CallApi;

impl Definition for CallApi {
    fn name(&self) -> &'static str {
        "call_api"
    }

    fn summary(&self) -> &'static str {
        "GET a JSON document that takes its time, and parse it"
    }

    fn parameters(&self) -> &'static [Parameter] {
        const {
            &[Parameter::of_origin(
                "delay",
                Kind::Duration { max_seconds: 300 },
                "0s",
                "how long the origin takes before it answers",
            )]
        }
    }

    fn operations(&self) -> &'static [Operation] {
        &[Operation::Get]
    }

    fn needs(&self) -> &'static [&'static str] {
        &["query"]
    }

    fn is_core(&self) -> bool {
        true
    }

    fn ruler(&self) -> Option<&'static [(&'static str, &'static str)]> {
        Some(&[])
    }

    fn least_delay(&self, values: &Values) -> Duration {
        values.duration("delay").unwrap_or_default()
    }

    fn can_use(&self, names: &Names) -> Result<(), String> {
        match names {
            Names::Bucket(_) => Err("call_api asks for one document: name its key".to_owned()),
            Names::Object { .. } | Names::Path(_) => Ok(()),
        }
    }

    fn rules(&self, values: &Values) -> Box<dyn Rules> {
        Box::new(Contract { delay: delay(values).map(str::to_owned) })
    }

    fn calls(&self, setting: &Setting<'_>) -> Result<Box<dyn Calls>, String> {
        let (documents, lengths) = if setting.known {
            let query = delay(setting.values).map(|value| format!("?delay={value}")).unwrap_or_default();
            let ids = 0..DOCUMENTS;
            (
                ids.clone().map(|id| document(setting, id, &query)).collect(),
                ids.map(|id| content::document(id).len() as u32).collect(),
            )
        } else {
            (objects(setting, 0)?, Vec::new())
        };
        Ok(Box::new(Documents { documents, lengths, draws: setting.draws }))
    }
}

/// The delay that is asked for, where there is one.
fn delay(values: &Values) -> Option<&str> {
    values.iter().find(|(name, value)| *name == "delay" && *value != "0s").map(|(_, value)| value)
}

fn document(setting: &Setting<'_>, id: u64, query: &str) -> Object {
    let object = setting.target.object(&format!("api/{id}"));
    Object { url: format!("{}{query}", object.url), path: format!("{}{query}", object.path), ..object }
}

/// Documents drawn by their ids.
#[derive(Debug)]
struct Documents {
    documents: Vec<Object>,
    /// Of the origin's documents, by id; empty where they are another server's.
    lengths: Vec<u32>,
    draws: Draws,
}

impl Documents {
    fn of(&self, id: u64, compared: bool) -> Ask<'_> {
        let known = self.lengths.get(id as usize).map(|length| Document { id: id as u32, length: *length, compared });
        Ask::get(&self.documents[id as usize], None, Expected::Document { known })
    }
}

impl Calls for Documents {
    fn verification(&self) -> Ask<'_> {
        self.of(0, true)
    }

    fn ask(&self, ordinal: u64) -> Ask<'_> {
        let (id, _) = self.draws.range(ordinal, self.documents.len() as u64, |_| 1);
        self.of(id, ordinal.is_multiple_of(SAMPLE_EVERY))
    }
}

/// GETs of the run's documents, whole, with the delay that was agreed on.
#[derive(Debug)]
struct Contract {
    delay: Option<String>,
}

impl Rules for Contract {
    fn allow(&self, seen: &Seen<'_>) -> bool {
        let id = seen.key.strip_prefix("api/").and_then(|digits| digits.parse::<u64>().ok());
        seen.operation == Some(Operation::Get)
            && id.is_some_and(|id| id < DOCUMENTS)
            && !seen.ranged
            && seen.delay == self.delay.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    fn calls(target: &str, known: bool, params: &[(&str, &str)]) -> Box<dyn Calls> {
        let values = Values::new(CallApi.parameters(), params.iter().copied()).unwrap();
        let target = Target::parse(target, None, known).unwrap();
        let draws = Draws::new(1, 0);
        CallApi
            .calls(&Setting { target: &target, known, prefix: "", replica: 0, listed: &[], values: &values, draws })
            .unwrap()
    }

    #[test]
    fn each_ordinal_expects_the_document_that_it_asks_for() {
        let calls = calls("http://h/run", true, &[("delay", "5ms")]);
        let mut ids: Vec<u32> = Vec::new();
        for ordinal in 0..5_000 {
            let ask = calls.ask(ordinal);
            let Expected::Document { known: Some(known) } = ask.expected else { panic!("{ask:?}") };
            assert_eq!(ask.object.path, format!("/run/api/{}?delay=5ms", known.id));
            assert_eq!(known.length, content::document(known.id.into()).len() as u32);
            ids.push(known.id);
        }
        ids.sort_unstable();
        ids.dedup();
        assert!(ids.len() > 980, "{} of {DOCUMENTS} documents in 5,000 draws", ids.len());
    }

    #[test]
    fn of_another_server_any_document_will_do() {
        let calls = calls("http://h/x.json", false, &[]);
        assert_eq!(calls.ask(7).expected, Expected::Document { known: None });
        assert_eq!(calls.ask(7).object.path, "/x.json");
    }

    #[test]
    fn the_contract_is_the_document_and_its_delay() {
        let rules = CallApi.rules(&Values::new(CallApi.parameters(), [("delay", "5ms")]).unwrap());
        let good = Seen {
            operation: Some(Operation::Get),
            key: "api/999",
            range: None,
            ranged: false,
            delay: Some("5ms"),
            query: Some("delay=5ms"),
            sends: Some(0),
        };
        assert!(rules.allow(&good));
        for bad in [
            Seen { key: "api/1000", ..good.clone() },
            Seen { key: "object-000000", ..good.clone() },
            Seen { delay: None, ..good.clone() },
            Seen { delay: Some("6ms"), ..good.clone() },
            Seen { ranged: true, ..good.clone() },
            Seen { operation: Some(Operation::Delete), ..good.clone() },
        ] {
            assert!(!rules.allow(&bad), "{bad:?}");
        }
    }
}
