//! Everything is built before the first run: what is measured is there, or nothing is begun.

use std::collections::HashMap;
use std::path::Path;

use anyhow::Result;

use super::event::{Event, Listener};
use crate::case::Case;
use crate::library::{self, Build, Builder, Image, Library, pack_library};
use crate::runner::{Engine, Program};

/// What was built.
pub(super) struct Built {
    pub(super) builder: Builder,
    /// For each case.
    pub(super) programs: Vec<BuiltProgram>,
}

/// A test that was built.
pub(super) struct BuiltProgram {
    pub(super) record: Build,
    pub(super) program: Program,
}

/// Builds what the cases need, and packs it where the replicas will be containers.
pub(super) async fn build(
    root: &Path,
    libraries: &[Library],
    cases: &[Case],
    engine: Option<&Engine>,
    listener: &mut dyn Listener,
) -> Result<Built> {
    let builder = Builder::new(root).await?;
    let mut images: HashMap<&str, Option<Image>> = HashMap::new();
    for case in cases {
        if images.contains_key(case.library.as_str()) {
            continue;
        }
        let library = library::named(libraries, &case.library)?;
        listener.on(&Event::Building { library: &library.name, doing: None });
        builder
            .build(library, |line| listener.on(&Event::Building { library: &library.name, doing: Some(line) }))
            .await?;
        let image = match engine {
            Some(engine) => {
                listener.on(&Event::Building { library: &library.name, doing: Some("packing the image") });
                Some(pack_library(engine, &library.name, &builder.files(library)).await?)
            }
            None => None,
        };
        images.insert(&case.library, image);
    }
    listener.on(&Event::Built);
    let programs = cases.iter().map(|case| {
        let library = library::named(libraries, &case.library)?;
        let record = builder.record(library, case.test)?;
        let image_tag = images.get(case.library.as_str()).cloned().flatten().map(|image| image.tag);
        let command = builder.command(library);
        Ok(BuiltProgram { program: Program { command, image_tag, sha256: record.sha256.clone() }, record })
    });
    let programs = programs.collect::<Result<_>>()?;
    Ok(Built { builder, programs })
}
