//! What S3 says in XML, as far as the tests and the harness need it.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Hands over the text of every element that has one: its parent's name, its own, and the text.
///
/// # Errors
/// A sentence, where the text is no XML.
pub fn elements(xml: &str, mut on: impl FnMut(&str, &str, &str)) -> Result<(), String> {
    let mut reader = Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut names: Vec<String> = Vec::new();
    let mut text = String::new();
    let not_xml = |error: &dyn std::fmt::Display| format!("not XML: {error}");
    let utf8 = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    loop {
        match reader.read_event().map_err(|error| not_xml(&error))? {
            Event::Start(start) => {
                if names.len() == DEEPEST {
                    return Err(format!("XML of more than {DEEPEST} levels"));
                }
                names.push(utf8(start.local_name().as_ref()));
                text.clear();
            }
            Event::Text(piece) => text.push_str(&piece.decode().map_err(|error| not_xml(&error))?),
            Event::CData(piece) => text.push_str(&piece.decode().map_err(|error| not_xml(&error))?),
            Event::GeneralRef(reference) => {
                let number = reference.resolve_char_ref().map_err(|error| not_xml(&error))?;
                let name = reference.decode().map_err(|error| not_xml(&error))?;
                match (number, quick_xml::escape::resolve_predefined_entity(&name)) {
                    (Some(number), _) => text.push(number),
                    (None, Some(known)) => text.push_str(known),
                    (None, None) => return Err(format!("not XML: unknown entity `{name}`")),
                }
            }
            Event::End(_) => {
                let name = names.pop().unwrap_or_default();
                on(names.last().map_or("", String::as_str), &name, &text);
                text.clear();
            }
            Event::Eof if names.is_empty() => return Ok(()),
            Event::Eof => return Err("not XML: it ends too early".to_owned()),
            _ => {}
        }
    }
}

/// What an error says, where the answer is one: S3 may find out that it cannot after it has said 200. `InternalError: We failed`.
#[must_use]
pub fn error(body: &[u8]) -> Option<String> {
    let text = str::from_utf8(body).ok()?.trim_start();
    let root = match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>")?.1.trim_start(),
        None => text,
    };
    if !root.starts_with("<Error>") && !root.starts_with("<Error ") {
        return None;
    }
    let mut said = Vec::new();
    // Whatever else is wrong with it, it is an error.
    let _ = elements(root, |parent, name, text| {
        if parent == "Error" && ["Code", "Message"].contains(&name) && !text.is_empty() {
            said.push(text.to_owned());
        }
    });
    Some(format!("an error with a good status: {}", said.join(": ")))
}

/// S3's own have four levels.
const DEEPEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(xml: &str) -> Result<Vec<(String, String, String)>, String> {
        let mut found = Vec::new();
        elements(xml, |parent, name, text| found.push((parent.into(), name.into(), text.into())))?;
        Ok(found)
    }

    #[test]
    fn texts_come_with_their_elements() {
        let xml = "<?xml version=\"1.0\"?>\n<s:A xmlns:s=\"x\"><B>1 &amp; &#50;</B>\n<C><![CDATA[<]]></C><D/></s:A>";
        let found = read(xml).unwrap();
        let texts: Vec<_> = found.iter().map(|(parent, name, text)| [parent.as_str(), name, text]).collect();
        assert_eq!(texts, [["A", "B", "1 & 2"], ["A", "C", "<"], ["A", "D", ""], ["", "A", ""]]);
    }

    #[test]
    fn an_error_is_told_from_what_only_has_one_in_it() {
        let error_of = |text: &str| error(text.as_bytes());
        let said = "an error with a good status: InternalError: We failed";
        let body = "<Error><Code>InternalError</Code><Message>We failed</Message></Error>";
        for body in [
            body.to_owned(),
            format!("\n \n<?xml version=\"1.0\"?>\n{body}"),
            body.replace("<Error>", "<Error xmlns=\"x\">"),
        ] {
            assert_eq!(error_of(&body).as_deref(), Some(said), "{body}");
        }
        for good in ["", "<A/>", "<DeleteResult><Error><Code>x</Code></Error></DeleteResult>", "<Errors/>", "ok"] {
            assert_eq!(error_of(good), None, "{good}");
        }
    }

    #[test]
    fn what_is_no_xml_is_said_to_be_none() {
        for bad in ["<A>", "<A></B>", "<A>&nbsp;</A>", &"<A>".repeat(100)] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
