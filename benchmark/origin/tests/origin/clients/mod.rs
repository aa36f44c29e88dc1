//! Real S3 clients against the origin: each does a whole round trip, and leaves nothing of its own nor touches what was there.

mod aws;
mod boto3;
mod place;
mod rclone;
mod s3cmd;
