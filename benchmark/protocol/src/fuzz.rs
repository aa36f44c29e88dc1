//! Ways in for the fuzzer (`fuzz/` at the top of the checkout), and for the test that replays its corpus: each takes any bytes
//! and panics where something of this crate would not hold.

use crate::inject::Inject;
use crate::operation::Operation;
use crate::target::Target;
use crate::tests::{Answer, Ask, Expected, More, Page};
use crate::units::{format_duration, format_size, parse_duration, parse_size};

/// A way in, behind the name of its target.
pub type WayIn = (&'static str, fn(&[u8]));

/// Every way in.
pub const TARGETS: &[WayIn] = &[("answer", answer), ("inject", inject), ("target_url", target_url), ("units", units)];

/// The body of a page, or of what is said of an upload, by a server that may not be ours.
pub fn answer(bytes: &[u8]) {
    let Ok(target) = Target::parse("http://host/bucket", None, true) else { return };
    let object = target.bucket();
    let page = Page { prefix: "object-".to_owned(), most: 1000, continuation: None };
    for (operation, more, expected) in [
        (Operation::List, Some(More::Page(page.clone())), Expected::Page { first: 3, total: 9, known: true }),
        (Operation::List, Some(More::Page(page)), Expected::Page { first: 3, total: 9, known: false }),
        (Operation::CreateUpload, Some(More::Create), Expected::Upload),
        (Operation::CompleteUpload, None, Expected::Completed),
    ] {
        let ask = Ask { more: more.map(Box::new), ..Ask::new(operation, &object, expected) };
        let mut answer = Answer::default();
        // Twice, as a slot does: nothing of the first is left in the second.
        let judged = [(); 2].map(|()| {
            answer.expect(&ask);
            answer.head(200, |_| None);
            bytes.chunks(7).for_each(|chunk| answer.chunk(chunk));
            answer.close();
            ask.judge(&answer)
        });
        assert_eq!(judged[0], judged[1], "{operation}");
        if judged[0].is_ok() && operation == Operation::List {
            assert!(str::from_utf8(bytes).is_ok_and(|text| text.contains("ListBucketResult")));
        }
    }
}

/// A spec of `--inject`: as it is typed, and as it comes to the origin.
pub fn inject(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match text.parse::<Inject>() {
        Ok(inject) => {
            let written = inject.to_string();
            assert_eq!(written.parse(), Ok(inject.clone()), "`{text}` is written as `{written}`");
            if let Inject::Latency(latency) = inject {
                let quantiles = [0.0, 0.5, 0.999, 1.0 - f64::EPSILON / 2.0].map(|p| latency.quantile(p));
                assert!(quantiles.is_sorted() || matches!(latency, crate::inject::Latency::Bimodal { .. }), "{text}");
            }
        }
        Err(error) => assert!(error.contains(text), "{error}"),
    }
}

/// A target and its endpoint, a line each.
pub fn target_url(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (target, endpoint) = text.split_once('\n').map_or((text, None), |(target, rest)| (target, Some(rest)));
    for origin in [false, true] {
        match Target::parse(target, endpoint, origin) {
            Ok(parsed) => {
                let object = parsed.object("some key/\u{e9}");
                assert!(object.path.starts_with('/'), "{object:?}");
                // The endpoint ends with the path that the object's begins with, mostly none.
                assert!(object.url.starts_with(&parsed.endpoint) && object.url.ends_with(&object.path), "{object:?}");
                // What goes into the head of a request.
                for text in [&object.path, &object.url, &parsed.authority, parsed.host()] {
                    assert!(!text.contains(|c: char| c.is_control() || c.is_whitespace()), "{text:?}");
                }
            }
            Err(error) => {
                let named = |text: &str| error.to_string().contains(text);
                assert!(named(target) || endpoint.is_some_and(named), "{error}");
            }
        }
    }
}

/// A duration, or a size.
pub fn units(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match parse_duration(text) {
        Ok(duration) => assert_eq!(parse_duration(&format_duration(duration)), Ok(duration)),
        Err(error) => assert!(error.to_string().contains(text)),
    }
    match parse_size(text) {
        Ok(size) => assert_eq!(parse_size(&format_size(size)), Ok(size)),
        Err(error) => assert!(error.to_string().contains(text)),
    }
}

#[cfg(test)]
#[path = "../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
mod tests {
    #[test]
    fn the_corpus_of_the_fuzzer_passes() {
        super::replay::replay(super::TARGETS);
    }
}
