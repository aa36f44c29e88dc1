//! The S3 API over the same runs, through s3s: signatures, XML and the many headers are its business.
//!
//! GET and HEAD of objects never come here but for their signature: both paths answer them the same (`answer`).

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use benchmark_protocol::units::format_size;
use bytes::Bytes;
use futures_core::Stream;
use hyper::http::Extensions;
use hyper::{HeaderMap, Method, StatusCode, Uri};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::dto::{self, StreamingBlob, Timestamp};
use s3s::route::S3Route;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::validation::NameValidation;
use s3s::{Body, S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use crate::config::Credentials;
use crate::listing::{Query, page};
use crate::object::{BINARY, ContentType, ETag};
use crate::run::{Run, Runs};
use crate::store::{Budget, Full, Stored, Upload};

/// The most keys of one page, as S3 has it.
const MOST_KEYS: i32 = 1000;

/// The most parts of an upload, as S3 has it.
const MOST_PARTS: i32 = 10_000;

/// The largest body that s3s takes into memory by itself, outside the budget: the list of an upload's parts.
const MOST_XML_BYTES: usize = 4 << 20;

/// The same of HTML forms, which no operation here answers.
const MOST_FORM_BYTES: usize = 64 << 10;

/// Marks a request of which only the signature is to be judged: 204 where it is good.
#[derive(Clone)]
pub(crate) struct SignatureOnly;

/// S3 over these runs.
pub(crate) fn service(runs: Arc<Runs>) -> S3Service {
    let keys = Keys(runs.config.credentials.clone());
    let mut builder = S3ServiceBuilder::new(Api(runs));
    builder.set_auth(keys);
    builder.set_access(Anyone);
    builder.set_route(SignatureRoute);
    builder.set_validation(AnyName);
    builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(limits()))));
    builder.build()
}

/// s3s would take 5 GB of a form and 20 MB of XML into memory for anybody who sends them.
fn limits() -> S3Config {
    let mut limits = S3Config::default();
    limits.xml_max_body_size = MOST_XML_BYTES;
    limits.post_object_max_file_size = MOST_FORM_BYTES as u64;
    limits.form_max_field_size = MOST_FORM_BYTES;
    limits.form_max_fields_size = MOST_FORM_BYTES;
    limits
}

struct Keys(Option<Credentials>);

#[async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match &self.0 {
            Some(known) if known.access_key == access_key => Ok(SecretKey::from(known.secret_key.as_str())),
            _ => Err(s3_error!(InvalidAccessKeyId, "The origin does not know this access key.")),
        }
    }
}

/// Unsigned requests are turned away before they come here, by the run's contract.
struct Anyone;

#[async_trait]
impl S3Access for Anyone {
    async fn check(&self, _: &mut S3AccessContext<'_>) -> S3Result<()> {
        Ok(())
    }
}

/// A run may have any name; AWS's rules for buckets are not ours.
struct AnyName;

impl NameValidation for AnyName {
    fn validate_bucket_name(&self, name: &str) -> bool {
        !name.is_empty()
    }
}

struct SignatureRoute;

#[async_trait]
impl S3Route for SignatureRoute {
    fn is_match(&self, _: &Method, _: &Uri, _: &HeaderMap, extensions: &mut Extensions) -> bool {
        extensions.get::<SignatureOnly>().is_some()
    }

    async fn call(&self, _: S3Request<Body>) -> S3Result<S3Response<Body>> {
        Ok(S3Response::with_status(Body::empty(), StatusCode::NO_CONTENT))
    }
}

struct Api(Arc<Runs>);

impl Api {
    fn run(&self, bucket: &str) -> S3Result<Arc<Run>> {
        self.0.find(bucket).ok_or_else(|| s3_error!(NoSuchBucket))
    }

    /// The answer to what needs room where there is none: there may be some later.
    fn slow_down(&self) -> S3Error {
        let most = format_size(self.0.budget.most());
        s3_error!(SlowDown, "The origin remembers at most {most}: delete objects or abort uploads, and try again.")
    }

