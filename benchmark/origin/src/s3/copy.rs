//! Objects are copied, within a run and between runs. What was put is shared by its copies, of the run's own objects the bytes are made.

use s3s::dto::{self, Timestamp};
use s3s::{S3Request, S3Result, s3_error};

use super::api::Api;
use super::objects::metadata;
use super::uploads::{check_number, find};
use crate::conditions;
use crate::object::{Content, Object};
use crate::range::{Asked, parse};
use crate::store::Stored;

pub(super) async fn object(api: &Api, request: S3Request<dto::CopyObjectInput>) -> S3Result<dto::CopyObjectOutput> {
    let run = api.run(&request.input.bucket)?;
    let source = source(api, &request, &request.input.copy_source)?;
    let S3Request { input, headers, .. } = request;
    let replaces =
        input.metadata_directive.is_some_and(|directive| directive.as_str() == dto::MetadataDirective::REPLACE);
    let metadata = if replaces { metadata(&headers)? } else { source.metadata.clone() };
    let stored = match &source.content {
        Content::Stored(stored) => stored.clone(),
        Content::Pattern(_) => api.copy(&source, 0..source.size)?,
    };
    let e_tag = Some(tag(&stored));
    let put = run.put_if(&input.key, stored, metadata, |there| conditions::lets(&headers, there));
    let modified = put.map_err(|refused| api.refused(&refused))?;
    let last_modified = Some(Timestamp::from(modified.time));
    let result = dto::CopyObjectResult { e_tag, last_modified, ..Default::default() };
    Ok(dto::CopyObjectOutput { copy_object_result: Some(result), ..Default::default() })
}

/// A part of an upload is always a copy: it is charged like one that was sent.
pub(super) async fn part(
    api: &Api,
    request: S3Request<dto::UploadPartCopyInput>,
) -> S3Result<dto::UploadPartCopyOutput> {
    let run = api.run(&request.input.bucket)?;
    check_number(request.input.part_number)?;
    let source = source(api, &request, &request.input.copy_source)?;
    let input = request.input;
    let range = match input.copy_source_range.as_deref().map(|range| parse(range.as_bytes())) {
        None => 0..source.size,
        Some(Some(Asked::FromTo(first, last))) if last < source.size => first..last + 1,
        Some(_) => {
            return Err(s3_error!(InvalidRange, "A part is copied from `bytes=<first>-<last>` within its source."));
        }
    };
    find(&mut run.store.uploads(), &input.upload_id, &input.key)?;
    let stored = api.copy(&source, range)?;
    let e_tag = Some(tag(&stored));
    let modified = find(&mut run.store.uploads(), &input.upload_id, &input.key)?.put(input.part_number, stored);
    let last_modified = Some(Timestamp::from(modified));
    let result = dto::CopyPartResult { e_tag, last_modified, ..Default::default() };
    Ok(dto::UploadPartCopyOutput { copy_part_result: Some(result), ..Default::default() })
}

/// The object that a request copies, where its conditions let it.
fn source<I>(api: &Api, request: &S3Request<I>, named: &dto::CopySource) -> S3Result<Object> {
    let dto::CopySource::Bucket { bucket, key, .. } = named else {
        return Err(s3_error!(NotImplemented, "The origin does not implement copies from access points."));
    };
    let run = api.run(bucket)?;
    // That of the other run was judged before.
    if run.contract.signed && request.credentials.is_none() {
        return Err(s3_error!(AccessDenied, "The requests of the run `{bucket}` must be signed."));
    }
    let object = run.find(key).ok_or_else(|| s3_error!(NoSuchKey, "The run `{bucket}` has no object `{key}`."))?;
    if !conditions::let_copy(&request.headers, &object) {
        return Err(s3_error!(PreconditionFailed, "A condition of the request does not hold."));
    }
    Ok(object)
}

fn tag(stored: &Stored) -> dto::ETag {
    dto::ETag::Strong(stored.etag.to_string())
}
