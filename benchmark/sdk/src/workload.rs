//! The seeded workload of a replica: the calls of its test, each request in the words of the target.

use std::sync::{Mutex, PoisonError};

use benchmark_protocol::content;
use benchmark_protocol::message;
use benchmark_protocol::tests::{Answer, Ask, Calls, Setting, Trail};
use benchmark_protocol::workload::Draws;
use jiff::Timestamp;

use crate::options::{Header, Options};
use crate::request::Request;
use crate::response::Response;
use crate::sigv4::Signer;

/// All requests of a replica.
#[derive(Debug)]
pub(crate) struct Workload {
    calls: Box<dyn Calls>,
    signer: Option<Mutex<Signer>>,
    headers: Vec<Header>,
    /// What objects are sent from.
    contents: &'static [u8],
}

impl Workload {
    /// The workload of one replica. `listed` are the objects that the coordinator found at the target, if it looked.
    pub(crate) fn new(
        options: &Options,
        (seed, replica): (u64, u32),
        listed: &[message::Object],
        client_signs: bool,
    ) -> Result<Self, String> {
        let target = options.target().map_err(|error| error.to_string())?;
        let values = options.values()?;
        let (known, draws) = (options.has_known_content(), Draws::new(seed, replica));
        let prefix = options.prefix();
        let calls =
            options.test.calls(&Setting { target: &target, known, prefix, replica, listed, values: &values, draws })?;
        let credentials = options.credentials().filter(|_| !client_signs);
        let signer = credentials.map(|credentials| Mutex::new(Signer::new(credentials, target.host())));
        let contents = content::seamless(options.test.longest_sent(&values));
        Ok(Self { calls, signer, headers: options.headers.clone(), contents })
    }

    /// Of calls that no test of the catalogue makes.
    #[cfg(test)]
    pub(crate) fn of(calls: Box<dyn Calls>) -> Self {
        Self { calls, signer: None, headers: Vec::new(), contents: content::seamless(0) }
    }

    /// The request made before `ready`.
    pub(crate) fn verification(&self) -> Request<'_> {
        self.request(self.calls.verification())
    }

    /// Takes from the verified response what nobody else told.
    pub(crate) fn learn(&mut self, response: &Response) -> Result<(), String> {
        self.calls.learn(response.answer())
    }

    /// The first request of the call of this ordinal.
    #[inline]
    pub(crate) fn first(&self, ordinal: u64) -> Request<'_> {
        self.request(self.calls.ask(ordinal))
    }

    /// The request that follows a good answer; `None` where the call is complete.
    #[inline]
    pub(crate) fn next(&self, ordinal: u64, trail: &mut Trail, answer: &Answer) -> Option<Request<'_>> {
        self.calls.next(ordinal, trail, answer).map(|ask| self.request(ask))
    }

    /// The request that undoes what a failed call began.
    pub(crate) fn undo(&self, ordinal: u64, trail: &Trail) -> Option<Request<'_>> {
        self.calls.undo(ordinal, trail).map(|ask| self.request(ask))
    }

    #[inline]
    fn request<'a>(&'a self, ask: Ask<'a>) -> Request<'a> {
        let mut request = Request::new(ask);
        request.given = &self.headers;
        request.contents = self.contents;
        if let Some(signer) = &self.signer {
            let mut signer = signer.lock().unwrap_or_else(PoisonError::into_inner);
            request.signature = signer.sign(&request, Timestamp::now());
        }
        request
    }
}
