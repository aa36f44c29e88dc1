//! What is under load: the origin, or a server that is not ours.

pub mod bucket;
mod origin;

pub use origin::OriginProcess;
