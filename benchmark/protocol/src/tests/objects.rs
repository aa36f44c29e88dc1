//! The objects that reading tests ask for, wherever they are.

use super::definition::Setting;
use crate::content;
use crate::parameter::{Kind, Parameter};
use crate::target::{Names, Object};

/// Content is compared byte by byte for one response in so many; length and range for all of them.
pub(super) const SAMPLE_EVERY: u64 = 64;

/// Whether requests are signed, of every test whose requests may be.
pub(super) const SIGNED: Parameter = Parameter::new(
    "signed",
    Kind::Flag,
    "false",
    "sign each request (SigV4) with the credentials of the AWS_* variables",
);

/// The origin's own, those of a listed bucket of at least this size, or the one that the target names.
///
/// # Errors
/// A sentence, where there is none.
pub(super) fn objects(setting: &Setting<'_>, least_size: u64) -> Result<Vec<Object>, String> {
    let target = setting.target;
    let size = setting.values.number("object_size").unwrap_or(0);
    let objects: Vec<Object> = match &target.names {
        Names::Bucket(_) if setting.known => {
            let count = setting.values.number("objects").unwrap_or(1);
            (0..count).map(|index| Object { size, ..target.object(&content::key(index)) }).collect()
        }
        Names::Bucket(_) => {
            let listed = setting.listed.iter().filter(|listed| listed.size >= least_size);
            listed.map(|listed| Object { size: listed.size, ..target.object(&listed.key) }).collect()
        }
        Names::Object { .. } | Names::Path(_) => vec![target.object("")],
    };
    if objects.is_empty() {
        return Err("the target names a bucket, and no object of it: name one (s3://bucket/key)".to_owned());
    }
    Ok(objects)
}

/// Whether a key is one of so many objects of a run's own.
pub(super) fn is_own(key: &str, objects: u64) -> bool {
    content::key_index(key).is_some_and(|index| index < objects)
}

/// Where in the pattern the object begins, where this answer is one of those that are compared.
pub(super) fn compared(setting_is_known: bool, object: &Object, sampled: bool) -> Option<usize> {
    (setting_is_known && sampled).then_some(object.pattern)
}
