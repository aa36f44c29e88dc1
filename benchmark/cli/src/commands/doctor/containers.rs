//! What containers need: the Engine, compose, a way from a container back to the harness, and who watches them. Without the first
//! three the runner is `process`, so that nothing here is missing.

use super::Finding;
use crate::metrics::{LiveMetrics, Prometheus, serve};
use crate::runner::{ComposeTool, Engine, Leftovers, prove_reach};

pub(super) async fn findings(prometheus: &str) -> Vec<(&'static str, Finding)> {
    let mut findings = containers().await;
    findings.push(("metrics", live_metrics()));
    findings.extend(monitoring(prometheus).await);
    findings
}

async fn containers() -> Vec<(&'static str, Finding)> {
    let engine = match Engine::connect().await {
        Ok(engine) => engine,
        Err(error) => return vec![("docker", Finding::Warning(format!("the runner will be `process`: {error:#}")))],
    };
    let compose = match ComposeTool::find(&engine).await {
        Ok(tool) => Finding::Good(tool.to_string()),
        Err(error) => Finding::Warning(format!("the runner will be `process`: {error:#}")),
    };
    // At once: an Engine that hangs from here on takes its time only once.
    let (reach, leftovers) = tokio::join!(reach(&engine), leftovers(&engine));
    let docker = Finding::Good(format!("Engine {engine}"));
    let mut findings = vec![("docker", docker), ("compose", compose), ("reach", reach)];
    findings.extend(leftovers.map(|finding| ("leftovers", finding)));
    findings
}

fn live_metrics() -> Finding {
    match serve(LiveMetrics::default(), &[std::net::Ipv4Addr::LOCALHOST.into()]) {
        Ok(server) => Finding::Good(format!("a campaign serves its live metrics at port {}", server.port())),
        Err(error) => Finding::Warning(error.to_string()),
    }
}

/// What is up of docker-compose.monitoring.yml; each message ends with the command that mends it.
async fn monitoring(url: &str) -> Vec<(&'static str, Finding)> {
    if url == "off" {
        return vec![("prometheus", Finding::Good("off: rows have no totals of containers".to_owned()))];
    }
    let health = match Prometheus::new(url) {
        Ok(prometheus) => prometheus.check().await,
        Err(error) => Err(error),
    };
    match health {
        Err(error) => {
            vec![(
                "prometheus",
                Finding::Warning(format!("rows will have no totals of containers: {}", error.with_way_out())),
            )]
        }
        Ok(health) => vec![
            ("prometheus", Finding::Good(format!("{url}, version {}", health.version))),
            (
                "cadvisor",
                match health.cadvisor() {
                    Ok(()) => Finding::Good("scraped".to_owned()),
                    Err(error) => Finding::Warning(format!("rows will have no totals of containers: {error}")),
                },
            ),
        ],
    }
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
        Ok(leftovers) => Some(Finding::Good(leftovers.to_string())),
        Err(error) => Some(Finding::Warning(format!("{error:#}"))),
    }
}
