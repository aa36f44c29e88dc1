//! Which Docker Engine is meant: the one that `docker` itself would take. It is found once, so that the Engine's API and compose, which
//! differ in what they follow, talk to the same.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use nix::ifaddrs::getifaddrs;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::process::Command;

/// Where an Engine listens unless told otherwise.
const USUAL: &str = "unix:///var/run/docker.sock";

/// The context that means `DOCKER_HOST` or the usual socket.
const DEFAULT_CONTEXT: &str = "default";

/// What else says which Engine a command of docker's is for; none of it holds beside an address.
const VARIABLES: [&str; 4] = ["DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"];

/// Where an Engine listens, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EngineAddress {
    /// As `DOCKER_HOST` has it.
    pub(super) host: String,
    named_by: NamedBy,
}

/// Who names an Engine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum NamedBy {
    /// Nobody.
    Nobody,
    /// `DOCKER_HOST`.
    Variable,
    /// A context, and what says that it is the one.
    Context { name: String, chosen_by: String },
}

impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => Ok(()),
            Self::Variable => f.write_str(" (DOCKER_HOST)"),
            Self::Context { name, chosen_by } => write!(f, " (Docker context `{name}`, by {chosen_by})"),
        }
    }
}

impl NamedBy {
    /// How to have another Engine than the one that is named.
    fn way_out(&self) -> &'static str {
        match self {
            Self::Nobody | Self::Variable => {
                "set DOCKER_HOST to the unix:// socket of an Engine on this host, or unset it"
            }
            Self::Context { .. } => {
                "choose a context of an Engine on this host (`docker context ls`, `docker context use default`; DOCKER_CONTEXT goes \
                 before it)"
            }
        }
    }
}

