//! The libraries: the catalogue of their folders, and how what is in them becomes a program and an image.

mod catalogue;
mod image;
mod provenance;
mod rust;

pub use catalogue::{BASELINE, Library, catalogue, named, root, suggestion, test_named};
pub use image::{Image, pack_library, pack_origin};
pub use provenance::Build;
pub use rust::Builder;
