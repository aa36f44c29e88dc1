//! The seats of a run, and who gets which.

use benchmark_protocol::message::CoordinatorMessage;

use super::Expected;
use super::admission::Claim;
use super::connection::Arrival;
use super::seat::{Seat, Stage};
use crate::run::Replica;
use crate::runner::{Identity, Replicas};

/// The seats of a run.
#[derive(Debug)]
pub(super) struct Seats {
    seats: Vec<Seat>,
    /// Replicas whose host name the runner does not list yet: a container may speak before its Engine has told of it.
    unlisted: Vec<Arrival>,
}

impl Seats {
    pub(super) fn new(replicas: u32) -> Self {
        Self { seats: (0..replicas).map(Seat::new).collect(), unlisted: Vec::new() }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Seat> {
        self.seats.iter_mut()
    }

    /// The seat of a connection.
    pub(super) fn of(&mut self, connection: u64) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.connection == Some(connection))
    }

    /// The seat of a replica that its runner names. One that ended before its `hello` has none: it takes the first empty one.
    pub(super) fn named(&mut self, replica: &Identity) -> Option<&mut Seat> {
        let has_it = |seat: &Seat| match replica {
            Identity::Index(index) => seat.record.index == *index,
            Identity::HostName(name) => seat.record.host_name.as_ref() == Some(name),
        };
        let empty = |seat: &Seat| seat.record.host_name.is_none() && seat.record.failure.is_none();
        let index = self.seats.iter().position(has_it).or_else(|| match replica {
            Identity::Index(_) => None,
            Identity::HostName(_) => self.seats.iter().position(empty),
        });
        self.seats.get_mut(index?)
    }

    pub(super) fn all(&self, holds: impl Fn(&Seat) -> bool) -> bool {
        self.seats.iter().all(holds)
    }

    pub(super) fn any(&self, holds: impl Fn(&Seat) -> bool) -> bool {
        self.seats.iter().any(holds)
    }

    /// Indices of the replicas of which this holds.
    pub(super) fn which(&self, holds: impl Fn(&Seat) -> bool) -> Vec<u32> {
        self.seats.iter().filter(|seat| holds(seat)).map(|seat| seat.record.index).collect()
    }

    pub(super) fn send(&self, message: &CoordinatorMessage) {
        self.seats.iter().for_each(|seat| seat.send(message.clone()));
    }

    /// Gives a replica its seat, or says why it has none.
    pub(super) fn admit(&mut self, arrival: Arrival, expected: &Expected, replicas: &impl Replicas) {
        let free = |seats: &[Seat]| seats.iter().position(Seat::is_free);
        let index = match arrival.claim {
            Claim::Seat(index) => Some(index).filter(|index| self.seats.get(*index).is_some_and(Seat::is_free)),
            Claim::Free => match arrival.hello.replica {
                Some(asked) => self.seats.iter().position(|seat| seat.record.index == asked && seat.is_free()),
                None => free(&self.seats),
            },
            Claim::Listed => {
                let name = &arrival.hello.host_name;
                if self.seats.iter().any(|seat| seat.record.host_name.as_ref() == Some(name)) {
                    return arrival.writer.reject(format!("the container `{name}` has its seat already"));
                }
                let index = free(&self.seats);
                if index.is_some() && replicas.container_id(name).is_none() {
                    return self.wait(arrival);
                }
                index
            }
        };
        let Some(index) = index else {
            let (all, claim) = (expected.replicas, arrival.claim);
            return arrival.writer.reject(match claim {
                Claim::Seat(seat) => format!("replica {seat} is there already"),
                Claim::Listed | Claim::Free => format!("a replica too many: the run has {all}"),
            });
        };
        let seat = &mut self.seats[index];
        let (replica, seed, objects) = (seat.record.index, expected.seed, expected.objects.clone());
        seat.take(arrival, CoordinatorMessage::Welcome { replica, seed, objects, ca: expected.ca.clone() });
    }

    /// A replica that the runner may list yet. Whoever knows the token could bring any number of names: as many wait as have seats.
    fn wait(&mut self, arrival: Arrival) {
        if self.unlisted.len() >= self.seats.len() {
            let name = &arrival.hello.host_name;
            return arrival.writer.reject(format!("no container `{name}` is known in this run"));
        }
        self.unlisted.push(arrival);
    }

    /// Whether somebody waits for the runner to list it.
    pub(super) fn has_unlisted(&self) -> bool {
        !self.unlisted.is_empty()
    }

    /// Looks again for those that wait.
    pub(super) fn admit_listed(&mut self, expected: &Expected, replicas: &impl Replicas) {
        for arrival in std::mem::take(&mut self.unlisted) {
            self.admit(arrival, expected, replicas);
        }
    }

    /// A connection is over that has no seat.
    pub(super) fn forget(&mut self, connection: u64) {
        self.unlisted.retain(|arrival| arrival.connection != connection);
    }

    /// What is known of every replica, with the container that it ran in.
    pub(super) fn into_records(self, replicas: &impl Replicas) -> Vec<Replica> {
        let record = |seat: Seat| {
            let container_id = seat.record.host_name.as_deref().and_then(|name| replicas.container_id(name));
            Replica { container_id, ..seat.record }
        };
        self.seats.into_iter().map(record).collect()
    }

    /// Those without a result.
    pub(super) fn running(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(|seat| seat.stage != Stage::Done)
    }
}
