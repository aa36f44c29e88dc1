//! What a side names within a campaign: a library, or cases by the keys of suites, `KEY=VALUE[,...]`.

use benchmark_protocol::parameter::Parameter;
use benchmark_protocol::tests::Test;

use super::contender::Contender;
use crate::case::{CaseOption, Kept, Kind, OPTIONS, named};
use crate::exit::Usage;
use crate::library::suggestion;

/// Cases of a campaign, by what all of them have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// As the user wrote it, but for values of headers: they are shown as they are kept.
    pub text: String,
    /// Names of options or parameters, `library` or `test`, each with its value as cases have it.
    keys: Vec<(String, String)>,
}

impl Chosen {
    /// Everything of a library.
    #[must_use]
    pub fn library(name: &str) -> Self {
        Self { text: name.to_owned(), keys: vec![("library".to_owned(), name.to_owned())] }
    }

    /// Reads `KEY=VALUE[,...]`. What stands after a comma and begins with no key belongs to the value before: specs have commas.
    ///
    /// # Errors
    /// [`Usage`] for an unknown key, a value that it does not take, or one that is named twice.
    pub fn read(written: &str) -> Result<Self, Usage> {
        let text = &without_secrets(written);
        let mut said: Vec<(String, String)> = Vec::new();
        for piece in written.split(',') {
            let pair = piece.split_once('=').map(|(key, value)| (key.trim(), value));
            let goes_on = |before: &str| pair.is_none_or(|(key, _)| !is_key(key) && before.contains('='));
            match (pair, said.last_mut().filter(|(_, before)| goes_on(before))) {
                (_, Some((_, before))) => {
                    before.push(',');
                    before.push_str(piece);
                }
                (Some((key, value)), None) => said.push((key.to_owned(), value.to_owned())),
                (None, None) => return Err(Usage(format!("`{piece}` of `{text}` is no `KEY=VALUE`"))),
            }
        }
        let (mut keys, mut shown): (Vec<(String, String)>, Vec<String>) = Default::default();
        for (key, value) in said {
            if keys.iter().any(|(known, _)| *known == key) {
                return Err(Usage(format!("`{text}` names `{key}` twice")));
            }
            let read = read(&key, value.trim(), text)?;
            shown.push(format!("{key}={}", if is_secret(&key) { &read } else { &value }));
            keys.push((key, read));
        }
        Ok(Self { text: shown.join(","), keys })
    }

    /// Whether it is a library and nothing else.
    #[must_use]
    pub fn is_library(&self) -> bool {
        !self.text.contains('=')
    }

    /// The keys that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(key, _)| key.as_str())
    }

    /// Whether both name the same.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let sorted = |chosen: &Self| {
            let mut keys = chosen.keys.clone();
            keys.sort();
            keys
        };
        sorted(self) == sorted(other)
    }

    /// Whether a case has all that is named.
    #[must_use]
    pub fn has(&self, case: &Contender) -> bool {
        self.keys.iter().all(|(key, value)| of(case, key) == Some(value.as_str()))
    }

    /// The first key whose value no case has, with the values that they have.
    pub(super) fn absent<'c>(&self, cases: &'c [Contender]) -> Option<(&str, Vec<&'c str>)> {
        let absent =
            self.keys.iter().find(|(key, value)| !cases.iter().any(|case| of(case, key) == Some(value.as_str())));
        absent.map(|(key, _)| (key.as_str(), values(cases.iter(), key)))
    }
}

/// What a case has under a key.
pub(super) fn of<'c>(case: &'c Contender, key: &str) -> Option<&'c str> {
    match key {
        "library" => Some(&case.library),
        "test" => Some(&case.test),
        _ => case.workload.get(key),
    }
}

/// The distinct values of cases under a key, in their order; a dash for those that have none.
pub(super) fn values<'c>(cases: impl Iterator<Item = &'c Contender>, key: &str) -> Vec<&'c str> {
    let mut values: Vec<&str> = Vec::new();
    for value in cases.map(|case| of(case, key).unwrap_or("-")) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn options() -> impl Iterator<Item = &'static CaseOption> {
    OPTIONS.iter().filter(|option| matches!(option.kept, Kept::InCase { .. }))
}

fn parameters(name: &str) -> impl Iterator<Item = &'static Parameter> {
    Test::all().flat_map(Test::parameters).filter(move |parameter| parameter.name == name)
}

/// Whether its values are shown to nobody.
fn is_secret(key: &str) -> bool {
    named(key).is_some_and(|option| option.kind == Kind::Headers)
}

/// What a user wrote, up to the first value that is shown to nobody.
fn without_secrets(written: &str) -> String {
    let places = OPTIONS.iter().filter(|option| is_secret(option.name)).filter_map(|option| {
        let key = format!("{}=", option.name);
        written.find(&key).map(|at| at + key.len())
    });
    places.min().map_or_else(|| written.to_owned(), |at| format!("{}***", &written[..at]))
}

