//! The operations of S3 that the origin does: the one table of them, and what they share.

use std::sync::Arc;

use async_trait::async_trait;
use benchmark_protocol::units::format_size;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, dto, s3_error};

use super::{buckets, copy, lists, objects, uploads};
use crate::run::{Run, Runs};
use crate::store::Refused;

/// S3's operations over the runs.
pub(super) struct Api(pub(super) Arc<Runs>);

/// Writes, from one table, what s3s calls and what is not refused.
macro_rules! operations {
    ($($name:ident: $method:ident($input:ident) -> $output:ident = $answer:path;)*) => {
        /// The names of all operations of the table.
        pub(super) const OPERATIONS: &[&str] = &[$(stringify!($name)),*];

        #[async_trait]
        impl S3 for Api {
            $(async fn $method(&self, request: S3Request<dto::$input>) -> S3Result<S3Response<dto::$output>> {
                $answer(self, request).await.map(S3Response::new)
            })*
        }
    };
}

operations! {
    ListBuckets: list_buckets(ListBucketsInput) -> ListBucketsOutput = buckets::list;
    HeadBucket: head_bucket(HeadBucketInput) -> HeadBucketOutput = buckets::head;
    GetBucketLocation: get_bucket_location(GetBucketLocationInput) -> GetBucketLocationOutput = buckets::location;
    CreateBucket: create_bucket(CreateBucketInput) -> CreateBucketOutput = buckets::create;
    ListObjects: list_objects(ListObjectsInput) -> ListObjectsOutput = lists::version_1;
    ListObjectsV2: list_objects_v2(ListObjectsV2Input) -> ListObjectsV2Output = lists::version_2;
    PutObject: put_object(PutObjectInput) -> PutObjectOutput = objects::put;
    DeleteObject: delete_object(DeleteObjectInput) -> DeleteObjectOutput = objects::delete;
    DeleteObjects: delete_objects(DeleteObjectsInput) -> DeleteObjectsOutput = objects::delete_many;
    GetObjectTagging: get_object_tagging(GetObjectTaggingInput) -> GetObjectTaggingOutput = objects::tags;
    CopyObject: copy_object(CopyObjectInput) -> CopyObjectOutput = copy::object;
    CreateMultipartUpload: create_multipart_upload(CreateMultipartUploadInput) -> CreateMultipartUploadOutput
        = uploads::create;
    UploadPart: upload_part(UploadPartInput) -> UploadPartOutput = uploads::part;
    UploadPartCopy: upload_part_copy(UploadPartCopyInput) -> UploadPartCopyOutput = copy::part;
    ListParts: list_parts(ListPartsInput) -> ListPartsOutput = uploads::list_parts;
    ListMultipartUploads: list_multipart_uploads(ListMultipartUploadsInput) -> ListMultipartUploadsOutput
        = uploads::list;
    CompleteMultipartUpload: complete_multipart_upload(CompleteMultipartUploadInput) -> CompleteMultipartUploadOutput
        = uploads::complete;
    AbortMultipartUpload: abort_multipart_upload(AbortMultipartUploadInput) -> AbortMultipartUploadOutput
        = uploads::abort;
}

impl Api {
    pub(super) fn run(&self, bucket: &str) -> S3Result<Arc<Run>> {
        self.0.find(bucket).ok_or_else(|| s3_error!(NoSuchBucket))
    }

    /// The answer to what needs room where there is none: there may be some later.
    pub(super) fn slow_down(&self) -> S3Error {
        s3_error!(SlowDown, "{}", self.0.budget.exhausted())
    }

    /// The answer to a body that is not taken: sent again it would not be either.
    pub(super) fn too_large(&self) -> S3Error {
        let most = format_size(self.0.budget.most());
        s3_error!(EntityTooLarge, "The origin keeps at most {most} of what is put into it, in all buckets together.")
    }

    /// The answer to what was not done.
    pub(super) fn refused(&self, refused: &Refused) -> S3Error {
        match refused {
            Refused::Full => self.slow_down(),
            Refused::Condition => s3_error!(PreconditionFailed, "A condition of the request does not hold."),
        }
    }
}
