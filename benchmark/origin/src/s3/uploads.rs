//! Uploads in parts, from their begin to the object that they become.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use s3s::dto::{self, Timestamp};
use s3s::{S3Request, S3Result, s3_error};

use super::api::Api;
use super::lists::{Spelling, most};
use super::objects::metadata;
use crate::conditions;
use crate::object::{ETag, Modified};
use crate::store::{Full, Part, PartContent, Stored, Upload};

/// The most parts of an upload, as S3 has it.
const MOST_PARTS: i32 = 10_000;

pub(super) async fn create(
    api: &Api,
    request: S3Request<dto::CreateMultipartUploadInput>,
) -> S3Result<dto::CreateMultipartUploadOutput> {
    let S3Request { input, headers, .. } = request;
    let upload = api.run(&input.bucket)?.store.begin_upload(&input.key, metadata(&headers)?);
    let upload_id = upload.map_err(|Full| api.slow_down())?;
    Ok(dto::CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload_id),
        checksum_algorithm: input.checksum_algorithm,
        checksum_type: input.checksum_type,
        ..Default::default()
    })
}

pub(super) async fn part(api: &Api, request: S3Request<dto::UploadPartInput>) -> S3Result<dto::UploadPartOutput> {
    let S3Request { input, headers, trailing_headers, .. } = request;
    let run = api.run(&input.bucket)?;
    check_number(input.part_number)?;
    // Before its body is read; and again behind it, for it may have been aborted in the meantime.
    find(&mut run.store.uploads(), &input.upload_id, &input.key)?;
    let (stored, checksum) = api.store(input.body, &headers, trailing_headers.as_ref()).await?;
    let e_tag = Some(dto::ETag::Strong(stored.etag.to_string()));
    find(&mut run.store.uploads(), &input.upload_id, &input.key)?.put(input.part_number, stored);
    Ok(dto::UploadPartOutput {
        e_tag,
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        ..Default::default()
    })
}

pub(super) async fn list_parts(api: &Api, request: S3Request<dto::ListPartsInput>) -> S3Result<dto::ListPartsOutput> {
    let input = request.input;
    let run = api.run(&input.bucket)?;
    let mut uploads = run.store.uploads();
    let upload = find(&mut uploads, &input.upload_id, &input.key)?;
    let most = most(input.max_parts);
    let after = input.part_number_marker.unwrap_or_default().clamp(0, MOST_PARTS);
    let mut left = upload.parts.range(after + 1..);
    let parts: Vec<_> = left
        .by_ref()
        .take(usize::try_from(most).unwrap_or_default())
        .map(|(number, part)| dto::Part {
            part_number: Some(*number),
            size: i64::try_from(part.size).ok(),
            e_tag: Some(dto::ETag::Strong(part.etag.to_string())),
            last_modified: Some(Timestamp::from(part.modified)),
            ..Default::default()
        })
        .collect();
    let is_truncated = left.next().is_some();
    Ok(dto::ListPartsOutput {
        is_truncated: Some(is_truncated),
        next_part_number_marker: parts.last().filter(|_| is_truncated).and_then(|part| part.part_number),
        parts: Some(parts),
        max_parts: Some(most),
        part_number_marker: Some(after),
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        ..Default::default()
    })
}

