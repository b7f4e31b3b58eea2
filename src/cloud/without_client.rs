//! Object storage in a build without the feature `cloud`, which has no client.

use std::convert::Infallible;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::Instant;

use super::address::Address;
use super::output_settings::OutputSettings;
use super::settings::CloudSettings;

/// The clients. A build without the feature has none.
#[derive(Clone, Default)]
pub struct Stores {}

/// The objects that an address names. No value exists.
pub enum Found {
    Object(Object),
    Below(String, Listing),
}

/// The objects below a prefix.
pub struct Listing {
    pub objects: Vec<Object>,
    pub unreadable: Vec<UnreadableKey>,
}

/// An object that cannot be read because of its key.
pub struct UnreadableKey {
    pub address: Address,
    pub cause: &'static str,
}

/// An object. No value exists, since [`Stores::find`] finds no object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {}

/// A version of an object. No value exists.
#[derive(Clone, Debug)]
pub struct ObjectVersion(Infallible);

/// A reader of an object. No value exists.
pub enum ObjectReader {}

/// An object that is being written. No value exists.
pub enum ObjectWriter {}

/// An object whose bytes are all on their way. No value exists.
pub enum Completion {}

/// Tells whether the run is stopped.
pub type IsStopped = Arc<dyn Fn() -> bool + Send + Sync>;

impl Stores {
    pub fn new(_: CloudSettings) -> Self {
        Self {}
    }

    pub fn check_output(&self, _: &Address) -> Result<(), String> {
        Err(WITHOUT_WRITER.to_owned())
    }

    pub fn object(&self, _: &Address) -> Result<Option<Object>, String> {
        Err(WITHOUT_WRITER.to_owned())
    }

    pub fn write(
        &self,
        _: &Address,
        _: OutputSettings,
        _: IsStopped,
    ) -> Result<ObjectWriter, String> {
        Err(WITHOUT_WRITER.to_owned())
    }

    /// Returns for each address a message that says how to get a build that can read it.
    pub fn find(&self, addresses: &[Address]) -> Vec<Result<Found, String>> {
        let message = "this build of event-router cannot read object storage: in the checkout, run `cargo install --locked --path . --features cloud`, or copy the objects to files";
        addresses.iter().map(|_| Err(message.to_owned())).collect()
    }
}

/// The command line of a run asks for object storage before it begins, so nobody sees this text.
const WITHOUT_WRITER: &str = "this build of event-router cannot write to object storage";

impl ObjectWriter {
    pub fn write(&mut self, _: &[u8]) -> Result<(), String> {
        match *self {}
    }

    pub fn finish(self) -> Result<Completion, String> {
        match self {}
    }

    pub fn abandon(self) -> Completion {
        match self {}
    }
}

impl Completion {
    pub fn is_finished(&self) -> bool {
        match *self {}
    }

    pub fn wait(self) -> Result<bool, String> {
        match self {}
    }

    pub fn wait_abandoned(self, _: Instant) -> Result<(), String> {
        match self {}
    }
}

impl Object {
    pub fn address(&self) -> Address {
        match *self {}
    }

    pub fn key(&self) -> &str {
        match *self {}
    }

    pub fn size(&self) -> u64 {
        match *self {}
    }

    pub fn e_tag(&self) -> Option<&str> {
        match *self {}
    }

    pub fn read_ahead(&self) {
        match *self {}
    }

    pub fn open(&self) -> io::Result<ObjectReader> {
        match *self {}
    }
}

impl ObjectReader {
    pub fn version(&self) -> &ObjectVersion {
        match *self {}
    }
}

impl ObjectVersion {
    pub fn address(&self) -> Address {
        match self.0 {}
    }

    pub fn size(&self) -> u64 {
        match self.0 {}
    }

    pub fn e_tag(&self) -> Option<&str> {
        match self.0 {}
    }

    pub fn is_encoded(&self) -> bool {
        match self.0 {}
    }

    pub fn open(&self) -> io::Result<ObjectReader> {
        match self.0 {}
    }
}

impl Read for ObjectReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_build_without_the_clients_says_how_to_get_one_with_them() {
        let address = Address::parse(Path::new("s3://logs/")).unwrap().unwrap();
        let found = Stores::default().find(&[address]).remove(0);
        let message = found.err().unwrap();
        assert!(
            message.contains("`cargo install --locked --path . --features cloud`"),
            "{message}"
        );
    }
}
