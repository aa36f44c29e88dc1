//! What killed campaigns left at the targets of one that begins: named, or removed where that is asked for.

use anyhow::Result;

use super::External;
use super::bucket::Removed;
use crate::campaign::{Event, Listener};
use crate::case::{Case, Header};

/// Looks at every bucket that one of these cases writes to. A target that does not answer is no reason not to begin: its runs will say so.
pub(crate) async fn sweep(cases: &[Case], removes: bool, listener: &mut dyn Listener) {
    let mut known: Vec<(&Option<String>, &Option<String>, &[Header])> = Vec::new();
    for case in cases.iter().filter(|case| case.writes_below_prefix()) {
        let place = (&case.target, &case.endpoint, case.headers.as_slice());
        if known.contains(&place) {
            continue;
        }
        known.push(place);
        if let Err(error) = look(case, removes, listener).await {
            tracing::warn!("what a killed campaign may have left is not known: {error:#}");
        }
    }
}

async fn look(case: &Case, removes: bool, listener: &mut dyn Listener) -> Result<()> {
    let Some(url) = &case.target else { return Ok(()) };
    let target = External::new(url, case.endpoint.as_deref(), case.ca.as_ref())?;
    for leftover in target.leftovers(&case.headers).await? {
        if !removes || !leftover.is_left() {
            listener.on(&Event::LeftAtTarget { leftover: &leftover });
            continue;
        }
        let Removed { stays, because, .. } =
            target.remove(&leftover.prefix, leftover.has_uploads(), &case.headers, listener).await?;
        match because {
            None => listener.on(&Event::RemovedFromTarget { leftover: &leftover }),
            Some(why) => tracing::warn!("{stays} objects and uploads stay of {leftover}: {why}"),
        }
    }
    Ok(())
}
