//! Who may take a seat of a run. Judged from `hello` alone, before anything else of a connection is read.

use benchmark_protocol::message::{Hello, VERSION};
use subtle::ConstantTimeEq;

use super::Expected;
use crate::runner::Known;

/// What a replica shows to take a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// The seat's own token, in the order of the seats.
    Tokens(Vec<String>),
    /// The run's token, and a host name that the runner lists and that nobody has given yet.
    Listed(String),
    /// The run's token alone.
    Token(String),
}

/// The seat that a `hello` gives a right to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// This one.
    Seat(usize),
    /// A free one, once the runner lists its host name.
    Listed,
    /// A free one: the one asked for, where one is.
    Free,
}

impl Admission {
    /// Draws the tokens of a run.
    #[must_use]
    pub fn draw(known: Known, replicas: u32) -> Self {
        let token = || uuid::Uuid::new_v4().to_string();
        match known {
            Known::ByToken => Self::Tokens((0..replicas).map(|_| token()).collect()),
            Known::ByHostName => Self::Listed(token()),
            Known::ByNothing => Self::Token(token()),
        }
    }

    /// The tokens of the replicas, where each has its own.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        match self {
            Self::Tokens(tokens) => tokens,
            Self::Listed(_) | Self::Token(_) => &[],
        }
    }

    /// The token that all replicas have.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::Tokens(_) => None,
            Self::Listed(token) | Self::Token(token) => Some(token),
        }
    }

    fn claim(&self, shown: &str) -> Option<Claim> {
        // How long this takes says nothing of where a guess is wrong.
        let is = |token: &String| bool::from(token.as_bytes().ct_eq(shown.as_bytes()));
        match self {
            // All are compared, whichever it is.
            Self::Tokens(tokens) => {
                let seats = tokens.iter().enumerate().filter(|(_, token)| is(token));
                seats.fold(None, |_, (seat, _)| Some(Claim::Seat(seat)))
            }
            Self::Listed(token) => is(token).then_some(Claim::Listed),
            Self::Token(token) => is(token).then_some(Claim::Free),
        }
    }
}

impl Expected {
    /// The seat that this gives a right to, or why it gives none.
    pub(super) fn judge(&self, hello: &Hello) -> Result<Claim, String> {
        if hello.protocol != VERSION {
            return Err(format!("protocol version {} is not {VERSION}", hello.protocol));
        }
        let claim = self.admission.claim(&hello.token).filter(|_| hello.run_id == self.run_id);
        let claim = claim.ok_or("wrong token for this run")?;
        if (&hello.library, &hello.test) != (&self.library, &self.test) {
            let (library, test) = (&self.library, &self.test);
            return Err(format!("this run is of {library} {test}, not of {} {}", hello.library, hello.test));
        }
        match (claim, hello.replica) {
            (Claim::Seat(seat), Some(asked)) if asked as usize != seat => {
                Err(format!("this is the token of replica {seat}, not of replica {asked}"))
            }
            _ => Ok(claim),
        }
    }
}
