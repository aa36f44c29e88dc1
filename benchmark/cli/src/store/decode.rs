//! A stored case as the case that it was: what names on screen are made from.

use std::collections::BTreeMap;
use std::time::Duration;

use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::Test;

use super::stored::StoredCase;
use crate::case::{Amount, Arrivals, Case, Load, RunnerName};

impl StoredCase {
    /// The case, every option of it.
    ///
    /// # Errors
    /// What this version does not know: a test, a parameter or an option of another one.
    pub fn case(&self) -> Result<Case, String> {
        let test = Test::named(&self.test).ok_or_else(|| format!("unknown test `{}`", self.test))?;
        let given: BTreeMap<String, String> = serde_json::from_str(&self.params).map_err(|error| error.to_string())?;
        let given = given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let specs = self.inject.split("; ").filter(|spec| !spec.is_empty());
        Ok(Case {
            library: self.library.clone(),
            library_version: self.library_version.clone(),
            test,
            params: Values::new(test.parameters(), given)?,
            inject: specs.map(str::parse).collect::<Result<_, _>>().map_err(|error| format!("{error}"))?,
            replicas: self.replicas,
            runner: RunnerName::named(&self.runner).ok_or_else(|| format!("unknown runner `{}`", self.runner))?,
            cpu_limit: self.cpu_limit,
            memory_limit: self.memory_limit_bytes.map(i64::unsigned_abs),
            target: self.target.clone(),
            endpoint: self.endpoint.clone(),
            load: self.load()?,
            twin: self.twin,
        })
    }

    fn load(&self) -> Result<Load, String> {
        Ok(Load {
            concurrency: self.concurrency,
            amount: match (self.duration_us, self.requests) {
                (Some(duration_us), _) => Amount::Duration(duration(duration_us)),
                (None, requests) => Amount::Requests(requests.unwrap_or_default().unsigned_abs()),
            },
            warm_up: duration(self.warm_up_us),
            drain: duration(self.drain_us),
            pool_size: self.pool_size,
            keep_alive: self.keep_alive,
            keep_alive_timeout: duration(self.keep_alive_timeout_us),
            use_dns_cache: self.use_dns_cache,
            timeout: duration(self.timeout_us),
            threads: self.threads,
            rate: self.rate.as_deref().map(str::parse).transpose()?,
            arrivals: match self.arrivals.as_deref() {
                Some(name) => Arrivals::named(name).ok_or_else(|| format!("unknown arrivals `{name}`"))?,
                None => Arrivals::default(),
            },
        })
    }
}

fn duration(microseconds: i64) -> Duration {
    Duration::from_micros(microseconds.unsigned_abs())
}
