//! `benchmark images`: what docker-compose.yaml needs to be used by hand.

use anyhow::Result;
use clap::Args;

use crate::campaign::Interrupts;
use crate::exit::Exit;
use crate::library::{self, Builder, Library, pack_library, pack_origin};
use crate::output::{say, tell};
use crate::runner::Engine;

/// Options of `images`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  benchmark images reqwest
  BENCHMARK_LIBRARY=reqwest BENCHMARK_DURATION=5s docker compose up --scale benchmark-runner=4")]
pub(super) struct Images {
    /// Libraries (see `benchmark list`) [default: all]
    #[arg(value_name = "LIBRARY")]
    libraries: Vec<String>,
}

impl Images {
    pub(super) async fn run(self) -> Result<Exit> {
        let root = library::root()?;
        let libraries = library::catalogue(&root)?;
        let chosen = match self.libraries.as_slice() {
            [] => libraries.iter().collect::<Vec<_>>(),
            names => names.iter().map(|name| library::named(&libraries, name)).collect::<Result<Vec<_>, _>>()?,
        };
        let engine = Engine::connect().await?;
        let builder = Builder::new(&root).await?;
        let mut interrupts = Interrupts::listen()?;
        tokio::select! {
            packed = pack(&engine, &builder, &chosen) => packed.map(|()| Exit::Good),
            // Cargo and its compilers end with what is dropped.
            () = interrupts.first() => Ok(Exit::Interrupted),
        }
    }
}

async fn pack(engine: &Engine, builder: &Builder, libraries: &[&Library]) -> Result<()> {
    let origin = pack_origin(engine).await?;
    say!("{}:{}", origin.name, origin.tag);
    for library in libraries {
        builder.build(library, |line| tell!("{line}")).await?;
        let image = pack_library(engine, &library.name, &builder.files(library)).await?;
        say!("{}:{}", image.name, image.tag);
    }
    Ok(())
}
