//! The region that a request is signed for. Any will do, but s3s takes none that AWS could not have: s3cmd signs for `US`.

use hyper::Request;
use hyper::header::AUTHORIZATION;

use crate::reply::Reply;

/// The region that the origin is in, as far as anybody asks.
const REGION: &str = "us-east-1";

/// The answer to a request that is signed for what is no region's name: the right one, as AWS tells it, so that clients sign again.
pub(crate) fn wrong_region<B>(request: &Request<B>) -> Option<Reply> {
    let region = signed_for(request)?;
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if region.is_empty() || region.bytes().all(is_name) {
        return None;
    }
    let message =
        format!("The authorization header is malformed; the region '{region}' is wrong; expecting '{REGION}'");
    Some(Reply::error_with(400, "AuthorizationHeaderMalformed", &message, &[("Region", REGION)]))
}

/// The region in the credential's scope: `<access key>/<date>/<region>/s3/aws4_request`.
fn signed_for<B>(request: &Request<B>) -> Option<&str> {
    let header = || request.headers().get(AUTHORIZATION)?.to_str().ok()?.split_once("Credential=");
    let query = || request.uri().query()?.split_once("X-Amz-Credential=");
    let (scope, separator) = match (header(), query()) {
        (Some((_, scope)), _) => (scope.split(',').next()?, "/"),
        (None, Some((_, scope))) => (scope.split('&').next()?, "%2F"),
        (None, None) => return None,
    };
    scope.rsplit(separator).nth(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_no_region_has_is_wrong() {
        let header =
            |region: &str| format!("AWS4-HMAC-SHA256 Credential=key/with/20260101/{region}/s3/aws4_request, x=y");
        for (region, wrong) in [("us-east-1", false), ("auto", false), ("US", true), ("", false), ("eu west", true)] {
            let signed = Request::builder().header(AUTHORIZATION, header(region)).body(()).unwrap();
            assert_eq!(wrong_region(&signed).is_some(), wrong, "{region}");
        }
        for (target, wrong) in [
            ("/r/k?X-Amz-Credential=key%2F20260101%2FUS%2Fs3%2Faws4_request&X-Amz-Signature=1", true),
            ("/r/k?X-Amz-Credential=key%2F20260101%2Fus-east-1%2Fs3%2Faws4_request", false),
            ("/r/k", false),
        ] {
            assert_eq!(wrong_region(&Request::get(target).body(()).unwrap()).is_some(), wrong, "{target}");
        }
        let reply = wrong_region(&Request::builder().header(AUTHORIZATION, header("US")).body(()).unwrap()).unwrap();
        let length = reply.payload.length();
        assert!(String::from_utf8_lossy(reply.payload.piece(0, length)).contains("<Region>us-east-1</Region>"));
    }
}
