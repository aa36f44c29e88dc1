//! The host of a URL in its normal form, which is what clients put into the `host` header and what is signed: some read `127.1` as
//! `127.0.0.1`, and others send it as it is.
//!
//! The form is that of the URL Standard (https://url.spec.whatwg.org/#host-parsing), of ASCII hosts alone.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A host in its normal form.
///
/// # Errors
/// A sentence, where it is none.
pub(crate) fn normal(host: &str) -> Result<String, String> {
    if let Some(inner) = host.strip_prefix('[') {
        let address = inner.strip_suffix(']').and_then(|inner| inner.parse::<Ipv6Addr>().ok());
        return address
            .map(|address| format!("[{}]", hex(address)))
            .ok_or_else(|| format!("`{host}` is no IPv6 address"));
    }
    if !host.is_ascii() {
        return Err(format!("host `{host}` is not ASCII: write it in Punycode (`xn--...`)"));
    }
    let host = host.to_ascii_lowercase();
    if let Some(odd) = host.chars().find(|c| !c.is_ascii_alphanumeric() && !"-._".contains(*c)) {
        return Err(format!("host `{host}` has a `{odd}` in it"));
    }
    if host.trim_end_matches('.').is_empty() || host.contains("..") {
        return Err(format!("host `{host}` has an empty part"));
    }
    if ends_in_a_number(&host) {
        return ipv4(&host).map(|address| address.to_string()).ok_or_else(|| format!("`{host}` is no IPv4 address"));
    }
    Ok(host)
}

/// Whether it can only be an address: its last part is a number.
fn ends_in_a_number(host: &str) -> bool {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    last.bytes().all(|byte| byte.is_ascii_digit()) || number(last).is_some()
}

/// An address of up to four parts, decimal, octal or hexadecimal; the last part fills all bytes that are left.
fn ipv4(host: &str) -> Option<Ipv4Addr> {
    let parts: Option<Vec<u64>> = host.strip_suffix('.').unwrap_or(host).split('.').map(number).collect();
    let parts = parts.filter(|parts| parts.len() <= 4)?;
    let (last, first) = parts.split_last()?;
    let left = 8 * (4 - first.len());
    if first.iter().any(|part| *part > 255) || *last >= 1 << left {
        return None;
    }
    let high = first.iter().enumerate().map(|(at, part)| part << (24 - 8 * at)).sum::<u64>();
    u32::try_from(high + last).ok().map(Ipv4Addr::from)
}

fn number(part: &str) -> Option<u64> {
    let (digits, radix) = match part.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None if part.len() > 1 && part.starts_with('0') => (&part[1..], 8),
        None if part.is_empty() => return None,
        None => (part, 10),
    };
    if digits.is_empty() {
        Some(0)
    } else {
        u64::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with('+'))
    }
}

/// In hexadecimal groups, the first of the longest runs of zeros left out: also where it ends in an IPv4 address.
fn hex(address: Ipv6Addr) -> String {
    let groups = address.segments();
    let run = |from: usize| groups[from..].iter().take_while(|group| **group == 0).count();
    let (from, length) =
        (0..8).map(|from| (from, run(from))).rev().max_by_key(|(_, length)| *length).unwrap_or_default();
    let text = |groups: &[u16]| groups.iter().map(|group| format!("{group:x}")).collect::<Vec<_>>().join(":");
    if length < 2 { text(&groups) } else { format!("{}::{}", text(&groups[..from]), text(&groups[from + length..])) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hosts_have_one_form() {
        for (host, form) in [
            ("LOCALHOST", "localhost"),
            ("Example.org.", "example.org."),
            ("127.1", "127.0.0.1"),
            ("0x7f.1", "127.0.0.1"),
            ("2130706433", "127.0.0.1"),
            ("0177.0.0.1", "127.0.0.1"),
            ("[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
            ("[0:0:0:0:0:0:0:1]", "[::1]"),
            ("[2001:DB8::1:0:0:1]", "[2001:db8::1:0:0:1]"),
            ("[::]", "[::]"),
            ("a_b.test", "a_b.test"),
        ] {
            assert_eq!(normal(host).as_deref(), Ok(form), "{host}");
            assert_eq!(normal(form).as_deref(), Ok(form), "{host}");
        }
        for host in [
            "",
            ".",
            "a..b",
            "256.1",
            "1.2.3.4.5",
            "0x100000000",
            "[::g]",
            "[::1",
            "b\u{fc}cher.de",
            "a%41",
            "a/b",
            "09.1",
        ] {
            assert!(normal(host).is_err(), "{host}");
        }
    }

    proptest! {
        /// Whatever is taken is what the crate makes of it that reqwest and others build on.
        #[test]
        fn it_is_the_form_of_the_url_crate(host in r"[0-9a-fA-Fx.]{1,14}|[a-zA-Z0-9._-]{1,12}|\[[0-9a-f:.]{2,16}\]") {
            if let Ok(form) = normal(&host) {
                let url = url::Url::parse(&format!("http://{host}/")).unwrap();
                prop_assert_eq!(url.host_str(), Some(form.as_str()));
            }
        }
    }
}
