//! `--header 'NAME: VALUE'`: what is sent with every request to a server that is not ours. A value may be a secret: it goes to the
//! replicas' environment and nowhere else. Whatever is kept, logged or shown has `***` in its place, and four digits of a digest, by
//! which two values are told apart.

use std::fmt;

use sha2::{Digest, Sha256};

/// Names that decide what a request is, how a connection is used or what comes back, and so belong to the harness, to the library or to
/// HTTP itself.
const OWNED: [&str; 20] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What stands for a value that is not kept.
pub(crate) const MASK: &str = "***";

/// The longest header, name and value.
const LONGEST: usize = 4096;

/// A header of every request.
#[derive(Clone)]
pub struct Header {
    name: String,
    /// Empty where it was read back.
    value: String,
    /// Four hexadecimal digits.
    digest: String,
}

/// By name and digest: of a stored one that is all there is.
impl PartialEq for Header {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.digest) == (&other.name, &other.digest)
    }
}

impl Eq for Header {}

impl Header {
    /// Reads `NAME: VALUE`. Errors name the header and not its value.
    ///
    /// # Errors
    /// A sentence with the name and what is wrong.
    pub fn read(text: &str) -> Result<Self, String> {
        let Some((name, value)) = text.split_once(':') else {
            let begins: String = text.chars().take_while(|c| is_token(*c)).take(40).collect();
            return Err(format!("malformed header `{begins} {MASK}`: write `NAME: VALUE`, with a colon"));
        };
        let name = name.trim().to_ascii_lowercase();
        let value = value.trim_matches([' ', '\t']).to_owned();
        if name.is_empty() {
            return Err(format!("malformed header `: {MASK}`: it needs a name before the colon"));
        }
        if let Some(wrong) = name.chars().find(|c| !is_token(*c)) {
            let name: String = name.chars().take(40).collect();
            return Err(format!("header `{}`: a name has no {wrong:?}", name.escape_debug()));
        }
        if OWNED.contains(&name.as_str()) {
            return Err(format!("header `{name}` is the harness's and the library's own: leave it out"));
        }
        if value.is_empty() {
            return Err(format!("header `{name}` has no value: write `{name}: VALUE`"));
        }
        if value.starts_with(MASK) {
            return Err(format!("header `{name}`: `{MASK}` stands for a value that is not kept: give it anew"));
        }
        // Visible ASCII, spaces and tabs: what every library sends alike.
        if let Some(wrong) = value.chars().find(|c| !matches!(c, ' '..='~' | '\t')) {
            return Err(format!(
                "header `{name}`: its value holds {wrong:?}, and may hold visible ASCII, spaces and tabs alone"
            ));
        }
        if name.len() + value.len() > LONGEST {
            return Err(format!("header `{name}` is too long: {LONGEST} bytes are the most"));
        }
        let digest = digest(&name, &value);
        Ok(Self { name, value, digest })
    }

    /// Reads what is kept of one, `x-api-key: *** (1f0c)`; `None` where it is nothing of the kind.
    pub(crate) fn kept(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once(": ")?;
        let digest = rest.strip_prefix(MASK)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
        Some(Self { name: name.to_owned(), value: String::new(), digest: digest.to_owned() })
    }

    /// Its name, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// Name and value, for the environment of a replica alone.
    #[must_use]
    pub fn spoken(&self) -> String {
        format!("{}: {}", self.name, self.value)
    }
}

/// Four hexadecimal digits: enough that another value shows (all but one of 65,536 do), too few to find the value by guessing: of a million
/// guesses fifteen fit.
fn digest(name: &str, value: &str) -> String {
    let digest = Sha256::digest(format!("benchmark header\n{name}\n{value}"));
    format!("{:02x}{:02x}", digest[0], digest[1])
}

/// As it is kept and shown: `x-api-key: *** (1f0c)`.
impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {MASK} ({})", self.name, self.digest)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What a name is made of (RFC 9110, 5.6.2).
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// Whether headers can stand together.
///
/// # Errors
/// The name that is given twice.
pub(crate) fn check_together(headers: &[Header]) -> Result<(), String> {
    for (index, header) in headers.iter().enumerate() {
        if headers[..index].iter().any(|other| other.name == header.name) {
            return Err(format!("header `{}` is given twice: write its values in one, with commas", header.name));
        }
    }
    Ok(())
}

/// A command's arguments with `***` for the values of headers: what is kept and shown of a command.
#[must_use]
pub fn without_values(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut masked = Vec::new();
    let mut is_header = false;
    for argument in arguments {
        let text = if is_header { Some(argument.as_str()) } else { argument.strip_prefix("--header=") };
        masked.push(match text.map(named) {
            None => argument.clone(),
            Some(text) if is_header => text,
            Some(text) => format!("--header={text}"),
        });
        is_header = !is_header && argument == "--header";
    }
    masked
}

