//! The libraries: the catalogue of their folders, and how what is in them becomes a program and an image:
//! a file a language.

mod catalogue;
mod copy;
mod image;
mod language;
mod manifest;
mod provenance;
mod rust;

pub use catalogue::{BASELINE, Declared, Library, catalogue, named, root, suggestion, test_named};
pub use copy::{Copied, copy};
pub use image::{Image, pack_library, pack_origin};
pub use language::{Builder, CommandLine, Language};
pub use provenance::Build;
