//! `--ca FILE`: the certificates that an https target's is to be signed by, where not the usual ones. Read once, before anything runs; what
//! is kept is the file's name and eight digits of a digest, by which two are told apart whatever their files are called.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use benchmark_protocol::pem;
use benchmark_protocol::units::format_size;
use sha2::{Digest, Sha256};

/// The largest file, in bytes: a system's whole bundle is a fifth of it, and a message holds it.
const LARGEST: u64 = 1 << 20;

/// Certificates that are trusted.
#[derive(Clone)]
pub struct Ca {
    /// The file that was named; the end of it where it was read back.
    path: String,
    /// Empty where it was read back.
    pem: Arc<str>,
    /// Eight hexadecimal digits.
    digest: String,
}

/// By what they are, not by where they lay.
impl PartialEq for Ca {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Ca {}

impl Ca {
    /// Reads a file.
    ///
    /// # Errors
    /// A sentence that names it, and what is wrong.
    pub fn read(path: &str) -> Result<Self, String> {
        let refused = |why: String| format!("`{path}`: {why}: `--ca` takes a PEM file of certificates");
        if let Ok(known) = std::fs::metadata(path)
            && (known.len() > LARGEST || !known.is_file())
        {
            return Err(refused(format!("no file of at most {}", format_size(LARGEST))));
        }
        let text = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let pem = pem::certificates(&String::from_utf8_lossy(&text));
        if pem.is_empty() {
            return Err(refused("it holds no certificate".to_owned()));
        }
        // What the harness's own client does not take, no library does.
        let taken = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
            .and_then(|certificates| reqwest::Client::builder().tls_certs_only(certificates).build());
        taken.map_err(|error| refused(format!("a certificate of it cannot be read ({})", cause(&error))))?;
        let digest = Sha256::digest(&pem).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { path: path.to_owned(), pem: pem.into(), digest })
    }

    /// Reads what is kept of one, `ca.pem (1f0c9a77)`; `None` where it is nothing of the kind.
    pub(crate) fn kept(text: &str) -> Option<Self> {
        let (path, digest) = text.strip_suffix(')')?.rsplit_once(" (")?;
        let is_one = digest.len() == 8 && digest.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_one.then(|| Self { path: path.to_owned(), pem: "".into(), digest: digest.to_owned() })
    }

    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The certificates.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What tells them from others.
    pub(super) fn digest(&self) -> &str {
        &self.digest
    }
}

/// The innermost cause, which says what it is.
fn cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

impl fmt::Display for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Path::new(&self.path).file_name().map_or(self.path.as_str().into(), |name| name.to_string_lossy());
        write!(f, "{name} ({})", self.digest)
    }
}

impl fmt::Debug for Ca {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file with a certificate of nobody.
    pub(in super::super) const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/case/testdata/ca.pem");

    #[test]
    fn a_file_is_read_once_and_told_from_others_by_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let [copy, other] = ["copy.pem", "other.pem"].map(|name| folder.path().join(name).display().to_string());
        let text = std::fs::read_to_string(FILE).unwrap();
        std::fs::write(&copy, format!("a comment\n{text}")).unwrap();
        std::fs::write(&other, format!("{text}{text}")).unwrap();
        let ca = Ca::read(FILE).unwrap();
        assert_eq!(Ca::read(&copy).unwrap(), ca);
        assert_ne!(Ca::read(&other).unwrap(), ca);
        assert_eq!(Ca::kept(&ca.to_string()), Some(ca.clone()));
        assert!(ca.to_string().starts_with("ca.pem (") && ca.pem().starts_with("-----BEGIN CERTIFICATE-----\n"));
    }

    #[test]
    fn what_is_no_file_of_certificates_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let named = |name: &str, text: &str| {
            let path = folder.path().join(name).display().to_string();
            std::fs::write(&path, text).unwrap();
            path
        };
        let broken = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
        for (path, why) in [
            (folder.path().join("absent").display().to_string(), "No such file"),
            (folder.path().display().to_string(), "no file of at most"),
            (named("empty", ""), "it holds no certificate"),
            (named("text", "no PEM"), "it holds no certificate"),
            (named("broken", broken), "cannot be read"),
            (named("garbled", &broken.replace("QUJD", "%")), "cannot be read"),
        ] {
            let refused = Ca::read(&path).unwrap_err();
            assert!(refused.contains(&format!("`{path}`")) && refused.contains(why), "{refused}");
            assert!(refused.contains("`--ca` takes"), "{refused}");
        }
    }
}
