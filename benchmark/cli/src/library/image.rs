//! Images of what was built: the static program alone, with a CA bundle, packed by the Dockerfile's first stage. The tag is the
//! content's hash: an image that is there is the right one.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use bollard::query_parameters::BuildImageOptionsBuilder;
use sha2::{Digest, Sha256};

use crate::exit::Missing;
use crate::runner::Engine;

/// An image that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its name: `benchmark/reqwest`.
    pub name: String,
    /// Its tag: the start of its content's hash.
    pub tag: String,
}

/// The checkout's Dockerfile.
const DOCKERFILE: &str = include_str!("../../../../Dockerfile");

/// Where the systems of the field keep the bundle of CA certificates.
const CA_BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// Packs the programs of a library, each a (name in the image, file), where the image is not there yet.
///
/// # Errors
/// When a program cannot be read, or the Engine cannot build.
pub async fn pack_library(engine: &Engine, library: &str, programs: &[(String, PathBuf)]) -> Result<Image> {
    pack(engine, &format!("benchmark/{library}"), programs).await
}

/// Packs this very program as the origin, where the image is not there yet.
///
/// # Errors
/// When the Engine cannot build.
pub async fn pack_origin(engine: &Engine) -> Result<Image> {
    let program = std::env::current_exe().context("cannot find this program's own file")?;
    pack(engine, "benchmark/origin", &[("benchmark".to_owned(), program)]).await
}

async fn pack(engine: &Engine, name: &str, programs: &[(String, PathBuf)]) -> Result<Image> {
    let bundle = CA_BUNDLES.iter().map(Path::new).find(|path| path.is_file()).ok_or_else(|| {
        Missing("no bundle of CA certificates: install the system's package `ca-certificates`".to_owned())
    })?;
    let mut files = vec![
        ("Dockerfile".to_owned(), DOCKERFILE.as_bytes().to_vec(), 0o644),
        ("packed/etc/ssl/certs/ca-certificates.crt".to_owned(), read(bundle)?, 0o644),
    ];
    for (name, program) in programs {
        files.push((format!("packed/{name}"), read(program)?, 0o755));
    }
    let mut hasher = Sha256::new();
    for (path, content, _) in &files {
        hasher.update(path);
        hasher.update((content.len() as u64).to_le_bytes());
        hasher.update(content);
    }
    let tag: String = hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let image = format!("{name}:{tag}");
    if !engine.has_image(&image).await? {
        let options = BuildImageOptionsBuilder::default()
            .dockerfile("Dockerfile")
            .target("packed")
            .buildargs(&HashMap::from([("PACKED", "packed")]))
            .t(&image)
            .networkmode("none")
            .rm(true)
            .forcerm(true)
            .build();
        engine.build_image(options, archive(&files)?).await.with_context(|| format!("cannot build image `{image}`"))?;
    }
    engine.tag_latest(&image, name).await?;
    Ok(Image { name: name.to_owned(), tag })
}

/// A tar archive with these files: equal for equal content.
fn archive(files: &[(String, Vec<u8>, u32)]) -> Result<Vec<u8>> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content, mode) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(*mode);
        builder.append_data(&mut header, path, content.as_slice())?;
    }
    Ok(builder.into_inner()?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))
}
