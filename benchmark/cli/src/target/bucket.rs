//! What a foreign bucket holds: listed by the harness before a run, so that every library asks for the same objects.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use benchmark_protocol::message::Object;
use benchmark_protocol::units::format_size;
use rusty_s3::actions::{ListObjectsV2, S3Action};
use rusty_s3::{Bucket, Credentials, UrlStyle};

use crate::case::Header;

/// The most objects that a workload draws from.
const MOST: usize = 1_000;

/// The longest page that is read, in bytes: 1,000 keys of 1 KiB, with room for what else S3s say of each.
const MOST_BYTES: usize = 8 << 20;

/// Lists the objects of at least this size, in the order of their keys; with the AWS_* variables' credentials where there are some, and with
/// the headers of the load.
///
/// # Errors
/// When the endpoint does not answer with a listing, or there is no such object.
pub(super) async fn list(endpoint: &str, bucket: &str, least: u64, headers: &[Header]) -> Result<Vec<Object>> {
    let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    let region =
        variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).unwrap_or_else(|| "us-east-1".into());
    let credentials = variable("AWS_ACCESS_KEY_ID").zip(variable("AWS_SECRET_ACCESS_KEY")).map(|(key, secret)| {
        match variable("AWS_SESSION_TOKEN") {
            Some(token) => Credentials::new_with_token(key, secret, token),
            None => Credentials::new(key, secret),
        }
    });
    let url = endpoint.parse().with_context(|| format!("endpoint `{endpoint}`"))?;
    let target =
        Bucket::new(url, UrlStyle::Path, bucket.to_owned(), region).with_context(|| format!("bucket `{bucket}`"))?;
    let signed = ListObjectsV2::new(&target, credentials.as_ref()).sign(Duration::from_secs(60));
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(10))
        // Headers may be secrets: they go to whom they are meant for, and not where that one sends them.
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let cannot = || format!("cannot list bucket `{bucket}` at {endpoint}");
    let request =
        headers.iter().fold(client.get(signed), |request, header| request.header(header.name(), header.value()));
    let response = request.send().await.with_context(cannot)?;
    let status = response.status();
    if !status.is_success() {
        bail!("{}: status {}", cannot(), status.as_u16());
    }
    let objects =
        objects(&page(response).await.with_context(cannot)?, least).with_context(|| format!("bucket `{bucket}`"))?;
    if objects.is_empty() {
        bail!(
            "bucket `{bucket}` at {endpoint} holds no object of at least {least} bytes: upload one, or name a smaller request_size"
        );
    }
    Ok(objects)
}

/// The text of a page, as far as one can be: whoever answers is not ours.
async fn page(mut response: reqwest::Response) -> Result<String> {
    let mut page = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if page.len() + chunk.len() > MOST_BYTES {
            bail!("a page of more than {}", format_size(MOST_BYTES as u64));
        }
        page.extend_from_slice(&chunk);
    }
    String::from_utf8(page).context("a page that is no UTF-8")
}

/// The objects of at least this size on a page.
pub(crate) fn objects(page: &str, least: u64) -> Result<Vec<Object>> {
    let listing = ListObjectsV2::parse_response(page).map_err(|error| anyhow!("no S3 listing: {error}"))?;
    let sized = listing.contents.into_iter().filter_map(|object| Some(Object { key: object.key, size: object.size? }));
    Ok(sized.filter(|object| object.size >= least).take(MOST).collect())
}