    /// Takes a body into memory, as far as the budget goes.
    async fn store(&self, body: Option<StreamingBlob>) -> S3Result<Stored> {
        let budget = &self.0.budget;
        let mut charge = budget.charge(0).map_err(|Full| too_large(budget))?;
        let mut bytes = Vec::new();
        if let Some(mut body) = body {
            while let Some(chunk) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
                let chunk = chunk.map_err(|error| S3Error::with_source(s3s::S3ErrorCode::IncompleteBody, error))?;
                charge.grow(chunk.len() as u64).map_err(|Full| too_large(budget))?;
                bytes.extend_from_slice(&chunk);
            }
        }
        // What is charged is what is held.
        bytes.shrink_to_fit();
        let etag = ETag::of_bytes(&bytes);
        Ok(Stored { bytes: bytes.into(), etag, charge: Arc::new(charge) })
    }
}

#[async_trait]
impl S3 for Api {
    async fn list_buckets(&self, _: S3Request<dto::ListBucketsInput>) -> S3Result<S3Response<dto::ListBucketsOutput>> {
        let bucket = |run: &Arc<Run>| dto::Bucket {
            name: Some(run.name.clone()),
            creation_date: Some(Timestamp::from(run.created.time)),
            ..Default::default()
        };
        let buckets = self.0.all().iter().map(bucket).collect();
        Ok(S3Response::new(dto::ListBucketsOutput { buckets: Some(buckets), ..Default::default() }))
    }

