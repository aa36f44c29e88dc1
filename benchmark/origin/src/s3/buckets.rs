//! Buckets, which are runs: they are announced, or made on first use where buckets are open.

use std::sync::Arc;

use hyper::{Method, Uri};
use s3s::dto::{self, Timestamp};
use s3s::{S3Request, S3Result};

use super::api::Api;
use crate::reply::Reply;
use crate::run::Run;

/// Whoever owns everything here.
const OWNER: &str = "benchmark";

pub(super) async fn list(api: &Api, request: S3Request<dto::ListBucketsInput>) -> S3Result<dto::ListBucketsOutput> {
    let prefix = request.input.prefix;
    let bucket = |run: &Arc<Run>| dto::Bucket {
        name: Some(run.name.clone()),
        creation_date: Some(Timestamp::from(run.created.time)),
        ..Default::default()
    };
    let mut runs = api.0.all();
    runs.retain(|run| run.name.starts_with(prefix.as_deref().unwrap_or_default()));
    Ok(dto::ListBucketsOutput {
        buckets: Some(runs.iter().map(bucket).collect()),
        owner: Some(dto::Owner { display_name: Some(OWNER.to_owned()), id: Some(OWNER.to_owned()) }),
        prefix,
        ..Default::default()
    })
}

pub(super) async fn head(api: &Api, request: S3Request<dto::HeadBucketInput>) -> S3Result<dto::HeadBucketOutput> {
    api.run(&request.input.bucket)?;
    Ok(dto::HeadBucketOutput::default())
}

/// The region is the one that S3 leaves unsaid, us-east-1: whatever a request is signed for is good.
pub(super) async fn location(
    api: &Api,
    request: S3Request<dto::GetBucketLocationInput>,
) -> S3Result<dto::GetBucketLocationOutput> {
    api.run(&request.input.bucket)?;
    Ok(dto::GetBucketLocationOutput::default())
}

/// One that is there is made again, as in us-east-1. Where it is not, [`not_made`] has answered.
pub(super) async fn create(api: &Api, request: S3Request<dto::CreateBucketInput>) -> S3Result<dto::CreateBucketOutput> {
    let bucket = request.input.bucket;
    api.run(&bucket)?;
    Ok(dto::CreateBucketOutput { location: Some(format!("/{bucket}")) })
}

/// The answer to a request that would make a bucket which is no run.
pub(crate) fn not_made(method: &Method, uri: &Uri, bucket: &str, open: bool) -> Option<Reply> {
    let creates =
        *method == Method::PUT && uri.path().trim_matches('/').split('/').count() == 1 && uri.query().is_none();
    creates.then(|| match open {
        true => Reply::error(400, "TooManyBuckets", &format!("There is no room for a bucket `{bucket}`.")),
        false => {
            let message = format!("Buckets are runs here, and none `{bucket}` was announced: this origin makes none.");
            Reply::error(403, "AccessDenied", &message)
        }
    })
}
