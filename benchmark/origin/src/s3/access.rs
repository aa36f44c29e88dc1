//! Who may ask, and what s3s is to do with it.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_core::Stream;
use hyper::http::Extensions;
use hyper::{HeaderMap, Method, StatusCode, Uri};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::route::S3Route;
use s3s::validation::NameValidation;
use s3s::{Body, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::refusal;
use crate::config::Credentials;
use crate::taken::Taken;

/// Marks a request of which only the signature is to be judged: 204 where it is good. A body is compared, where there is one to be.
#[derive(Clone)]
pub(crate) struct SignatureOnly(pub(crate) Option<Arc<Mutex<Option<Taken>>>>);

pub(super) struct Keys(pub(super) Option<Credentials>);

#[async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match &self.0 {
            Some(known) if known.access_key == access_key => Ok(SecretKey::from(known.secret_key.as_str())),
            _ => Err(s3_error!(InvalidAccessKeyId, "The origin does not know this access key.")),
        }
    }
}

/// Unsigned requests are turned away before they come here, by the run's contract. What nobody answers is refused here, before
/// its body is read.
pub(super) struct Anyone;

#[async_trait]
impl S3Access for Anyone {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        refusal::judge(context.s3_op().name(), context.uri().query(), context.headers())
    }
}

/// A run may have any name; AWS's rules for buckets are not ours.
pub(super) struct AnyName;

impl NameValidation for AnyName {
    fn validate_bucket_name(&self, name: &str) -> bool {
        !name.is_empty()
    }
}

/// What s3s is not to look for an operation for.
pub(super) struct Routes;

#[async_trait]
impl S3Route for Routes {
    fn is_match(&self, method: &Method, uri: &Uri, headers: &HeaderMap, extensions: &mut Extensions) -> bool {
        extensions.get::<SignatureOnly>().is_some() || refusal::is_nameless(method, uri, headers)
    }

    /// Anybody may be told what is not done; whether a signature was good s3s has found out before.
    async fn check_access(&self, _: &mut S3Request<Body>) -> S3Result<()> {
        Ok(())
    }

    async fn call(&self, request: S3Request<Body>) -> S3Result<S3Response<Body>> {
        let Some(SignatureOnly(taken)) = request.extensions.get::<SignatureOnly>().cloned() else {
            return Err(refusal::nameless(&request.method, &request.uri));
        };
        if let Some(taken) = taken {
            let mut body = request.input;
            while let Some(piece) = poll_fn(|context| Pin::new(&mut body).poll_next(context)).await {
                let piece = piece.map_err(|error| S3Error::with_source(S3ErrorCode::IncompleteBody, error))?;
                if let Some(taken) = taken.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                    taken.piece(&piece);
                }
            }
        }
        Ok(S3Response::with_status(Body::empty(), StatusCode::NO_CONTENT))
    }
}
