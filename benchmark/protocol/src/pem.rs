//! Certificates in PEM: of all that a file may hold only they travel.

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// The certificates of a text, and nothing else of it: a key that lies beside them stays where it is. Empty where there is none.
#[must_use]
pub fn certificates(text: &str) -> String {
    let mut certificates = String::new();
    let mut is_inside = false;
    for line in text.lines().map(str::trim) {
        is_inside |= line == BEGIN;
        if is_inside {
            certificates.push_str(line);
            certificates.push('\n');
        }
        is_inside &= line != END;
    }
    // One that does not end is none.
    if is_inside { String::new() } else { certificates }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_taken_and_keys_stay() {
        let certificate = format!("{BEGIN}\nQUJD\n{END}\n");
        let key = "-----BEGIN PRIVATE KEY-----\nU0VDUkVU\n-----END PRIVATE KEY-----\n";
        let text = format!("a comment\r\n{key}{}{key}{certificate}", certificate.replace('\n', "\r\n"));
        assert_eq!(certificates(&text), format!("{certificate}{certificate}"));
        for none in ["", "no PEM", key, &format!("{BEGIN}\nQUJD\n")] {
            assert_eq!(certificates(none), "", "{none}");
        }
    }
}
