//! Which runner a case has: containers where a Docker Engine answers, unless told otherwise.

use std::collections::HashSet;

use anyhow::Result;
use benchmark_protocol::target::Target;

use crate::campaign::{Event, Listener};
use crate::case::Case;
use crate::case::case_key;
use crate::exit::Usage;
use crate::plan::{AskedRunner, Plan};
use crate::runner::{ComposeTool, Engine};

/// What containers need.
pub(super) struct Containers {
    pub(super) engine: Engine,
    pub(super) tool: ComposeTool,
}

/// Decides what `auto` leaves open, and removes what a dead harness left at the Engine. `None` where every case is a process.
pub(super) async fn choose(plan: &mut Plan, listener: &mut dyn Listener) -> Result<Option<Containers>> {
    let engine = Engine::connect().await;
    if let Ok(engine) = &engine {
        let leftovers = engine.remove_leftovers().await?;
        if leftovers.containers + leftovers.networks > 0 {
            listener.on(&Event::Swept { leftovers });
        }
    }
    if plan.cases.iter().all(|case| case.runner == AskedRunner::Process.name()) {
        return Ok(None);
    }
    let tool = ComposeTool::find().await;
    let possible = engine.is_ok() && tool.is_ok() && loopback_target(plan, AskedRunner::Auto).is_none();
    let chosen = if possible { AskedRunner::Compose } else { AskedRunner::Process };
    for case in plan.cases.iter_mut().filter(|case| case.runner == AskedRunner::Auto.name()) {
        chosen.name().clone_into(&mut case.runner);
    }
    let mut known = HashSet::new();
    plan.cases.retain(|case| known.insert(case_key(case)));
    if let Some(target) = loopback_target(plan, AskedRunner::Compose) {
        return Err(Usage(format!(
            "target `{target}` is this host's loopback, which containers do not reach: name another address of this host, or take \
             `--runner process`"
        ))
        .into());
    }
    let limited = |case: &Case| case.cpu_limit.is_some() || case.memory_limit.is_some();
    if plan.cases.iter().any(|case| case.runner == AskedRunner::Process.name() && limited(case)) {
        return Err(Usage(
            "`--cpus` and `--memory` are limits of containers, and the runner here is `process`: see `benchmark doctor`"
                .to_owned(),
        )
        .into());
    }
    let some = plan.cases.iter().any(|case| case.runner == AskedRunner::Compose.name());
    if some { Ok(Some(Containers { engine: engine?, tool: tool? })) } else { Ok(None) }
}

/// A target of a case with this runner that is this host to the host alone.
fn loopback_target(plan: &Plan, runner: AskedRunner) -> Option<&str> {
    let is_loopback = |authority: &str| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    };
    plan.cases.iter().filter(|case| case.runner == runner.name()).find_map(|case| {
        let text = case.target.as_deref()?;
        let target = Target::parse(text, case.endpoint.as_deref(), false).ok()?;
        is_loopback(&target.authority).then_some(text)
    })
}
