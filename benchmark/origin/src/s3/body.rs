//! Bytes that come in, taken into memory as far as the budget goes, and held against what the client says of them.

use std::future::poll_fn;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::content;
use futures_core::Stream;
use hyper::HeaderMap;
use s3s::checksum::ChecksumHasher;
use s3s::crypto::{Checksum as _, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use s3s::dto::{Checksum, StreamingBlob};
use s3s::{S3Error, S3Result, TrailingHeaders, s3_error};

use super::api::Api;
use crate::object::{Content, ETag, Object};
use crate::store::{Full, Stored};

/// The headers of checksums, before or behind a body.
const CHECKSUM: &str = "x-amz-checksum-";

impl Api {
    /// Takes a body into memory, and compares it with the digests that came with it.
    pub(super) async fn store(
        &self,
        body: Option<StreamingBlob>,
        headers: &HeaderMap,
        trailers: Option<&TrailingHeaders>,
    ) -> S3Result<(Stored, Checksum)> {
        let mut charge = self.0.budget.charge(0).map_err(|Full| self.too_large())?;
        let mut bytes = Vec::new();
        if let Some(mut body) = body {
            while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
                let chunk = chunk.map_err(|error| S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, error))?;
                charge.grow(chunk.len() as u64).map_err(|Full| self.too_large())?;
                bytes.extend_from_slice(&chunk);
            }
        }
        // What is charged is what is held.
        bytes.shrink_to_fit();
        let etag = ETag::of_bytes(&bytes);
        check_md5(headers, etag)?;
        let checksum = check_sums(headers, trailers, &bytes)?;
        Ok((Stored { bytes: bytes.into(), etag, charge: Arc::new(charge) }, checksum))
    }

    /// A copy of some of an object's bytes, charged like a body.
    pub(super) fn copy(&self, object: &Object, range: Range<u64>) -> S3Result<Stored> {
        let length = range.end - range.start;
        let charge = self.0.budget.charge(length).map_err(|Full| self.too_large())?;
        let mut bytes = Vec::with_capacity(length as usize);
        match &object.content {
            Content::Stored(stored) => bytes.extend_from_slice(&stored.bytes[range.start as usize..range.end as usize]),
            Content::Pattern(origin) => {
                while (bytes.len() as u64) < length {
                    let done = bytes.len() as u64;
                    bytes.extend_from_slice(content::piece(*origin, range.start + done, length - done));
                }
            }
        }
        let etag = ETag::of_bytes(&bytes);
        Ok(Stored { bytes: bytes.into(), etag, charge: Arc::new(charge) })
    }
}

fn check_md5(headers: &HeaderMap, etag: ETag) -> S3Result<()> {
    let Some(given) = headers.get("content-md5") else { return Ok(()) };
    let hash: Option<[u8; 16]> = STANDARD.decode(given).ok().and_then(|hash| hash.try_into().ok());
    match hash.map(|hash| ETag::of_hash(&hash) == etag) {
        Some(true) => Ok(()),
        Some(false) => Err(s3_error!(BadDigest, "The Content-MD5 is not that of what was received.")),
        None => Err(s3_error!(InvalidDigest, "The Content-MD5 is none.")),
    }
}

/// Compares the bytes with every checksum that came before or behind them, and returns these.
fn check_sums(headers: &HeaderMap, trailers: Option<&TrailingHeaders>, bytes: &[u8]) -> S3Result<Checksum> {
    let given = |name: &str| {
        let text = |headers: &HeaderMap| Some(headers.get(format!("{CHECKSUM}{name}"))?.to_str().ok()?.to_owned());
        text(headers).or_else(|| trailers?.read(text)?)
    };
    let expected = Checksum {
        checksum_crc32: given("crc32"),
        checksum_crc32c: given("crc32c"),
        checksum_crc64nvme: given("crc64nvme"),
        checksum_sha1: given("sha1"),
        checksum_sha256: given("sha256"),
        checksum_type: None,
    };
    let mut hasher = ChecksumHasher {
        crc32: expected.checksum_crc32.as_ref().map(|_| Crc32::new()),
        crc32c: expected.checksum_crc32c.as_ref().map(|_| Crc32c::new()),
        crc64nvme: expected.checksum_crc64nvme.as_ref().map(|_| Crc64Nvme::new()),
        sha1: expected.checksum_sha1.as_ref().map(|_| Sha1::new()),
        sha256: expected.checksum_sha256.as_ref().map(|_| Sha256::new()),
    };
    hasher.update(bytes);
    if hasher.finalize() != expected {
        return Err(s3_error!(BadDigest, "A checksum of the request is not that of what was received."));
    }
    Ok(expected)
}
