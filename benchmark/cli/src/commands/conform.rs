//! `benchmark conform`.

use std::io::stderr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use crate::conform::{
    Bench, Matrix, Mode, Standing, Where, check_declared, modes, named as mode_named, page, table, troubles,
};
use crate::exit::{Exit, Interrupted, Missing};
use crate::library::{self, Builder, Library};
use crate::output::{is_drawn_on, say, tell};
use crate::runner::{ComposeTool, Engine};

/// Options of `conform`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each mode is a server that misbehaves in one way, at an address of its own; `benchmark conform --list` names them all. Every library is to
get the same verdict, or declares in its library.toml under [conformance] what it does instead, and why. docs/CONFORMANCE.md has the matrix.

Examples:
  benchmark conform                                        every library in every mode
  benchmark conform --library reqwest                      before a library is changed, and after
  benchmark conform --mode redirects-302 --mode garbage
  benchmark conform --runner compose --mode ends-idle      in containers
  benchmark conform --output docs/CONFORMANCE.md           the page, once all that it says was found to be so

Exit codes: 0 all are judged alike or declare that they are not, 3 some are not, 2 usage.")]
pub(super) struct Conform {
    /// Only this library; repeatable
    #[arg(long = "library", value_name = "LIBRARY")]
    libraries: Vec<String>,
    /// Only this mode; repeatable
    #[arg(long = "mode", value_name = "MODE")]
    modes: Vec<String>,
    /// Where replicas run: process, compose, or auto: processes, and containers as well where the runner makes a difference
    #[arg(long, default_value = "auto", value_name = "RUNNER", value_parser = ["auto", "process", "compose"])]
    runner: String,
    /// Show the modes, and run nothing
    #[arg(long)]
    list: bool,
    /// Write the page to this file where every cell is right or declared
    #[arg(long, value_name = "FILE", conflicts_with_all = ["libraries", "modes", "list"])]
    output: Option<PathBuf>,
}

impl Conform {
    pub(super) async fn run(self) -> Result<Exit> {
        let chosen: Vec<&'static Mode> = if self.modes.is_empty() {
            modes().collect()
        } else {
            self.modes.iter().map(|name| mode_named(name)).collect::<Result<_, _>>()?
        };
        if self.list {
            for mode in chosen {
                say!("{:<30} {:<20} {}", mode.name, mode.right, mode.summary());
            }
            return Ok(Exit::Good);
        }
        let root = library::root()?;
        let all = library::catalogue(&root)?;
        check_declared(&all)?;
        let libraries: Vec<Library> = if self.libraries.is_empty() {
            all
        } else {
            self.libraries.iter().map(|name| library::named(&all, name).cloned()).collect::<Result<_, _>>()?
        };
        let gateway = self.gateway().await?;
        let builder = Builder::new(&root).await?;
        for library in &libraries {
            tell!("building {}", library.name);
            builder.build(library, |_| {}).await?;
        }
        let folder = Scratch::new()?;
        let bench = Bench { program: std::env::current_exe()?, folder: folder.0.clone() };
        let places = |mode: &Mode| self.places(mode, gateway);
        let expected = chosen
            .iter()
            .map(|mode| libraries.iter().filter(|library| mode.is_for(library)).count() * places(mode).len());
        let bar = progress(expected.sum::<usize>() as u64);
        let ran = Matrix::run(&bench, &libraries, &chosen, places, |cell| {
            if matches!(cell.standing, Standing::Different | Standing::Stale) {
                let line = format!("{} {}: {}", cell.library, cell.mode.name, cell.outcome);
                if bar.is_hidden() { tell!("{line}") } else { bar.println(line) }
            }
            bar.inc(1);
        });
        let matrix = tokio::select! {
            ran = ran => ran?,
            _ = tokio::signal::ctrl_c() => return Err(Interrupted.into()),
        };
        bar.finish_and_clear();
        say!("{}", table(&matrix, &libraries, &chosen));
        for trouble in troubles(&matrix, &libraries) {
            say!("{trouble}");
        }
        if !matrix.is_good() {
            return Ok(Exit::Invalid);
        }
        if let Some(path) = &self.output {
            std::fs::write(path, page(&libraries, &chosen))
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        say!("every library is judged alike, or declares that it is not, in {} cells", matrix.cells.len());
        Ok(Exit::Good)
    }

    /// The address at which containers find this host, where any are wanted.
    async fn gateway(&self) -> Result<Option<std::net::IpAddr>> {
        if self.runner == "process" {
            return Ok(None);
        }
        let found = async {
            let engine = Engine::connect().await?;
            ComposeTool::find(&engine).await?;
            let missing = || Missing("this host has no docker0, at whose address containers would find it".to_owned());
            Ok(engine.host_gateway().await.ok_or_else(missing)?)
        };
        match found.await {
            Ok(gateway) => Ok(Some(gateway)),
            Err(error) if self.runner == "compose" => Err(error),
            Err(error) => {
                tell!("not in containers: {error:#}");
                Ok(None)
            }
        }
    }

    fn places(&self, mode: &Mode, gateway: Option<std::net::IpAddr>) -> Vec<Where> {
        let process = (self.runner != "compose" && mode.on_process).then_some(Where::Process);
        let contained = mode.contained || self.runner == "compose";
        let compose = gateway.filter(|_| contained && mode.on_compose).map(Where::Compose);
        process.into_iter().chain(compose).collect()
    }
}

fn progress(cells: u64) -> ProgressBar {
    if !is_drawn_on(&stderr()) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{pos} of {len} cells, {elapsed} {wide_bar}");
    let bar = ProgressBar::new(cells);
    if let Ok(style) = style { bar.with_style(style) } else { bar }
}

/// A folder of this command's own, gone when it ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("benchmark-conform-{}", uuid::Uuid::new_v4()));
        std::fs::create_dir(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left of it is in the folder for such.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
