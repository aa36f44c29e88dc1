//! What a test's requests send: held against the object that it is to be, as it comes, and not kept. That it was put is remembered.

use std::ops::RangeInclusive;
use std::sync::atomic::Ordering::Relaxed;

use benchmark_protocol::content;
use benchmark_protocol::operation::Operation;
use benchmark_protocol::tests::Seen;

use crate::object::{ETag, Modified};
use crate::reply::{Payload, Reply};
use crate::run::Run;
use crate::store::{Budget, Full};

/// A body on its way in.
pub(crate) struct Taken {
    key: String,
    /// Of a part: its number, and the upload's id.
    part: Option<(i32, String)>,
    /// Where in the pattern the object begins.
    pattern: usize,
    expected: RangeInclusive<u64>,
    /// Bytes so far.
    length: u64,
    differs: bool,
}

impl Taken {
    /// The body of this request, where it is one that the run's test sends.
    pub(crate) fn of(run: &Run, seen: &Seen<'_>) -> Option<Self> {
        let expected = run.rules()?.sends(seen)?;
        let part = match seen.operation {
            Some(Operation::UploadPart) => {
                Some((seen.asked("partNumber")?.parse().ok()?, seen.asked("uploadId")?.to_owned()))
            }
            _ => None,
        };
        let pattern = content::origin_of(seen.key);
        Some(Self { key: seen.key.to_owned(), part, pattern, expected, length: 0, differs: false })
    }

    /// A piece of it.
    pub(crate) fn piece(&mut self, bytes: &[u8]) {
        let offset = self.expected.start().saturating_add(self.length);
        self.differs |= !content::matches(self.pattern, offset, bytes);
        self.length += bytes.len() as u64;
    }

    /// The answer to the whole of it. What was put counts as modified then.
    pub(crate) fn answer(self, run: &Run, modified: Modified) -> Reply {
        let whole = self.expected.end() - self.expected.start() + 1;
        if self.differs || self.length != whole {
            run.counters.out_of_contract.fetch_add(1, Relaxed);
            return Reply::error(
                400,
                "BadDigest",
                &format!("These are not the {whole} bytes that the run's test puts."),
            );
        }
        let put = match &self.part {
            None => run.store.take(&self.key, whole, modified).map(|()| ETag::of_pattern(&self.key, whole)),
            Some((number, upload)) => {
                let mut uploads = run.store.uploads();
                match uploads.get_mut(upload).filter(|upload| upload.key == self.key) {
                    None => return Reply::error(404, "NoSuchUpload", "The run has no such upload."),
                    Some(upload) => {
                        let etag = ETag::of_part(&self.key, *number, whole);
                        upload.take(*number, whole, etag, modified.time).map(|()| etag)
                    }
                }
            }
        };
        match put {
            Ok(etag) => {
                let mut reply = Reply::new(200, "application/xml", Payload::EMPTY);
                reply.tag = Some(etag);
                reply.taken_bytes = whole;
                reply
            }
            Err(Full) => slow_down(run.store.budget()),
        }
    }
}

/// The answer to what needs room where there is none.
pub(crate) fn slow_down(budget: &Budget) -> Reply {
    Reply::error(503, "SlowDown", &budget.exhausted())
}
