//! What the origin does not do of S3: answered 501, by its name.

use hyper::header::CONTENT_TYPE;
use hyper::{HeaderMap, Method, Uri};
use s3s::{S3Error, S3Result, s3_error};

use super::api::OPERATIONS;

/// Where a reader finds what is done.
const TABLE: &str = "docs/METHODOLOGY.md lists what it does";

/// Headers that make a request another: what is put under them would not be what was asked for. Others are for accounts, costs and
/// disks, which nobody has here, and are ignored: ACLs, storage classes, encryption with the server's own keys.
const HEADERS: [&str; 5] = [
    "x-amz-tagging",
    "x-amz-write-offset-bytes",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-legal-hold",
    "x-amz-server-side-encryption-customer-algorithm",
];

/// Refuses an operation that is not in the table, and one that is asked for something that nobody here knows: s3s ignores a
/// subresource that it does not know, and would put an object where `PUT /bucket/key?renameObject` was asked.
pub(super) fn judge(operation: &str, query: Option<&str>, headers: &HeaderMap) -> S3Result<()> {
    let known = OPERATIONS.contains(&operation);
    let get = matches!(operation, "GetObject" | "HeadObject");
    if !known && !get {
        return Err(s3_error!(NotImplemented, "The origin does not implement {operation}; {TABLE}."));
    }
    // A plain GET is answered by ours; what comes here has a parameter that makes it another.
    let odd = pairs(query).find(|(name, value)| !is_parameter(operation, name) && (get || value.is_empty()));
    let odd = odd.map(|(name, _)| name);
    let odd =
        odd.or_else(|| HEADERS.into_iter().find(|name| headers.get(*name).is_some_and(|value| !value.is_empty())));
    match odd {
        Some(name) => {
            Err(s3_error!(NotImplemented, "The origin does not implement {operation} with `{name}`; {TABLE}."))
        }
        None => Ok(()),
    }
}

/// Whether a request is none of S3's operations, so that s3s has no name for it.
pub(super) fn is_nameless(method: &Method, uri: &Uri, headers: &HeaderMap) -> bool {
    let has = |names: &[&str]| pairs(uri.query()).any(|(name, _)| names.contains(&name));
    let (_, key) = uri.path().trim_start_matches('/').split_once('/').unwrap_or_default();
    match *method {
        Method::GET => false,
        Method::HEAD | Method::PUT | Method::DELETE => uri.path() == "/",
        Method::POST if uri.path() == "/" => true,
        Method::POST if !key.is_empty() => !has(&["select", "uploads", "restore", "uploadId"]),
        Method::POST => {
            let form =
                headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"multipart/form-data"));
            !form && !has(&["delete", "metadataTable"]) && !headers.contains_key("x-amz-request-route")
        }
        _ => true,
    }
}

/// The answer to it.
pub(super) fn nameless(method: &Method, uri: &Uri) -> S3Error {
    let target = uri.path_and_query().map_or(uri.path(), |target| target.as_str());
    s3_error!(NotImplemented, "The origin does not implement {method} {target}; {TABLE}.")
}

fn pairs(query: Option<&str>) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Whether a parameter of the query, also one that is empty, is one of an operation in the table.
fn is_parameter(operation: &str, name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("x-amz-") || lower.starts_with("response-") {
        return true;
    }
    match &*lower {
        "tagging" => operation == "GetObjectTagging",
        "uploads" => matches!(operation, "CreateMultipartUpload" | "ListMultipartUploads"),
        "delete" => operation == "DeleteObjects",
        "location" => operation == "GetBucketLocation",
        "delay" | "x-id" | "versionid" | "awsaccesskeyid" | "signature" | "expires" => true,
        "prefix" | "delimiter" | "encoding-type" | "max-keys" | "marker" | "list-type" | "continuation-token"
        | "start-after" | "fetch-owner" | "key-marker" | "upload-id-marker" | "max-uploads" | "max-buckets"
        | "bucket-region" => operation.starts_with("List"),
        "uploadid" | "partnumber" | "max-parts" | "part-number-marker" => {
            matches!(
                operation,
                "UploadPart" | "UploadPartCopy" | "ListParts" | "CompleteMultipartUpload" | "AbortMultipartUpload"
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_asked_of_an_operation_is_refused() {
        let none = HeaderMap::new();
        for (operation, query, refused) in [
            ("GetBucketPolicy", "policy", Some("GetBucketPolicy")),
            ("PutObject", "renameObject", Some("PutObject with `renameObject`")),
            ("PutObject", "uploads=", Some("PutObject with `uploads`")),
            ("PutObject", "x-id=PutObject&X-Amz-Signature=1&cache=0", None),
            ("GetObject", "partNumber=1", Some("GetObject with `partNumber`")),
            ("ListObjects", "prefix=&delimiter=&marker=", None),
            ("ListObjects", "metadataConfiguration", Some("ListObjects with `metadataConfiguration`")),
            ("UploadPart", "partNumber=1&uploadId=x", None),
        ] {
            let message =
                judge(operation, Some(query), &none).err().and_then(|error| error.message().map(str::to_owned));
            let expected = refused.map(|name| format!("The origin does not implement {name}; {TABLE}."));
            assert_eq!(message, expected, "{operation} {query}");
        }
    }

    #[test]
    fn what_s3_has_no_name_for_is_told_by_its_method() {
        for (method, target, is) in [
            ("PATCH", "/run/key", true),
            ("OPTIONS", "/run", true),
            ("POST", "/", true),
            ("POST", "/run", true),
            ("POST", "/run/", true),
            ("POST", "/run?delete", false),
            ("POST", "/run/key?uploads", false),
            ("POST", "/run/key?other", true),
            ("PUT", "/", true),
            ("PUT", "/run", false),
            ("DELETE", "/run/key", false),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let uri = target.parse().unwrap();
            assert_eq!(is_nameless(&method, &uri, &HeaderMap::new()), is, "{method} {target}");
        }
    }
}