/// `unix:///run/docker.sock (Docker context `mine`, by DOCKER_CONTEXT)`.
impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`{}", self.host, self.named_by)
    }
}

impl EngineAddress {
    /// The Engine that `docker` would take here.
    ///
    /// # Errors
    /// A sentence with the way out, where that is none that containers of this harness could run at.
    pub(super) fn find() -> Result<Self, String> {
        let home = std::env::home_dir().unwrap_or_default();
        Self::among(|name| std::env::var(name).ok(), &home)
    }

    /// Whether anybody named one: a variable, or a context.
    pub(super) fn is_named() -> bool {
        Self::find().map_or(true, |address| address.named_by != NamedBy::Nobody)
    }

    fn among(variable: impl Fn(&str) -> Option<String>, home: &Path) -> Result<Self, String> {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let folder = set("DOCKER_CONFIG").map_or_else(|| home.join(".docker"), PathBuf::from);
        let context = |name: String, chosen_by: String| Context { folder: &folder, name, chosen_by };
        let (host, named_by, is_tls) = if let Some(host) = set("DOCKER_HOST") {
            let is_tls = ["DOCKER_TLS", "DOCKER_TLS_VERIFY"].into_iter().any(|name| set(name).is_some());
            (host, NamedBy::Variable, is_tls)
        } else if let Some(name) = set("DOCKER_CONTEXT") {
            context(name, "DOCKER_CONTEXT".to_owned()).read()?
        } else if let Some(name) = in_use(&folder) {
            context(name, folder.join("config.json").display().to_string()).read()?
        } else {
            (USUAL.to_owned(), NamedBy::Nobody, false)
        };
        let address = Self { host, named_by };
        let refused = |why: &str| Err(format!("the Docker Engine at {address} {why}: {}", address.named_by.way_out()));
        match address.host.split_once("://") {
            Some(("unix", _)) => Ok(address),
            Some(("tcp" | "http", _)) if !is_tls => Ok(address),
            Some(("tcp" | "http" | "https", _)) => refused("is asked by TLS, which this harness does not do"),
            Some(("ssh", _)) => {
                refused("is asked by ssh: it is on another host, from which containers do not reach this harness")
            }
            _ => refused("has an address of a kind that is unknown here"),
        }
    }

    /// Whether it is on this host, as far as its address says.
    ///
    /// # Errors
    /// A sentence with the way out, where it is on another one.
    pub(super) async fn check_is_here(&self) -> Result<(), String> {
        let Some(("tcp" | "http", authority)) = self.host.split_once("://") else { return Ok(()) };
        let authority = authority.trim_end_matches('/');
        let found: Vec<SocketAddr> = tokio::net::lookup_host(authority)
            .await
            .map_err(|error| format!("the Docker Engine at {self} cannot be found: {error}"))?
            .collect();
        if found.iter().any(|address| is_of_this_host(address.ip())) {
            return Ok(());
        }
        Err(format!(
            "the Docker Engine at {self} is on another host, from which containers do not reach this harness: {}",
            self.named_by.way_out()
        ))
    }

    /// How to have another one.
    pub(super) fn way_out(&self) -> &'static str {
        self.named_by.way_out()
    }

    /// Makes this the Engine of a command of docker's.
    pub(super) fn give_to(&self, command: &mut Command) {
        for name in VARIABLES {
            command.env_remove(name);
        }
        command.env("DOCKER_HOST", &self.host);
    }
}

/// Whether this host has that address.
pub(super) fn is_of_this_host(address: IpAddr) -> bool {
    let own = |interface: nix::ifaddrs::InterfaceAddress| -> Option<IpAddr> {
        let address = interface.address?;
        let v4 = address.as_sockaddr_in().map(|address| address.ip().into());
        v4.or_else(|| address.as_sockaddr_in6().map(|address| address.ip().into()))
    };
    address.is_loopback()
        || getifaddrs().is_ok_and(|mut interfaces| interfaces.any(|found| own(found) == Some(address)))
}

/// The context in use by docker's configuration. What cannot be read there docker passes over as well.
fn in_use(folder: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Configuration {
        #[serde(rename = "currentContext")]
        current_context: Option<String>,
    }
    let text = std::fs::read_to_string(folder.join("config.json")).ok()?;
    let configuration: Configuration = serde_json::from_str(&text).ok()?;
    configuration.current_context.filter(|name| !name.is_empty() && name != DEFAULT_CONTEXT)
}

/// A context by its name.
struct Context<'a> {
    /// Docker's own.
    folder: &'a Path,
    name: String,
    chosen_by: String,
}

/// What of `meta.json` says where the Engine is.
#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "Endpoints", default)]
    endpoints: std::collections::HashMap<String, Endpoint>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Endpoint {
    host: String,
    #[serde(rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

impl Context<'_> {
    /// Its address, and whether that is asked by TLS.
    fn read(self) -> Result<(String, NamedBy, bool), String> {
        let Self { folder, name, chosen_by } = self;
        if name == DEFAULT_CONTEXT {
            return Ok((USUAL.to_owned(), NamedBy::Nobody, false));
        }
        // Docker's own way to name the folders of a context.
        let id = format!("{:x}", Sha256::digest(name.as_bytes()));
        let file = folder.join("contexts/meta").join(&id).join("meta.json");
        let named_by = NamedBy::Context { name, chosen_by };
        let cannot = |why: String| format!("there is no Engine{named_by}: {why}; {}", named_by.way_out());
        let text = std::fs::read_to_string(&file).map_err(|error| cannot(format!("{}: {error}", file.display())))?;
        let mut metadata: Metadata =
            serde_json::from_str(&text).map_err(|error| cannot(format!("{}: {error}", file.display())))?;
        let Some(endpoint) = metadata.endpoints.remove("docker") else {
            return Err(cannot(format!("{} names no endpoint `docker`", file.display())));
        };
        let has_certificates = folder.join("contexts/tls").join(&id).join("docker").is_dir();
        let host = Some(endpoint.host).filter(|host| !host.is_empty()).unwrap_or_else(|| USUAL.to_owned());
        Ok((host, named_by, endpoint.skip_tls_verify || has_certificates))
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// Docker's folder with these contexts, and what is in use.
    fn folder(contexts: &[(&str, &str)], in_use: &str) -> TempDir {
        let folder = TempDir::new().unwrap();
        for (name, metadata) in contexts {
            let id = format!("{:x}", Sha256::digest(name.as_bytes()));
            let meta = folder.path().join("contexts/meta").join(id);
            std::fs::create_dir_all(&meta).unwrap();
            std::fs::write(meta.join("meta.json"), metadata).unwrap();
        }
        std::fs::write(folder.path().join("config.json"), in_use).unwrap();
        folder
    }

    fn found(folder: &TempDir, variables: &[(&str, &str)]) -> Result<EngineAddress, String> {
        let folder = folder.path().to_str().unwrap();
        let variables = [variables, &[("DOCKER_CONFIG", folder)]].concat();
        let variable = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
        EngineAddress::among(variable, Path::new("/nowhere"))
    }

    fn at(host: &str) -> String {
        format!(r#"{{"Name":"x","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#)
    }

    #[test]
    fn a_variable_goes_before_a_context_and_that_before_the_one_in_use() {
        let (mine, theirs) = (at("unix:///mine.sock"), at("unix:///theirs.sock"));
        let folder = folder(&[("mine", &mine), ("theirs", &theirs)], r#"{"currentContext":"theirs","auths":{}}"#);
        for (variables, expected) in [
            (&[("DOCKER_HOST", "unix:///a.sock"), ("DOCKER_CONTEXT", "mine")][..], "`unix:///a.sock` (DOCKER_HOST)"),
            (&[("DOCKER_CONTEXT", "mine")], "`unix:///mine.sock` (Docker context `mine`, by DOCKER_CONTEXT)"),
            (&[("DOCKER_CONTEXT", ""), ("DOCKER_HOST", "")], "`unix:///theirs.sock` (Docker context `theirs`, by /"),
            (&[("DOCKER_CONTEXT", "default")], "`unix:///var/run/docker.sock`"),
        ] {
            let address = found(&folder, variables).unwrap().to_string();
            assert!(address.starts_with(expected), "{address}");
        }
    }

    #[test]
    fn without_a_context_it_is_the_usual_socket() {
        for in_use in ["{}", r#"{"currentContext":""}"#, r#"{"currentContext":"default"}"#, "no JSON"] {
            let address = found(&folder(&[], in_use), &[]).unwrap();
            assert_eq!((address.host.as_str(), &address.named_by), (USUAL, &NamedBy::Nobody), "{in_use}");
        }
        let nowhere = EngineAddress::among(|_| None, Path::new("/nowhere")).unwrap();
        assert_eq!(nowhere.to_string(), "`unix:///var/run/docker.sock`");
    }

    #[test]
    fn what_cannot_be_asked_is_refused_by_its_name_with_the_way_out() {
        let folder = folder(
            &[
                ("away", &at("ssh://user@host")),
                ("pipe", &at("npipe:////./pipe/docker_engine")),
                ("skips", &at("tcp://127.0.0.1:2376").replace("false", "true")),
                ("secured", &at("tcp://127.0.0.1:2376")),
                ("other", r#"{"Endpoints":{"kubernetes":{}}}"#),
                ("broken", "no JSON"),
            ],
            "{}",
        );
        let secured =
            folder.path().join("contexts/tls").join(format!("{:x}", Sha256::digest(b"secured"))).join("docker");
        std::fs::create_dir_all(secured).unwrap();
        for (name, says) in [
            ("away", "is asked by ssh"),
            ("pipe", "of a kind that is unknown here"),
            ("skips", "by TLS"),
            ("secured", "by TLS"),
            ("other", "names no endpoint `docker`"),
            ("broken", "meta.json: expected"),
            ("gone", "meta.json: No such file"),
        ] {
            let error = found(&folder, &[("DOCKER_CONTEXT", name)]).unwrap_err();
            assert!(error.contains(&format!("Docker context `{name}`, by DOCKER_CONTEXT")), "{error}");
            assert!(error.contains(says) && error.contains("docker context use default"), "{error}");
        }
        let tls = [("DOCKER_HOST", "tcp://127.0.0.1:2376"), ("DOCKER_TLS_VERIFY", "1")];
        let error = found(&folder, &tls).unwrap_err();
        assert!(error.contains("(DOCKER_HOST) is asked by TLS") && error.contains("set DOCKER_HOST"), "{error}");
    }

    #[tokio::test]
    async fn an_engine_on_another_host_is_known_by_its_address() {
        let tcp = |host: &str| found(&folder(&[], "{}"), &[("DOCKER_HOST", host)]).unwrap();
        for here in ["tcp://127.0.0.1:2375", "tcp://localhost:2375/", "http://[::1]:2375", "unix:///a.sock"] {
            tcp(here).check_is_here().await.unwrap();
        }
        let error = tcp("tcp://192.0.2.7:2375").check_is_here().await.unwrap_err();
        assert!(error.contains("`tcp://192.0.2.7:2375` (DOCKER_HOST) is on another host"), "{error}");
    }
}
