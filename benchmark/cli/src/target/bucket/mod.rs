//! A bucket that is not ours, as the harness asks it: what it holds is listed so that every library asks for the same objects, and what a run
//! needs is put there beforehand and removed afterwards. All that is put or removed lies below one [`RunPrefix`]; whatever else the bucket
//! holds is somebody else's.

mod client;
mod content;
mod leftover;
mod list;
mod marker;
mod pages;
mod prefix;
mod put;
mod remove;

pub(crate) use client::Bucket;
pub use leftover::LeftOver;
pub(crate) use list::objects;
pub(crate) use prefix::RunPrefix;
pub(crate) use remove::Removed;
