//! ureq's own transport, but for one thing: ureq takes a reset within a body for the body's end.

use std::io;

use ureq::Error;
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};

/// Comes behind the connector whose transports are to tell of resets.
#[derive(Debug, Default)]
pub(crate) struct TellsResets;

impl<In: Transport> Connector<In> for TellsResets {
    type Out = Told<In>;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Told<In>>, Error> {
        Ok(chained.map(Told))
    }
}

#[derive(Debug)]
pub(crate) struct Told<T>(T);

impl<T: Transport> Transport for Told<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.0.await_input(timeout).map_err(|error| match error {
            // Wrapped, it is an error as any other, and what it is can still be told.
            Error::Io(error) if error.kind() == io::ErrorKind::ConnectionReset => Error::Io(io::Error::other(error)),
            error => error,
        })
    }

    fn is_open(&mut self) -> bool {
        self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}