/// The arguments of a command that was kept, with these headers in the place of its masked ones.
///
/// # Errors
/// The names that are missing, or that the command did not have.
pub(crate) fn with_values(arguments: Vec<String>, headers: &[Header]) -> Result<Vec<String>, Mismatch> {
    let name_of = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
    let mut mismatch = Mismatch::default();
    let mut names = Vec::new();
    let mut is_header = false;
    let mut whole = Vec::new();
    for argument in arguments {
        let text = if is_header { Some(argument.as_str()) } else { argument.strip_prefix("--header=") };
        let name = text.map(name_of);
        let given = name.as_ref().map(|name| headers.iter().find(|header| header.name == *name));
        whole.push(match given {
            None => argument.clone(),
            Some(Some(header)) if is_header => header.spoken(),
            Some(Some(header)) => format!("--header={}", header.spoken()),
            Some(None) => {
                mismatch.missing.extend(name.clone());
                argument.clone()
            }
        });
        names.extend(name);
        is_header = !is_header && argument == "--header";
    }
    mismatch.unknown = headers.iter().map(|header| header.name.clone()).filter(|name| !names.contains(name)).collect();
    if mismatch.missing.is_empty() && mismatch.unknown.is_empty() { Ok(whole) } else { Err(mismatch) }
}

/// In what headers differ from those of a command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// Those of the command that were not given.
    pub(crate) missing: Vec<String>,
    /// Those that were given and are none of the command's.
    pub(crate) unknown: Vec<String>,
}

fn named(text: &str) -> String {
    match Header::read(text) {
        Ok(header) => format!("{}: {MASK}", header.name),
        Err(_) => MASK.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_value_may_hold_colons_commas_and_equals_signs() {
        let header = Header::read("X-Api-Key:  a=b, c:d; e ").unwrap();
        assert_eq!((header.name(), header.value()), ("x-api-key", "a=b, c:d; e"));
        assert_eq!(header.spoken(), "x-api-key: a=b, c:d; e");
    }

    #[test]
    fn what_is_shown_has_the_name_and_tells_values_apart() {
        let [a, b] = ["x: secret", "x: other"].map(|text| Header::read(text).unwrap());
        assert!(a.to_string().starts_with("x: *** (") && !a.to_string().contains("secret"));
        assert_eq!(format!("{a:?}"), a.to_string());
        assert_ne!(a.to_string(), b.to_string());
        assert_eq!(a.to_string(), Header::read("X:secret").unwrap().to_string());
        assert_eq!((Header::kept(&a.to_string()).as_ref(), Header::kept("x: y")), (Some(&a), None));
    }

    #[test]
    fn what_is_wrong_is_said_by_the_name_and_never_with_the_value() {
        for (text, says) in [
            ("secret", "malformed header `secret ***`"),
            ("Authorization Bearer secret", "malformed header `Authorization ***`"),
            (": secret", "it needs a name"),
            ("na me: secret", "header `na me`: a name has no ' '"),
            ("x\r\nHost: secret", "a name has no"),
            ("Host: secret", "header `host` is the harness's"),
            ("range: secret", "header `range`"),
            ("x:", "header `x` has no value"),
            ("x: ***", "header `x`: `***` stands for"),
            ("x: secret\r\ny: 2", "header `x`: its value holds '\\r'"),
            ("x: s\u{e9}cret", "its value holds 'é'"),
        ] {
            let error = Header::read(text).unwrap_err();
            assert!(error.contains(says), "{text:?}: {error}");
            assert!(text == "secret" || !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_command_is_kept_without_values_and_whole_again_with_them() {
        let command = owned(&["run-all", "--header", "X-Key: a", "--quick", "--header=y: b", "--db", "x.db"]);
        let kept = without_values(command.into_iter());
        assert_eq!(kept, owned(&["run-all", "--header", "x-key: ***", "--quick", "--header=y: ***", "--db", "x.db"]));
        let headers = ["y: b", "x-key: a"].map(|text| Header::read(text).unwrap());
        let whole = owned(&["run-all", "--header", "x-key: a", "--quick", "--header=y: b", "--db", "x.db"]);
        assert_eq!(with_values(kept.clone(), &headers), Ok(whole));
        let other = [Header::read("z: 1").unwrap(), headers[0].clone()];
        let mismatch = Mismatch { missing: owned(&["x-key"]), unknown: owned(&["z"]) };
        assert_eq!(with_values(kept, &other), Err(mismatch));
    }

    #[test]
    fn what_is_no_header_is_masked_whole() {
        assert_eq!(without_values(owned(&["--header", "secret"]).into_iter()), owned(&["--header", "***"]));
    }
}
