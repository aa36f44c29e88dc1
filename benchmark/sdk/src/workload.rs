//! The seeded workload of a replica: the calls of its test, each request in the words of the target.

use benchmark_protocol::content;
use benchmark_protocol::message;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::{Answer, Ask, Calls, Setting, Trail};
use benchmark_protocol::workload::Draws;
use jiff::Timestamp;

use crate::options::{Header, Options};
use crate::request::{Common, Request};
use crate::response::Response;
use crate::sigv4::Signer;

/// All requests of a replica.
#[derive(Debug)]
pub(crate) struct Workload {
    calls: Box<dyn Calls>,
    signer: Option<Signer>,
    common: Common,
    has_several_operations: bool,
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
        let signer = credentials.map(|credentials| Signer::new(credentials, target.host()));
        let contents = content::seamless(options.test.longest_sent(&values));
        let given = options.headers().map(|(name, value)| Header(name.to_owned(), value.to_owned())).collect();
        let common = Common { given, contents };
        // What a failed call leaves is undone outside of it.
        let asked = options.test.operations().iter().filter(|operation| **operation != Operation::AbortUpload).count();
        Ok(Self { calls, signer, common, has_several_operations: asked > 1 })
    }

    /// Of calls that no test of the catalogue makes; of several operations.
    #[cfg(test)]
    pub(crate) fn of(calls: Box<dyn Calls>) -> Self {
        Self {
            calls,
            signer: None,
            common: Common { given: Vec::new(), contents: content::seamless(0) },
            has_several_operations: true,
        }
    }

    /// The request made before `ready`.
    pub(crate) fn verification(&self) -> Request<'_> {
        self.request(self.calls.verification())
    }

    /// Takes from the verified response what nobody else told.
    pub(crate) fn learn(&mut self, response: &Response) -> Result<(), String> {
        self.calls.learn(response.answer())
    }

    /// Whether its calls ask more than one operation: each is recorded by itself then.
    pub(crate) const fn has_several_operations(&self) -> bool {
        self.has_several_operations
    }

    /// What the first request of the call of this ordinal does.
    pub(crate) fn operation(&self, ordinal: u64) -> Operation {
        self.calls.ask(ordinal).operation
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
        let mut request = Request::new(ask, &self.common);
        if let Some(signer) = &self.signer {
            let signature = signer.sign(&request, Timestamp::now());
            request.sign(signature);
        }
        request
    }
}
