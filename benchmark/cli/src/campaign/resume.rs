//! Going on with a campaign that stopped: only where it can, and by one process at a time. What is missing is seen as its blocks are run.

use anyhow::Result;

use crate::case::case_key;
use crate::exit::Usage;
use crate::machine::{self, Host, ProcessIdentity};
use crate::plan::Plan;
use crate::stats::comparison::BEFORE_THE_BLOCKS;
use crate::store::{Selection, Store, StoredCase};

/// Which campaign goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Its id.
    pub campaign_id: String,
    /// Whether it is taken over also from a harness that cannot be seen from here.
    pub take_over: bool,
}

/// Takes the campaign over, as this process's. How many runs of it are finished.
///
/// # Errors
/// [`Usage`] where the campaign ran something that is not in the plan (another version, another runner), or on another machine, or is
/// another process's.
pub(super) async fn take(
    store: &Store,
    Resumed { campaign_id, take_over }: &Resumed,
    process: &ProcessIdentity,
    plan: &Plan,
) -> Result<usize> {
    let planned: Vec<String> = plan.cases.iter().chain(&plan.capacities()).map(case_key).collect();
    check_host(campaign_id, &store.host_of(campaign_id).await?, &machine::host())?;
    let mut finished = 0;
    let selection = Selection { campaign_id: Some(campaign_id.clone()), ..Selection::default() };
    for stored in store.read_cases(&store.finished_cases(&selection).await?).await? {
        if !planned.contains(&stored.case_key) {
            let StoredCase { library, library_version, test, settings, .. } = &stored;
            let runner = settings.text("runner").unwrap_or_default();
            return Err(Usage(format!(
                "campaign {campaign_id} cannot go on: it ran {library} {library_version} {test} with runner {runner}, which is not in \
                 its plan any more (another version, suite or runner)"
            ))
            .into());
        }
        // Whatever had to be repeated to measure a capacity is one run of the plan.
        let tries = stored.runs.iter().filter(|run| run.trial == BEFORE_THE_BLOCKS).count();
        finished += stored.runs.len() - tries.saturating_sub(1);
    }
    let may_lose = |owner: &ProcessIdentity| machine::is_dead(owner) || (*take_over && !machine::is_in_sight(owner));
    match store.take_campaign(campaign_id, process, may_lose).await? {
        None => Ok(finished),
        Some(owner) => Err(Usage(refusal(campaign_id, &owner, machine::is_in_sight(&owner))).into()),
    }
}

fn refusal(campaign_id: &str, owner: &ProcessIdentity, in_sight: bool) -> String {
    if in_sight {
        return format!("campaign {campaign_id} is under way in another process (pid {})", owner.pid);
    }
    format!(
        "campaign {campaign_id} is under way in another container or on another machine (host `{}`), where nobody can see from here whether \
         it still runs: stop it there, or take it over with `--take-over` if it is dead for certain",
        owner.host().unwrap_or_default()
    )
}

/// A campaign whose trials come from two machines, or from one that was changed, compares nothing.
fn check_host(campaign_id: &str, then: &Host, now: &Host) -> Result<(), Usage> {
    let differences = then.differences(now);
    if differences.is_empty() {
        return Ok(());
    }
    let differences: Vec<String> =
        differences.iter().map(|(fact, then, now)| format!("{fact} was `{then}` and is `{now}`")).collect();
    Err(Usage(format!(
        "campaign {campaign_id} can go on only on the machine it began on, unchanged: {}; run it anew",
        differences.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_seen_is_named_by_host_with_the_way_out() {
        let process =
            |place: &str| ProcessIdentity { place: Some(place.to_owned()), pid: 7, ..machine::this_process() };
        let refused = refusal("0193", &process("pid[1]:builder:abc"), false);
        assert!(refused.contains("(host `builder`)") && refused.contains("`--take-over`"), "{refused}");
        assert_eq!(refusal("0193", &process("here"), true), "campaign 0193 is under way in another process (pid 7)");
    }
}
