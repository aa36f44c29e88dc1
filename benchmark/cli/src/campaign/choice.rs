//! Which runner a campaign has: containers where a Docker Engine answers, unless told otherwise.

use anyhow::Result;
use benchmark_protocol::target::Target;

use crate::event::{Event, Listener};
use crate::exit::Usage;
use crate::plan::{AskedRunner, Plan};
use crate::runner::{ComposeTool, Engine};

/// What containers need.
pub(super) struct Containers {
    pub(super) engine: Engine,
    pub(super) tool: ComposeTool,
}

/// Decides what `auto` leaves open, and removes what a dead harness left at the Engine. `None` is the runner `process`.
pub(super) async fn choose(plan: &mut Plan, listener: &mut dyn Listener) -> Result<Option<Containers>> {
    let engine = Engine::connect().await;
    if let Ok(engine) = &engine {
        let leftovers = engine.remove_leftovers().await?;
        if leftovers.containers + leftovers.networks > 0 {
            listener.on(&Event::Swept { leftovers });
        }
    }
    let containers = match plan.runner {
        AskedRunner::Process => None,
        AskedRunner::Compose => {
            if let Some(target) = loopback_target(plan) {
                return Err(Usage(format!(
                    "target `{target}` is this host's loopback, which containers do not reach: name another address of this \
                     host, or take `--runner process`"
                ))
                .into());
            }
            Some(Containers { engine: engine?, tool: ComposeTool::find().await? })
        }
        AskedRunner::Auto => match (engine, ComposeTool::find().await) {
            (Ok(engine), Ok(tool)) if loopback_target(plan).is_none() => Some(Containers { engine, tool }),
            _ => None,
        },
    };
    if containers.is_none() {
        if plan.cases.iter().any(|case| case.cpu_limit.is_some() || case.memory_limit.is_some()) {
            return Err(Usage(
                "`--cpus` and `--memory` are limits of containers, and the runner here is `process`: see `benchmark doctor`"
                    .to_owned(),
            )
            .into());
        }
        plan.cases.iter_mut().for_each(|case| "process".clone_into(&mut case.runner));
    }
    Ok(containers)
}

/// A target that is this host to the host alone.
fn loopback_target(plan: &Plan) -> Option<&str> {
    let is_loopback = |authority: &str| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    };
    plan.cases.iter().find_map(|case| {
        let text = case.target.as_deref()?;
        let target = Target::parse(text, case.endpoint.as_deref(), false).ok()?;
        is_loopback(&target.authority).then_some(text)
    })
}