fn is_key(name: &str) -> bool {
    ["library", "test"].contains(&name)
        || options().any(|option| option.name == name)
        || parameters(name).next().is_some()
}

/// The value of a key in the words of cases: `16384` is `16KiB`, and `none` is that there is none.
fn read(key: &str, value: &str, text: &str) -> Result<String, Usage> {
    if value.is_empty() {
        return Err(Usage(format!("`{key}=` of `{text}` has no value")));
    }
    if ["library", "test"].contains(&key) {
        return Ok(value.to_owned());
    }
    if let Some(option) = named(key).filter(|option| matches!(option.kept, Kept::InCase { .. })) {
        if let ("none", Some(words)) = (value, option.absent()) {
            return Ok(words.to_owned());
        }
        return option.read(value).map(|value| value.to_string()).map_err(Usage);
    }
    let read: Vec<Result<String, String>> = parameters(key).map(|parameter| parameter.normalise(value)).collect();
    match read.iter().find(|read| read.is_ok()).or(read.first()) {
        Some(read) => read.clone().map_err(Usage),
        None => Err(unknown(key, text)),
    }
}

fn unknown(key: &str, text: &str) -> Usage {
    let mut known = vec!["library", "test"];
    known.extend(options().map(|option| option.name));
    known.extend(Test::all().flat_map(Test::parameters).map(|parameter| parameter.name));
    Usage(format!("unknown key `{key}` in `{text}`{} (known: {})", suggestion(key, &known), known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<(String, String)> {
        Chosen::read(text).unwrap().keys
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn values_are_read_as_flags_and_suites_read_them() {
        assert_eq!(keys("concurrency=08"), pairs(&[("concurrency", "8")]));
        assert_eq!(keys("request_size=16384,library=hyper"), pairs(&[("request_size", "16KiB"), ("library", "hyper")]));
        assert_eq!(keys("rate=none,timeout=0.5s"), pairs(&[("rate", "closed loop"), ("timeout", "500ms")]));
        assert_eq!(keys("use_dns_cache=true,rate=50%"), pairs(&[("use_dns_cache", "true"), ("rate", "50%")]));
    }

    #[test]
    fn commas_of_a_spec_are_no_ends_of_it() {
        assert_eq!(
            keys("inject=latency=bimodal:1ms,150ms,0.1,concurrency=8"),
            pairs(&[("inject", "latency=bimodal:1ms,150ms,0.1"), ("concurrency", "8")])
        );
        assert_eq!(keys("inject=reset=1%; truncate=2%"), pairs(&[("inject", "reset=1%; truncate=2%")]));
        assert_eq!(keys("inject=none"), pairs(&[("inject", "nothing")]));
    }

    #[test]
    fn what_is_no_key_or_no_value_is_named() {
        for (text, says) in [
            ("concurency=8", "unknown key `concurency` in `concurency=8`: did you mean `concurrency`?"),
            ("concurrency=8,rat=5", "unknown key `rat`"),
            ("concurrency=0", "`0` is outside the range of `concurrency`, 1 to 65536"),
            ("concurrency=8,concurrency=9", "names `concurrency` twice"),
            ("concurrency=", "`concurrency=` of `concurrency=` has no value"),
            ("seed=1", "unknown key `seed`"),
            ("request_size=soup", "`soup` is not a size"),
            ("runner=swarm", "`swarm` is no value of `runner`"),
        ] {
            let error = Chosen::read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_header_is_named_by_its_value_or_as_it_is_kept_and_shown_as_it_is_kept() {
        let chosen = Chosen::read("header=x-api-key: S3CRET, too,concurrency=8").unwrap();
        let kept = &chosen.keys[0].1;
        assert!(kept.starts_with("x-api-key: *** ("), "{kept}");
        assert_eq!(chosen.text, format!("header={kept},concurrency=8"));
        assert_eq!(keys(&format!("header={kept}")), pairs(&[("header", kept)]));
        let two = format!("{kept}; y: *** (0a1b)");
        assert_eq!(keys(&format!("header={two}")), pairs(&[("header", &two)]));
        for text in ["header=S3CRET", "header=x: S3CRET,header=y: S3CRET", "concurency=8,header=x: S3CRET"] {
            let error = Chosen::read(text).unwrap_err().to_string();
            assert!(!error.contains("S3CRET") || error.contains("`S3CRET ***`"), "{error}");
        }
    }

    #[test]
    fn the_same_in_other_words_is_the_same() {
        let read = |text| Chosen::read(text).unwrap();
        assert!(read("concurrency=8,request_size=16384").is(&read("request_size=16KiB,concurrency=8")));
        assert!(!read("concurrency=8").is(&read("concurrency=64")));
    }
}
