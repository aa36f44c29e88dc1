//! The seeded workload: turns the ordinal of a request into the object, the range and what a good answer is.

use std::ops::RangeInclusive;
use std::sync::{Mutex, PoisonError};

use benchmark_protocol::content;
use benchmark_protocol::message;
use benchmark_protocol::target::{Names, Object, Target};
use benchmark_protocol::test::Test;
use benchmark_protocol::units::format_size;
use benchmark_protocol::workload::Draws;
use jiff::Timestamp;

use crate::options::Options;
use crate::request::Request;
use crate::response::{ContentRange, Expected};
use crate::sigv4::Signer;

/// Content is compared byte by byte for one response in so many; length and range for all of them.
const SAMPLE_EVERY: u64 = 64;

/// How many documents `call_api` asks the origin for.
const DOCUMENTS: u64 = 1_000;

/// All requests of a replica.
#[derive(Debug)]
pub(crate) struct Workload {
    objects: Vec<Object>,
    request_size: Option<u64>,
    draws: Draws,
    known_content: bool,
    signer: Option<Mutex<Signer>>,
}

impl Workload {
    /// The workload of one replica. `listed` are the objects that the coordinator found at the target, if it looked.
    pub(crate) fn new(
        options: &Options,
        test: Test,
        (seed, replica): (u64, u32),
        listed: &[message::Object],
        client_signs: bool,
    ) -> Result<Self, String> {
        let target = options.target().map_err(|error| error.to_string())?;
        let values = options.values(test)?;
        let request_size = values.number("request_size");
        let known_content = options.has_known_content();
        let mut objects: Vec<Object> = match (&target.names, test) {
            (Names::Bucket(bucket), Test::CallApi) if known_content => {
                let delay = values.iter().find(|(name, value)| *name == "delay" && *value != "0s");
                let query = delay.map(|(_, value)| format!("?delay={value}")).unwrap_or_default();
                (0..DOCUMENTS).map(|id| document(&target, bucket, id, &query)).collect()
            }
            (Names::Bucket(_), Test::FetchRange) if known_content => {
                (0..values.number("objects").unwrap_or(1)).map(|index| target.object(&content::key(index))).collect()
            }
            (Names::Bucket(_), _) => {
                listed.iter().map(|listed| Object { size: listed.size, ..target.object(&listed.key) }).collect()
            }
            (Names::Object { .. } | Names::Path(_), _) => vec![target.object("")],
        };
        if let Some(size) = request_size.filter(|_| !listed.is_empty()) {
            objects.retain(|object| object.size >= size);
        }
        if objects.is_empty() {
            return Err("the target names a bucket, and no object of it: name one (s3://bucket/key)".to_owned());
        }
        let credentials = options.credentials().filter(|_| !client_signs);
        let signer = credentials.map(|credentials| Mutex::new(Signer::new(credentials, target.host())));
        Ok(Self { objects, request_size, draws: Draws::new(seed, replica), known_content, signer })
    }

    /// The request made before `ready`: the head of the first object, compared in full.
    pub(crate) fn verification(&self) -> Request<'_> {
        let range = self.request_size.map(|size| 0..=size - 1);
        let mut request = self.request(&self.objects[0], range, true);
        request.expected.size = None;
        request
    }

    /// Takes the objects' size from the verified response, where the workload asks for ranges and no listing told it.
    pub(crate) fn learn(&mut self, content_range: Option<ContentRange>) -> Result<(), String> {
        let (Some(wanted), Some(got)) = (self.request_size, content_range) else { return Ok(()) };
        if got.size < wanted {
            let (size, wanted) = (format_size(got.size), format_size(wanted));
            return Err(format!("the object holds {size}, less than the request_size of {wanted}"));
        }
        for object in self.objects.iter_mut().filter(|object| object.size == 0) {
            object.size = got.size;
        }
        Ok(())
    }

    /// The request of this ordinal.
    pub(crate) fn draw(&self, ordinal: u64) -> Request<'_> {
        let objects = self.objects.len() as u64;
        let last_offset = |index: u64| match self.request_size {
            Some(size) => self.objects[index as usize].size - size + 1,
            None => 1,
        };
        let (index, offset) = self.draws.range(ordinal, objects, last_offset);
        let range = self.request_size.map(|size| offset..=offset + size - 1);
        self.request(&self.objects[index as usize], range, ordinal.is_multiple_of(SAMPLE_EVERY))
    }

    #[inline]
    fn request<'a>(&self, object: &'a Object, range: Option<RangeInclusive<u64>>, sampled: bool) -> Request<'a> {
        let document = range.is_none();
        let pattern = (sampled && self.known_content).then_some(object.pattern);
        let mut request = Request::new(object, Expected { range, size: Some(object.size), pattern, document });
        if let Some(signer) = &self.signer {
            let mut signer = signer.lock().unwrap_or_else(PoisonError::into_inner);
            request.signature = signer.sign(request.path(), request.range_header(), Timestamp::now());
        }
        request
    }
}

fn document(target: &Target, bucket: &str, id: u64, query: &str) -> Object {
    let object = target.object(&format!("api/{id}"));
    let path = format!("/{bucket}/api/{id}{query}");
    Object { url: format!("{}{path}", target.endpoint), path, ..object }
}
