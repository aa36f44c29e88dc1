//! Which runner a case has: containers where a Docker Engine answers, unless told otherwise.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use benchmark_protocol::target::Target;
use tokio::time::timeout;

use crate::campaign::{Event, Listener};
use crate::case::{Case, RunnerName, case_key};
use crate::exit::Usage;
use crate::plan::Plan;
use crate::runner::{ComposeTool, Engine, Leftovers};

/// How long a campaign of processes waits for a Docker Engine that it does not need.
const IN_PASSING: Duration = Duration::from_secs(2);

/// How long the Engine may take to make a network and to remove it.
const TRYING: Duration = Duration::from_secs(10);

/// What containers need.
pub(super) struct Containers {
    pub(super) engine: Engine,
    pub(super) tool: ComposeTool,
}

/// Decides what `auto` leaves open, and removes what a dead harness left at the Engine. `None` where every case is a process.
pub(super) async fn choose(plan: &mut Plan, listener: &mut dyn Listener) -> Result<Option<Containers>> {
    if plan.cases.iter().all(|case| case.runner == RunnerName::Process) {
        sweep_in_passing(listener).await;
        return Ok(None);
    }
    let found = find(listener).await;
    let is_open = plan.cases.iter().any(|case| case.runner == RunnerName::Auto);
    let possible = match &found {
        Ok(Containers { engine, .. }) if is_open && loopback_target(plan, RunnerName::Auto).is_none() => {
            is_fit(engine).await
        }
        Err(error) if is_open && Engine::is_named() => {
            tracing::warn!("the runner is `process`: {error:#}");
            false
        }
        _ => false,
    };
    let chosen = if possible { RunnerName::Compose } else { RunnerName::Process };
    for case in plan.cases.iter_mut().filter(|case| case.runner == RunnerName::Auto) {
        case.runner = chosen;
    }
    let mut known = HashSet::new();
    plan.cases.retain(|case| known.insert(case_key(case)));
    if let Some(target) = loopback_target(plan, RunnerName::Compose) {
        return Err(Usage(format!(
            "target `{target}` is this host's loopback, which containers do not reach: name another address of this host, or take \
             `--runner process`"
        ))
        .into());
    }
    let limited = |case: &Case| case.cpu_limit.is_some() || case.memory_limit.is_some();
    if let Some(case) = plan.cases.iter().find(|case| limited(case) && !case.runner.capabilities().limits) {
        return Err(Usage(format!(
            "`--cpus` and `--memory` are limits of containers, and the runner here is `{}`: see `benchmark doctor`",
            case.runner
        ))
        .into());
    }
    if plan.cases.iter().any(|case| case.runner == RunnerName::Compose) { found.map(Some) } else { Ok(None) }
}

/// The Engine, swept, and compose.
async fn find(listener: &mut dyn Listener) -> Result<Containers> {
    let engine = Engine::connect().await?;
    sweep(&engine, listener).await;
    Ok(Containers { tool: ComposeTool::find(&engine).await?, engine })
}

/// Whether the Engine does what a campaign needs of it; where not, processes do.
async fn is_fit(engine: &Engine) -> bool {
    let tried = timeout(TRYING, engine.try_out()).await;
    let error = match tried {
        Ok(Ok(())) => return true,
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => format!("no answer within {} s", TRYING.as_secs()),
    };
    tracing::warn!("the Docker Engine is there and not fit for containers: {error}");
    false
}

/// Removes what a dead harness left. What cannot be removed is no reason not to run what was asked for.
async fn sweep(engine: &Engine, listener: &mut dyn Listener) {
    match engine.remove_leftovers().await {
        Ok(Leftovers { containers: 0, networks: 0 }) => {}
        Ok(leftovers) => listener.on(&Event::Swept { leftovers }),
        Err(error) => tracing::warn!("{STAYS}: {error:#}"),
    }
}

/// The same where no container is wanted: an Engine that is not there, or is not well, is nobody's business then.
async fn sweep_in_passing(listener: &mut dyn Listener) {
    let swept = timeout(IN_PASSING, async {
        if let Ok(engine) = Engine::connect().await {
            sweep(&engine, listener).await;
        }
    });
    if swept.await.is_err() {
        tracing::warn!("{STAYS}: the Engine does not answer within {} s", IN_PASSING.as_secs());
    }
}

const STAYS: &str = "what a dead harness may have left at the Docker Engine stays";

/// A target of a case with this runner that is this host to the host alone.
fn loopback_target(plan: &Plan, runner: RunnerName) -> Option<&str> {
    let is_loopback = |authority: &str| {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    };
    plan.cases.iter().filter(|case| case.runner == runner && runner.capabilities().own_network).find_map(|case| {
        let text = case.target.as_deref()?;
        let target = Target::parse(text, case.endpoint.as_deref(), false).ok()?;
        is_loopback(&target.authority).then_some(text)
    })
}
