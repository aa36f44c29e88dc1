//! Objects are put and deleted.

use hyper::HeaderMap;
use s3s::dto;
use s3s::{S3Request, S3Result, s3_error};

use super::api::Api;
use super::lists::MOST_KEYS;
use crate::conditions;
use crate::metadata::{Metadata, TooLarge};

pub(super) async fn put(api: &Api, request: S3Request<dto::PutObjectInput>) -> S3Result<dto::PutObjectOutput> {
    let S3Request { input, headers, trailing_headers, .. } = request;
    let run = api.run(&input.bucket)?;
    let metadata = metadata(&headers)?;
    let (stored, checksum) = api.store(input.body, &headers, trailing_headers.as_ref()).await?;
    let e_tag = Some(dto::ETag::Strong(stored.etag.to_string()));
    let put = run.put_if(&input.key, stored, metadata, |there| conditions::lets(&headers, there));
    put.map_err(|refused| api.refused(&refused))?;
    Ok(dto::PutObjectOutput {
        e_tag,
        checksum_crc32: checksum.checksum_crc32,
        checksum_crc32c: checksum.checksum_crc32c,
        checksum_crc64nvme: checksum.checksum_crc64nvme,
        checksum_sha1: checksum.checksum_sha1,
        checksum_sha256: checksum.checksum_sha256,
        ..Default::default()
    })
}

pub(super) async fn delete(api: &Api, request: S3Request<dto::DeleteObjectInput>) -> S3Result<dto::DeleteObjectOutput> {
    let S3Request { input, headers, .. } = request;
    let deleted = api.run(&input.bucket)?.delete_if(&input.key, |there| conditions::lets(&headers, there));
    deleted.map_err(|refused| api.refused(&refused))?;
    Ok(dto::DeleteObjectOutput::default())
}

pub(super) async fn delete_many(
    api: &Api,
    request: S3Request<dto::DeleteObjectsInput>,
) -> S3Result<dto::DeleteObjectsOutput> {
    let run = api.run(&request.input.bucket)?;
    let dto::Delete { objects, quiet } = request.input.delete;
    if objects.len() > MOST_KEYS as usize {
        return Err(s3_error!(MalformedXML, "One request deletes at most {MOST_KEYS} objects."));
    }
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for dto::ObjectIdentifier { key, e_tag, .. } in objects {
        let expected = e_tag.as_ref().map(dto::ETag::value);
        let lets = |etag: &str| expected.is_none_or(|expected| expected == "*" || expected == etag);
        let result = run.delete_if(&key, |there| match there {
            Some(there) => lets(&there.etag.to_string()),
            None => expected.is_none(),
        });
        match result.map_err(|refused| api.refused(&refused)) {
            Ok(()) => deleted.push(dto::DeletedObject { key: Some(key), ..Default::default() }),
            Err(error) => errors.push(dto::Error {
                key: Some(key),
                code: Some(error.code().as_str().to_owned()),
                message: error.message().map(str::to_owned),
                version_id: None,
            }),
        }
    }
    Ok(dto::DeleteObjectsOutput {
        deleted: (!quiet.unwrap_or_default()).then_some(deleted),
        errors: Some(errors),
        ..Default::default()
    })
}

/// No object has any. aws-cli 2 asks before it copies one in parts.
pub(super) async fn tags(
    api: &Api,
    request: S3Request<dto::GetObjectTaggingInput>,
) -> S3Result<dto::GetObjectTaggingOutput> {
    let dto::GetObjectTaggingInput { bucket, key, .. } = request.input;
    api.run(&bucket)?.find(&key).ok_or_else(|| s3_error!(NoSuchKey, "The run has no object `{key}`."))?;
    Ok(dto::GetObjectTaggingOutput { tag_set: Vec::new(), version_id: None })
}

/// What a request says of the object that it puts.
pub(super) fn metadata(headers: &HeaderMap) -> S3Result<Metadata> {
    Metadata::of(headers).map_err(|TooLarge| s3_error!(MetadataTooLarge))
}
