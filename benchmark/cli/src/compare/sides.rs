//! What A and B name: campaigns, or libraries or other cases of one campaign.

use std::collections::BTreeSet;

use std::path::Path;

use anyhow::Result;

use super::chosen::Chosen;
use crate::exit::Usage;
use crate::shell::database_flag;
use crate::store::{Selection, Store};

/// The two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sides {
    /// Two campaigns, by id.
    Campaigns([String; 2]),
    /// Cases of one campaign.
    Within {
        /// The campaign that both are of, by id.
        campaign: String,
        /// What each side names.
        sides: [Chosen; 2],
    },
}

/// How many campaigns an error lists.
const CAMPAIGNS_LISTED: usize = 5;

impl Sides {
    /// What may differ between A and B, as one of them names it.
    #[must_use]
    pub fn named(&self) -> BTreeSet<String> {
        match self {
            Self::Campaigns(_) => BTreeSet::new(),
            Self::Within { sides, .. } => sides.iter().flat_map(Chosen::names).map(str::to_owned).collect(),
        }
    }

    /// Each is `KEY=VALUE[,...]` where it has a `=`, else a campaign where it can be, else a library. With `campaign` neither is a campaign.
    ///
    /// # Errors
    /// [`Usage`], with what is known; or a database that cannot be read.
    pub async fn resolve(store: &Store, a: &str, b: &str, campaign: Option<&str>) -> Result<Self> {
        let known = store.known().await?;
        let chosen = |side: &str| if side.contains('=') { Chosen::read(side) } else { Ok(Chosen::library(side)) };
        let sides = [chosen(a)?, chosen(b)?];
        // Without what is shown to nobody.
        let [a, b] = sides.each_ref().map(|side| side.text.as_str());
        if a == b {
            return Err(Usage(format!("`{a}` is both A and B: name two campaigns, or two libraries of one")).into());
        }
        if campaign.is_none() {
            let found =
                |side: &str| if side.contains('=') { Ok(None) } else { find(side, &known.campaigns, store.path()) };
            let campaigns = (found(a)?, found(b)?);
            match campaigns {
                (Some(a), Some(b)) if a == b => {
                    return Err(Usage(format!("A and B are both campaign `{a}`: name another one")).into());
                }
                (Some(a), Some(b)) => return Ok(Self::Campaigns([a, b])),
                (None, None) => {}
                (a_is, _) => {
                    let (campaign, other) = if a_is.is_some() { (a, b) } else { (b, a) };
                    return Err(Usage(format!(
                        "`{campaign}` is a campaign and `{other}` is none: name two campaigns ({}), or two libraries or \
                         `KEY=VALUE` of one with `--campaign {campaign}`",
                        listed(&known.campaigns, store.path())
                    ))
                    .into());
                }
            }
        }
        let campaign = campaign_named(campaign.unwrap_or("last"), &known.campaigns, store.path())?;
        let libraries = libraries_of(store, &campaign).await?;
        for name in [a, b].into_iter().filter(|side| !side.contains('=')) {
            if !libraries.iter().any(|library| library == name) {
                let path = store.path().display();
                return Err(Usage(format!(
                    "`{name}` is neither a campaign nor a library of campaign `{campaign}` in `{path}` (libraries: {}; \
                     campaigns: {})",
                    if libraries.is_empty() { "none".to_owned() } else { libraries.join(", ") },
                    listed(&known.campaigns, store.path())
                ))
                .into());
            }
        }
        if sides[0].is(&sides[1]) {
            return Err(Usage(format!("`{a}` and `{b}` are the same: name what tells A from B")).into());
        }
        Ok(Self::Within { campaign, sides })
    }
}

/// The campaign that a text names: an id, a unique beginning of one, `last`, or `last~N` for the N-th before the last.
///
/// # Errors
/// [`Usage`], with what is known.
pub fn campaign_named(text: &str, known: &[String], database: &Path) -> Result<String, Usage> {
    find(text, known, database)?
        .ok_or_else(|| Usage(format!("no campaign `{text}` (known: {})", listed(known, database))))
}

fn find(text: &str, known: &[String], database: &Path) -> Result<Option<String>, Usage> {
    if let Some(back) = text.strip_prefix("last").and_then(steps_back) {
        let id = known.len().checked_sub(1 + back).map(|index| known[index].clone());
        let there_are = || {
            Usage(format!(
                "no campaign `{text}`: the database holds {} (known: {})",
                known.len(),
                listed(known, database)
            ))
        };
        return id.ok_or_else(there_are).map(Some);
    }
    if let Some(id) = known.iter().find(|id| *id == text) {
        return Ok(Some(id.clone()));
    }
    let beginning: Vec<String> = known.iter().filter(|id| id.starts_with(text)).cloned().collect();
    match beginning.as_slice() {
        [] => Ok(None),
        [id] => Ok(Some(id.clone())),
        several => Err(Usage(format!(
            "`{text}` is the beginning of {} campaigns: {}",
            several.len(),
            listed(several, database)
        ))),
    }
}

/// Of what follows `last`: nothing is 0, `~2` is 2.
fn steps_back(rest: &str) -> Option<usize> {
    if rest.is_empty() { Some(0) } else { rest.strip_prefix('~')?.parse().ok() }
}

/// The newest first.
fn listed(campaigns: &[String], database: &Path) -> String {
    let newest: Vec<&str> = campaigns.iter().rev().take(CAMPAIGNS_LISTED).map(String::as_str).collect();
    match campaigns.len() {
        0 => "none".to_owned(),
        n if n > CAMPAIGNS_LISTED => {
            let database = database_flag(database);
            format!("{}, ...: `benchmark list --campaigns{database}` has all {n}", newest.join(", "))
        }
        _ => newest.join(", "),
    }
}

async fn libraries_of(store: &Store, campaign: &str) -> Result<Vec<String>> {
    let selection = Selection { campaign_id: Some(campaign.to_owned()), ..Selection::default() };
    let (contenders, _) = super::read(store, &selection).await?;
    let mut libraries: Vec<String> = contenders.into_iter().map(|contender| contender.library).collect();
    libraries.sort_unstable();
    libraries.dedup();
    Ok(libraries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_ends_with_the_command_that_has_all_of_it() {
        let known: Vec<String> = (1..=6).map(|number| number.to_string()).collect();
        assert_eq!(
            listed(&known, Path::new("my.db")),
            "6, 5, 4, 3, 2, ...: `benchmark list --campaigns --db my.db` has all 6"
        );
    }

    #[test]
    fn a_campaign_is_named_by_its_id_its_beginning_or_its_age() {
        let known = ["0193-aa", "0193-ab", "0194-aa"].map(str::to_owned);
        for (text, id) in [("0193-ab", 1), ("0194", 2), ("last", 2), ("last~0", 2), ("last~2", 0), ("0193-aa", 0)] {
            assert_eq!(campaign_named(text, &known, Path::new("my.db")).unwrap(), known[id], "{text}");
        }
        let says = |text: &str| campaign_named(text, &known, Path::new("my.db")).unwrap_err().to_string();
        assert_eq!(says("0193"), "`0193` is the beginning of 2 campaigns: 0193-ab, 0193-aa");
        assert_eq!(says("last~3"), "no campaign `last~3`: the database holds 3 (known: 0194-aa, 0193-ab, 0193-aa)");
        assert_eq!(says("lasting"), "no campaign `lasting` (known: 0194-aa, 0193-ab, 0193-aa)");
        assert_eq!(
            campaign_named("last", &[], Path::new("my.db")).unwrap_err().to_string(),
            "no campaign `last`: the database holds 0 (known: none)"
        );
    }
}
