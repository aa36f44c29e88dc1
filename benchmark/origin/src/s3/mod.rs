//! The S3 API over the same runs, through s3s: signatures, XML and the many headers are its business.
//!
//! GET and HEAD of objects never come here but for their signature: both paths answer them the same (`answer`). `api` is the
//! table of what is done; whatever else S3 knows is refused by its name (`refusal`).

mod access;
mod api;
mod body;
mod buckets;
mod copy;
mod lists;
mod objects;
mod refusal;
mod region;
mod uploads;

use std::sync::Arc;

use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};

pub(crate) use self::access::SignatureOnly;
use self::access::{AnyName, Anyone, Keys, Routes};
use self::api::Api;
pub(crate) use self::buckets::not_made;
pub(crate) use self::lists::read_token;
pub(crate) use self::region::wrong_region;
use crate::run::Runs;

/// The largest body that s3s takes into memory by itself, outside the budget: the list of an upload's parts, or of objects to delete.
const MOST_XML_BYTES: usize = 4 << 20;

/// The same of HTML forms, which no operation here answers.
const MOST_FORM_BYTES: usize = 64 << 10;

/// S3 over these runs.
pub(crate) fn service(runs: Arc<Runs>) -> S3Service {
    let keys = Keys(runs.config.credentials.clone());
    let mut builder = S3ServiceBuilder::new(Api(runs));
    builder.set_auth(keys);
    builder.set_access(Anyone);
    builder.set_route(Routes);
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
