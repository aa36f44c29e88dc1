//! Servers as they are: each [`Manner`] is a server that does one thing wrong, or as few others do, and everything else right.
//!
//! What a client library is held against: whatever the server does, every library must be judged alike. Written on plain TCP, as no
//! HTTP server can be made to misbehave so. A manner says what is sent for a request as a [`script`]; [`server`] performs it, and
//! counts what was asked of it and who ended each connection.

mod asked;
mod bodies;
mod closing;
mod heads;
mod honest;
mod listings;
mod reply;
mod script;
mod server;
mod statuses;
mod unasked;
mod world;
mod writes;

use std::time::Duration;

pub use server::{Counters, serve};

use asked::Asked;
use script::Script;
use world::World;

/// The size of every object that was not put, in bytes.
pub const OBJECT_SIZE: u64 = 1 << 20;

/// What the `user-agent` of the harness's own requests begins with: they are answered as they should be, and counted nowhere.
pub const HARNESS: &str = "benchmark/";

/// A way to behave.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What is sent for a request.
    answer: fn(&Asked, &World) -> Script,
    /// What is sent as a connection begins, instead of listening to it.
    greeting: Option<fn() -> Script>,
    /// What is done once a connection that had a response has been idle for so long.
    idle: Option<(Duration, fn() -> Script)>,
    /// Whether it answers as soon as it has the head of a request.
    early: bool,
    /// Whether it says `100 Continue` to whoever waits for it.
    continues: bool,
    /// Whether the harness's own requests are answered so as well.
    to_all: bool,
}

impl Manner {
    /// One that differs in its answers alone.
    const fn new(name: &'static str, summary: &'static str, answer: fn(&Asked, &World) -> Script) -> Self {
        Self { name, summary, answer, greeting: None, idle: None, early: false, continues: true, to_all: false }
    }

    /// One that listens to nobody.
    const fn deaf(name: &'static str, summary: &'static str, greeting: fn() -> Script) -> Self {
        Self { greeting: Some(greeting), ..Self::new(name, summary, honest::answer) }
    }

    /// One that does the same to the harness.
    const fn to_all(name: &'static str, summary: &'static str, answer: fn(&Asked, &World) -> Script) -> Self {
        Self { to_all: true, ..Self::new(name, summary, answer) }
    }
}

/// The server that does nothing wrong.
pub const HONEST: Manner = Manner::new("honest", "does all as it should be done", honest::answer);

/// Every manner, by kind.
pub fn manners() -> impl Iterator<Item = &'static Manner> {
    const HONESTY: &[Manner] = &[HONEST];
    let kinds = [
        HONESTY,
        closing::MANNERS,
        heads::MANNERS,
        bodies::MANNERS,
        statuses::MANNERS,
        unasked::MANNERS,
        listings::MANNERS,
        writes::MANNERS,
    ];
    kinds.into_iter().flatten()
}

/// The manner of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Manner> {
    manners().find(|manner| manner.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_manner_has_a_name_of_its_own() {
        let mut names: Vec<&str> = manners().map(|manner| manner.name).collect();
        names.sort_unstable();
        let before = names.len();
        names.dedup();
        assert_eq!(names.len(), before);
        assert!(names.iter().all(|name| named(name).is_some()));
    }
}
