//! A mode: a server, how it is asked, and what is right then.

use crate::library::Library;

/// What modes have in common that stand together on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How a target is named, and what the environment says.
    Addresses,
    /// Who ends connections, and when.
    Closing,
    /// How heads are written.
    Heads,
    /// How bodies are sent.
    Bodies,
    /// What is said instead of what was asked for.
    Statuses,
    /// What nobody asked for.
    Unasked,
    /// Listings of buckets.
    Listings,
    /// What is put.
    Writes,
}

impl Kind {
    /// Every kind, in the order of the page.
    pub const ALL: [Self; 8] = [
        Self::Addresses,
        Self::Closing,
        Self::Heads,
        Self::Bodies,
        Self::Statuses,
        Self::Unasked,
        Self::Listings,
        Self::Writes,
    ];

    /// Its title.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Addresses => "Addresses and environment",
            Self::Closing => "Ends of connections",
            Self::Heads => "Heads",
            Self::Bodies => "Bodies",
            Self::Statuses => "Statuses and ranges",
            Self::Unasked => "Unasked responses",
            Self::Listings => "Listings",
            Self::Writes => "Writes",
        }
    }
}

/// One thing that a server does.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Its name.
    pub name: &'static str,
    /// Where it stands.
    pub kind: Kind,
    /// What is done, where that is more than the server's manner: `None` is what the manner says of itself.
    pub about: Option<&'static str>,
    /// The verdict that is right for every library.
    pub right: &'static str,
    /// Why it is.
    pub why: &'static str,
    /// Who is asked.
    pub server: Server,
    /// The test that is run.
    pub test: &'static str,
    /// Flags beside the usual ones or in their place. `{address}`, `{ip}` and `{port}` are the server's, `{proxy}` the proxy's address.
    pub flags: &'static [(&'static str, &'static str)],
    /// Variables, with the same in braces.
    pub environment: &'static [(&'static str, &'static str)],
    /// What of `[unsupported]` in library.toml keeps a library from it.
    pub needs: &'static [&'static str],
    /// Whether the runner makes a difference, so that it is run in containers as well.
    pub contained: bool,
    /// Whether processes can run it at all.
    pub on_process: bool,
    /// Whether containers can.
    pub on_compose: bool,
    /// Whether it mostly waits: then many of it run side by side.
    pub waits: bool,
    /// Whether it matters who ends connections: the server is to.
    pub watches_ends: bool,
}

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// A server of this manner ([`benchmark_origin::misbehave`]).
    Manner(&'static str),
    /// The same, by TLS, with a certificate of an authority that nobody knows: `{ca}` is its file.
    Tls(&'static str),
    /// Our origin, which checks signatures.
    Origin,
    /// An address at which nobody listens.
    Nobody,
}

impl Mode {
    /// Whether a library has what it takes.
    #[must_use]
    pub fn is_for(&self, library: &Library) -> bool {
        library.tests.iter().any(|test| test.name() == self.test)
            && !self.needs.iter().any(|need| library.unsupported.contains_key(*need))
    }

    /// What is done, in a line.
    #[must_use]
    pub fn summary(&self) -> &'static str {
        let of_manner = match self.server {
            Server::Manner(name) => benchmark_origin::misbehave::named(name).map(|manner| manner.summary),
            Server::Tls(_) | Server::Origin | Server::Nobody => None,
        };
        self.about.or(of_manner).unwrap_or_default()
    }
}
