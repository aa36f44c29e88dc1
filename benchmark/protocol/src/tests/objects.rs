//! The objects that tests ask for: those that nobody changes, wherever they are, and those of a replica's own.

use super::definition::Setting;
use crate::content;
use crate::parameter::{Kind, Parameter, Values};
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

/// How many objects the keys of a replica's own are of.
pub(super) const OWN_OBJECTS: Parameter = Parameter::new(
    "objects",
    Kind::Count { min: 1, max: 100_000 },
    "64",
    "how many objects of its own a replica writes, again and again",
);

/// An object that is there before a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Its key, behind the run's prefix.
    pub key: String,
    /// Its size, in bytes.
    pub size: u64,
}

/// The origin's own, those of a listed bucket of at least this size, or the one that the target names.
///
/// # Errors
/// A sentence, where there is none.
pub(super) fn objects(setting: &Setting<'_>, least_size: u64) -> Result<Vec<Object>, String> {
    let target = setting.target;
    let objects: Vec<Object> = match &target.names {
        Names::Bucket(_) if setting.known => shared(setting),
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

/// The objects of a run that all its replicas read.
fn shared(setting: &Setting<'_>) -> Vec<Object> {
    let size = setting.values.number("object_size").unwrap_or(0);
    let object = |index| {
        let key = format!("{}{}", setting.prefix, content::key(index));
        Object { size, ..setting.target.object(&key) }
    };
    (0..number(setting.values, "objects")).map(object).collect()
}

/// The same, as they are to be put at a target that is not ours.
pub(super) fn prepared(values: &Values) -> Vec<Prepared> {
    let size = number(values, "object_size");
    (0..number(values, "objects")).map(|index| Prepared { key: content::key(index), size }).collect()
}

/// The objects of this replica alone, each of this size.
///
/// # Errors
/// A sentence, where the target is no bucket.
pub(super) fn own(setting: &Setting<'_>, size: u64) -> Result<Vec<Object>, String> {
    needs_bucket(&setting.target.names)?;
    let object = |index| {
        let key = format!("{}{}", setting.prefix, own_key(setting.replica, index));
        Object { size, ..setting.target.object(&key) }
    };
    Ok((0..number(setting.values, "objects")).map(object).collect())
}

/// The same of so many replicas, as they are to be put at a target that is not ours.
pub(super) fn own_prepared(values: &Values, replicas: u32) -> Vec<Prepared> {
    let size = number(values, "object_size");
    let of_one =
        |replica| (0..number(values, "objects")).map(move |index| Prepared { key: own_key(replica, index), size });
    (0..replicas).flat_map(of_one).collect()
}

/// The key of a replica's own object, behind the run's prefix.
fn own_key(replica: u32, index: u64) -> String {
    format!("replica-{replica}/{}", content::key(index))
}

/// Whether a key is one of so many that any replica has of its own.
pub(super) fn is_of_a_replica(key: &str, objects: u64) -> bool {
    let rest = key.strip_prefix("replica-").and_then(|rest| rest.split_once('/'));
    rest.is_some_and(|(replica, key)| replica.parse::<u32>().is_ok() && is_own(key, objects))
}

/// Whether a key is one of so many objects of a run's own.
pub(super) fn is_own(key: &str, objects: u64) -> bool {
    content::key_index(key).is_some_and(|index| index < objects)
}

/// Where in the pattern the object begins, where this answer is one of those that are compared.
pub(super) fn compared(setting_is_known: bool, object: &Object, sampled: bool) -> Option<u32> {
    (setting_is_known && sampled).then_some(object.pattern as u32)
}

/// That a target is a bucket: the keys are the test's to name.
///
/// # Errors
/// A sentence with the way out.
pub(super) fn needs_bucket(names: &Names) -> Result<(), String> {
    match names {
        Names::Bucket(_) => Ok(()),
        Names::Object { .. } | Names::Path(_) => {
            Err("the test names its keys itself: name a bucket (s3://bucket, with --endpoint)".to_owned())
        }
    }
}

/// A parameter of the test.
pub(super) fn number(values: &Values, name: &str) -> u64 {
    values.number(name).unwrap_or(0)
}