/// The uploads of a run by key, and those of one key in the order they began.
pub(super) async fn list(
    api: &Api,
    request: S3Request<dto::ListMultipartUploadsInput>,
) -> S3Result<dto::ListMultipartUploadsOutput> {
    let input = request.input;
    if input.delimiter.as_deref().is_some_and(|delimiter| !delimiter.is_empty()) {
        return Err(s3_error!(NotImplemented, "The origin does not implement ListMultipartUploads with `delimiter`."));
    }
    let run = api.run(&input.bucket)?;
    let spelling = Spelling::of(input.encoding_type.as_ref())?;
    let most = most(input.max_uploads);
    let prefix = input.prefix.unwrap_or_default();
    let (key_marker, id_marker) = (input.key_marker.unwrap_or_default(), input.upload_id_marker.unwrap_or_default());
    // Ids are numbered, so that a longer one is later.
    let place = |key: &str, id: &str| (key.to_owned(), id.len(), id.to_owned());
    let is_behind = |key: &str, id: &str| {
        let same = key == key_marker && !id_marker.is_empty();
        key > &*key_marker || same && place(key, id) > place(&key_marker, &id_marker)
    };
    let uploads = run.store.uploads();
    let mut found: Vec<_> =
        uploads.iter().filter(|(id, upload)| upload.key.starts_with(&prefix) && is_behind(&upload.key, id)).collect();
    found.sort_unstable_by_key(|(id, upload)| place(&upload.key, id));
    let is_truncated = found.len() > usize::try_from(most).unwrap_or_default() && most > 0;
    found.truncate(usize::try_from(most).unwrap_or_default());
    let last = found.last().filter(|_| is_truncated);
    Ok(dto::ListMultipartUploadsOutput {
        is_truncated: Some(is_truncated),
        next_key_marker: last.map(|(_, upload)| spelling.text(upload.key.clone())),
        next_upload_id_marker: last.map(|(id, _)| (*id).clone()),
        uploads: Some(found.iter().map(|(id, upload)| listed(id, upload, spelling)).collect()),
        max_uploads: Some(most),
        bucket: Some(input.bucket),
        prefix: Some(spelling.text(prefix)),
        key_marker: Some(spelling.text(key_marker)),
        upload_id_marker: Some(id_marker),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}

fn listed(id: &str, upload: &Upload, spelling: Spelling) -> dto::MultipartUpload {
    dto::MultipartUpload {
        key: Some(spelling.text(upload.key.clone())),
        upload_id: Some(id.to_owned()),
        initiated: Some(Timestamp::from(upload.initiated)),
        ..Default::default()
    }
}

pub(super) async fn complete(
    api: &Api,
    request: S3Request<dto::CompleteMultipartUploadInput>,
) -> S3Result<dto::CompleteMultipartUploadOutput> {
    let S3Request { input, headers, .. } = request;
    let run = api.run(&input.bucket)?;
    let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    let e_tag = {
        let mut uploads = run.store.uploads();
        let upload = find(&mut uploads, &input.upload_id, &input.key)?;
        let parts = listed_parts(&listed, upload)?;
        let taken = parts.iter().filter(|part| matches!(part.content, PartContent::Taken { .. })).count();
        let etag = if taken == 0 {
            let stored = join(api, &parts)?;
            let (etag, metadata) = (stored.etag, upload.metadata.clone());
            let put = run.put_if(&input.key, stored, metadata, |there| conditions::lets(&headers, there));
            put.map_err(|refused| api.refused(&refused))?;
            etag
        } else {
            run.check_parts(listed.len());
            // Only from the first on, without a gap, are they an object of the pattern.
            if taken < parts.len() || !listed.iter().zip(1..).all(|(part, number)| part.part_number == Some(number)) {
                return Err(s3_error!(InvalidPart));
            }
            let size = parts.iter().map(|part| part.size).sum();
            let taken = run.store.take(&input.key, size, Modified::at(SystemTime::now()));
            taken.map_err(|Full| api.slow_down())?;
            ETag::of_pattern(&input.key, size)
        };
        let e_tag = Some(dto::ETag::Strong(etag.to_string()));
        uploads.remove(&input.upload_id);
        e_tag
    };
    Ok(dto::CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", input.bucket, input.key)),
        bucket: Some(input.bucket),
        key: Some(input.key),
        e_tag,
        ..Default::default()
    })
}

pub(super) async fn abort(
    api: &Api,
    request: S3Request<dto::AbortMultipartUploadInput>,
) -> S3Result<dto::AbortMultipartUploadOutput> {
    let input = request.input;
    let run = api.run(&input.bucket)?;
    run.store.uploads().remove(&input.upload_id).ok_or_else(|| s3_error!(NoSuchUpload))?;
    Ok(dto::AbortMultipartUploadOutput::default())
}

/// Refuses what is no number of a part.
pub(super) fn check_number(number: i32) -> S3Result<()> {
    if (1..=MOST_PARTS).contains(&number) {
        return Ok(());
    }
    Err(s3_error!(InvalidArgument, "Parts have numbers from 1 to {MOST_PARTS}."))
}

/// The upload of this id and key.
pub(super) fn find<'u>(uploads: &'u mut HashMap<String, Upload>, id: &str, key: &str) -> S3Result<&'u mut Upload> {
    uploads.get_mut(id).filter(|upload| upload.key == key).ok_or_else(|| s3_error!(NoSuchUpload))
}

/// The parts that are listed, in their order.
fn listed_parts<'u>(listed: &[dto::CompletedPart], upload: &'u Upload) -> S3Result<Vec<&'u Part>> {
    let mut parts = Vec::with_capacity(listed.len());
    for listed in listed {
        let number = listed.part_number.ok_or_else(|| s3_error!(InvalidPart))?;
        let part = upload.parts.get(&number).ok_or_else(|| s3_error!(InvalidPart))?;
        if listed.e_tag.as_ref().is_some_and(|etag| etag.value() != part.etag.to_string()) {
            return Err(s3_error!(InvalidPart));
        }
        parts.push(part);
    }
    if parts.is_empty() || !listed.is_sorted_by(|a, b| a.part_number < b.part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    Ok(parts)
}

/// Joins parts into one object, which is charged anew: for a moment both are held.
fn join(api: &Api, parts: &[&Part]) -> S3Result<Stored> {
    let size: u64 = parts.iter().map(|part| part.size).sum();
    let charge = api.0.budget.charge(size).map_err(|Full| api.too_large())?;
    let mut bytes = Vec::with_capacity(size as usize);
    for part in parts {
        if let PartContent::Stored(stored) = &part.content {
            bytes.extend_from_slice(&stored.bytes);
        }
    }
    let etag = ETag::of_parts(&parts.iter().map(|part| part.etag).collect::<Vec<_>>());
    Ok(Stored { bytes: Bytes::from(bytes), etag, charge: Arc::new(charge) })
}
