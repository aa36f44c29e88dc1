//! The environment that a library would read behind the SDK's back.

use std::env;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Starts the program anew without the variables that name a proxy, where there are any: some libraries obey them and others do not, shells
/// have them, and Docker's client puts them into containers. A process that runs already cannot take them from itself safely.
///
/// It does not return where it starts anew; else the reason why that did not work.
pub(crate) fn leave_proxies() -> Option<String> {
    let proxies: Vec<_> =
        env::vars_os().map(|(name, _)| name).filter(|name| names_proxy(&name.to_string_lossy())).collect();
    if proxies.is_empty() {
        return None;
    }
    let program = env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
    let mut command = Command::new(program);
    command.args(env::args_os().skip(1));
    proxies.iter().for_each(|name| {
        command.env_remove(name);
    });
    let error = command.exec();
    Some(format!("cannot start again without the variable `{}`: {error}", proxies[0].to_string_lossy()))
}

/// `HTTP_PROXY`, `https_proxy`, `ALL_PROXY`, `NO_PROXY` and what else ends so, in letters of any case.
fn names_proxy(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("_proxy")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_name_a_proxy_are_known_in_any_case() {
        for name in ["HTTP_PROXY", "http_proxy", "Https_Proxy", "ALL_PROXY", "all_proxy", "no_proxy", "CGI_HTTP_PROXY"]
        {
            assert!(names_proxy(name), "{name}");
        }
        assert!(!names_proxy("PROXY") && !names_proxy("HTTP_PROXY_HOST"));
    }
}
