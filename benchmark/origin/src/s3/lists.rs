//! Listings of objects, in both versions that S3 has.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{self, Timestamp};
use s3s::{S3Request, S3Result, s3_error};

use super::api::Api;
use crate::listing::{Page, Query, page};
use crate::run::Run;

/// The most keys of one page, as S3 has it.
pub(super) const MOST_KEYS: i32 = 1000;

pub(super) async fn version_1(
    api: &Api,
    request: S3Request<dto::ListObjectsInput>,
) -> S3Result<dto::ListObjectsOutput> {
    let input = request.input;
    let run = api.run(&input.bucket)?;
    let spelling = Spelling::of(input.encoding_type.as_ref())?;
    let most = most(input.max_keys);
    let marker = input.marker.unwrap_or_default();
    let page = ask(&run, input.prefix.as_deref(), input.delimiter.as_deref(), &marker, most);
    let (contents, common_prefixes) = spelling.page(page.objects, page.common_prefixes);
    Ok(dto::ListObjectsOutput {
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        is_truncated: Some(page.next_after.is_some()),
        next_marker: page.next_after.map(|after| spelling.text(after)),
        marker: Some(spelling.text(marker)),
        max_keys: Some(most),
        name: Some(input.bucket),
        prefix: Some(spelling.text(input.prefix.unwrap_or_default())),
        delimiter: input.delimiter.map(|text| spelling.text(text)),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}

pub(super) async fn version_2(
    api: &Api,
    request: S3Request<dto::ListObjectsV2Input>,
) -> S3Result<dto::ListObjectsV2Output> {
    let input = request.input;
    let run = api.run(&input.bucket)?;
    let spelling = Spelling::of(input.encoding_type.as_ref())?;
    let continued = input.continuation_token.as_deref().map(read_token).transpose()?;
    let most = most(input.max_keys);
    let after = continued.as_deref().or(input.start_after.as_deref()).unwrap_or_default();
    let page = ask(&run, input.prefix.as_deref(), input.delimiter.as_deref(), after, most);
    let count = page.objects.len() + page.common_prefixes.len();
    let (contents, common_prefixes) = spelling.page(page.objects, page.common_prefixes);
    Ok(dto::ListObjectsV2Output {
        contents: Some(contents),
        common_prefixes: Some(common_prefixes),
        is_truncated: Some(page.next_after.is_some()),
        next_continuation_token: page.next_after.map(|after| URL_SAFE_NO_PAD.encode(after)),
        continuation_token: input.continuation_token,
        key_count: i32::try_from(count).ok(),
        max_keys: Some(most),
        name: Some(input.bucket),
        prefix: Some(spelling.text(input.prefix.unwrap_or_default())),
        delimiter: input.delimiter.map(|text| spelling.text(text)),
        start_after: input.start_after.map(|text| spelling.text(text)),
        encoding_type: input.encoding_type,
        ..Default::default()
    })
}

/// Reads a continuation token: the last key or common prefix of the page before.
pub(crate) fn read_token(token: &str) -> S3Result<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bytes.ok_or_else(|| s3_error!(InvalidArgument, "This is no continuation token of ours."))
}

/// How many of something a page has, of those that were asked for.
pub(super) fn most(asked: Option<i32>) -> i32 {
    asked.unwrap_or(MOST_KEYS).clamp(0, MOST_KEYS)
}

fn ask(run: &Run, prefix: Option<&str>, delimiter: Option<&str>, after: &str, most: i32) -> Page {
    let most = usize::try_from(most).unwrap_or_default();
    page(run, Query { prefix: prefix.unwrap_or_default(), delimiter, after, most })
}

/// How the keys of a listing are written: XML has no way to write every character.
#[derive(Clone, Copy)]
pub(super) enum Spelling {
    Plain,
    Url,
}

impl Spelling {
    pub(super) fn of(encoding: Option<&dto::EncodingType>) -> S3Result<Self> {
        match encoding.map(dto::EncodingType::as_str) {
            None => Ok(Self::Plain),
            Some(dto::EncodingType::URL) => Ok(Self::Url),
            Some(other) => Err(s3_error!(InvalidArgument, "The encoding-type is `url`, not `{other}`.")),
        }
    }

    pub(super) fn text(self, text: String) -> String {
        const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
        match self {
            Self::Plain => text,
            Self::Url => utf8_percent_encode(&text, ESCAPED).to_string(),
        }
    }

    fn page(
        self,
        objects: Vec<(String, crate::object::Object)>,
        common_prefixes: Vec<String>,
    ) -> (Vec<dto::Object>, Vec<dto::CommonPrefix>) {
        let objects = objects.into_iter().map(|(key, object)| dto::Object {
            key: Some(self.text(key)),
            size: i64::try_from(object.size).ok(),
            e_tag: Some(dto::ETag::Strong(object.etag.to_string())),
            last_modified: Some(Timestamp::from(object.modified.time)),
            storage_class: Some(dto::ObjectStorageClass::from_static(dto::ObjectStorageClass::STANDARD)),
            ..Default::default()
        });
        let prefixes = common_prefixes.into_iter().map(|prefix| dto::CommonPrefix { prefix: Some(self.text(prefix)) });
        (objects.collect(), prefixes.collect())
    }
}
