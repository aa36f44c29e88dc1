//! What containers need: the Engine, compose, and a way from a container back to the harness. Without them the runner is `process`,
//! so that nothing here is missing.

use super::Finding;
use crate::runner::{ComposeTool, Engine, Leftovers, prove_reach};

pub(super) async fn findings() -> Vec<(&'static str, Finding)> {
    let engine = match Engine::connect().await {
        Ok(engine) => engine,
        Err(error) => return vec![("docker", Finding::Warning(format!("the runner will be `process`: {error:#}")))],
    };
    let compose = match ComposeTool::find().await {
        Ok(tool) => Finding::Good(tool.to_string()),
        Err(error) => Finding::Warning(format!("the runner will be `process`: {error:#}")),
    };
    let mut findings = vec![
        ("docker", Finding::Good(format!("Engine {}", engine.version()))),
        ("compose", compose),
        ("reach", reach(&engine).await),
    ];
    findings.extend(leftovers(&engine).await.map(|finding| ("leftovers", finding)));
    findings
}

async fn reach(engine: &Engine) -> Finding {
    match prove_reach(engine).await {
        Ok(addresses) => Finding::Good(format!("a container reaches the harness at {addresses}")),
        Err(error) => Finding::Warning(format!(
            "a container does not reach the harness: {error:#} (a firewall between the containers' networks and this host, such as \
             ufw, must let them in: `ufw allow from 172.16.0.0/12`)"
        )),
    }
}

async fn leftovers(engine: &Engine) -> Option<Finding> {
    match engine.remove_leftovers().await {
        Ok(Leftovers { containers: 0, networks: 0 }) => None,
        Ok(Leftovers { containers, networks }) => Some(Finding::Good(format!(
            "removed what a harness that is dead had left: {containers} containers, {networks} networks"
        ))),
        Err(error) => Some(Finding::Warning(format!("{error:#}"))),
    }
}