    async fn head_bucket(
        &self,
        request: S3Request<dto::HeadBucketInput>,
    ) -> S3Result<S3Response<dto::HeadBucketOutput>> {
        self.run(&request.input.bucket)?;
        Ok(S3Response::new(dto::HeadBucketOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<dto::ListObjectsV2Input>,
    ) -> S3Result<S3Response<dto::ListObjectsV2Output>> {
        let input = request.input;
        let run = self.run(&input.bucket)?;
        let continued = input.continuation_token.as_deref().map(read_token).transpose()?;
        let most = input.max_keys.unwrap_or(MOST_KEYS).clamp(0, MOST_KEYS);
        let page = page(
            &run,
            Query {
                prefix: input.prefix.as_deref().unwrap_or_default(),
                delimiter: input.delimiter.as_deref(),
                after: continued.as_deref().or(input.start_after.as_deref()).unwrap_or_default(),
                most: usize::try_from(most).unwrap_or_default(),
            },
        );
        let count = page.objects.len() + page.common_prefixes.len();
        let objects = page.objects.into_iter().map(|(key, object)| dto::Object {
            key: Some(key),
            size: i64::try_from(object.size).ok(),
            e_tag: Some(dto::ETag::Strong(object.etag.to_string())),
            last_modified: Some(Timestamp::from(object.modified.time)),
            ..Default::default()
        });
        let prefixes = page.common_prefixes.into_iter().map(|prefix| dto::CommonPrefix { prefix: Some(prefix) });
        Ok(S3Response::new(dto::ListObjectsV2Output {
            contents: Some(objects.collect()),
            common_prefixes: Some(prefixes.collect()),
            is_truncated: Some(page.next_after.is_some()),
            next_continuation_token: page.next_after.map(|after| URL_SAFE_NO_PAD.encode(after)),
            continuation_token: input.continuation_token,
            key_count: i32::try_from(count).ok(),
            max_keys: Some(most),
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            start_after: input.start_after,
            ..Default::default()
        }))
    }

    async fn put_object(&self, request: S3Request<dto::PutObjectInput>) -> S3Result<S3Response<dto::PutObjectOutput>> {
        let input = request.input;
        let run = self.run(&input.bucket)?;
        let stored = self.store(input.body).await?;
        let e_tag = Some(dto::ETag::Strong(stored.etag.to_string()));
        let content_type = input.content_type.map_or(BINARY, ContentType::Owned);
        run.store.put(&input.key, stored, content_type).map_err(|Full| self.slow_down())?;
        Ok(S3Response::new(dto::PutObjectOutput { e_tag, ..Default::default() }))
    }

    async fn delete_object(
        &self,
        request: S3Request<dto::DeleteObjectInput>,
    ) -> S3Result<S3Response<dto::DeleteObjectOutput>> {
        self.run(&request.input.bucket)?.delete(&request.input.key).map_err(|Full| self.slow_down())?;
        Ok(S3Response::new(dto::DeleteObjectOutput::default()))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<dto::CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CreateMultipartUploadOutput>> {
        let input = request.input;
        let content_type = input.content_type.map_or(BINARY, ContentType::Owned);
        let upload = self.run(&input.bucket)?.store.begin_upload(&input.key, content_type);
        let upload_id = upload.map_err(|Full| self.slow_down())?;
        Ok(S3Response::new(dto::CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(upload_id),
            ..Default::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<dto::UploadPartInput>,
    ) -> S3Result<S3Response<dto::UploadPartOutput>> {
        let input = request.input;
        let run = self.run(&input.bucket)?;
        if !(1..=MOST_PARTS).contains(&input.part_number) {
            return Err(s3_error!(InvalidArgument, "Parts have numbers from 1 to {MOST_PARTS}."));
        }
        // Before its body is read; and again behind it, for it may have been aborted in the meantime.
        find(&mut run.store.uploads(), &input.upload_id, &input.key)?;
        let stored = self.store(input.body).await?;
        let e_tag = Some(dto::ETag::Strong(stored.etag.to_string()));
        find(&mut run.store.uploads(), &input.upload_id, &input.key)?.parts.insert(input.part_number, stored);
        Ok(S3Response::new(dto::UploadPartOutput { e_tag, ..Default::default() }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<dto::CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::CompleteMultipartUploadOutput>> {
        let input = request.input;
        let run = self.run(&input.bucket)?;
        let listed = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let stored = {
            let mut uploads = run.store.uploads();
            let upload = find(&mut uploads, &input.upload_id, &input.key)?;
            let stored = join(&listed, upload, &self.0.budget)?;
            let content_type = upload.content_type.clone();
            run.store.put(&input.key, stored.clone(), content_type).map_err(|Full| self.slow_down())?;
            uploads.remove(&input.upload_id);
            stored
        };
        let e_tag = Some(dto::ETag::Strong(stored.etag.to_string()));
        Ok(S3Response::new(dto::CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag,
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<dto::AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<dto::AbortMultipartUploadOutput>> {
        let input = request.input;
        let run = self.run(&input.bucket)?;
        run.store.uploads().remove(&input.upload_id).ok_or_else(|| s3_error!(NoSuchUpload))?;
        Ok(S3Response::new(dto::AbortMultipartUploadOutput::default()))
    }
}

/// The upload of this id and key.
fn find<'u>(uploads: &'u mut HashMap<String, Upload>, id: &str, key: &str) -> S3Result<&'u mut Upload> {
    uploads.get_mut(id).filter(|upload| upload.key == key).ok_or_else(|| s3_error!(NoSuchUpload))
}

/// The answer to a body that is not taken: sent again it would not be either.
fn too_large(budget: &Budget) -> S3Error {
    let most = format_size(budget.most());
    s3_error!(EntityTooLarge, "The origin keeps at most {most} of what is put into it, in all buckets together.")
}

/// Joins the listed parts of an upload into one object, which is charged anew: for a moment both are held.
fn join(listed: &[dto::CompletedPart], upload: &Upload, budget: &Budget) -> S3Result<Stored> {
    let mut parts = Vec::with_capacity(listed.len());
    for part in listed {
        let number = part.part_number.ok_or_else(|| s3_error!(InvalidPart))?;
        let stored = upload.parts.get(&number).ok_or_else(|| s3_error!(InvalidPart))?;
        if part.e_tag.as_ref().is_some_and(|etag| etag.value() != stored.etag.to_string()) {
            return Err(s3_error!(InvalidPart));
        }
        parts.push(stored);
    }
    if parts.is_empty() || !listed.is_sorted_by(|a, b| a.part_number < b.part_number) {
        return Err(s3_error!(InvalidPartOrder));
    }
    let size: usize = parts.iter().map(|part| part.bytes.len()).sum();
    let charge = budget.charge(size as u64).map_err(|Full| too_large(budget))?;
    let bytes = parts.iter().fold(Vec::with_capacity(size), |mut bytes, part| {
        bytes.extend_from_slice(&part.bytes);
        bytes
    });
    let etag = ETag::of_parts(&parts.iter().map(|part| part.etag).collect::<Vec<_>>());
    Ok(Stored { bytes: Bytes::from(bytes), etag, charge: Arc::new(charge) })
}

pub(crate) fn read_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.ok_or_else(|| s3_error!(InvalidArgument, "This is no continuation token of ours."))
}
