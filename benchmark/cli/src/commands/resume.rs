//! `--resume`: the command that a campaign was started with, read back from the database.

use std::path::Path;

use anyhow::Result;

use crate::case::{Header, Mismatch, with_values, without_values};
use crate::exit::Usage;
use crate::machine;
use crate::plan::Database;
use crate::shell::database_flag;
use crate::store::{CampaignOverview, Store};

/// Refuses what would be ignored: a campaign goes on as it was planned.
pub(super) fn check_alone(arguments: impl IntoIterator<Item = String>) -> Result<(), Usage> {
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        match argument.split('=').next().unwrap_or_default() {
            "run-all" | "--take-over" | "--sweep" => {}
            "--resume" | "--db" | "--header" if argument.contains('=') => {}
            "--resume" | "--db" | "--header" => drop(arguments.next()),
            _ => {
                return Err(Usage(format!(
                    "`{argument}` does not go with --resume: the campaign goes on as it was planned"
                )));
            }
        }
    }
    Ok(())
}

/// The arguments of a campaign's command with the values of its headers, which are not kept.
///
/// # Errors
/// [`Usage`] for headers that are missing, or that the campaign did not have.
pub(super) fn with_headers(id: &str, arguments: Vec<String>, headers: &[Header]) -> Result<Vec<String>, Usage> {
    with_values(arguments, headers).map_err(|Mismatch { missing, unknown }| match missing.as_slice() {
        [] => Usage(format!("campaign {id} has no header `{}`: it goes on as it was planned", unknown.join("`, `"))),
        missing => Usage(format!(
            "campaign {id} sends `{}`, and values of headers are not kept: `benchmark run-all --resume {id}{}`",
            missing.join("`, `"),
            given_again(missing)
        )),
    })
}

/// The command that goes on with the campaign that a command with these arguments began.
pub(super) fn command_for(id: &str, arguments: impl Iterator<Item = String>, database: &Path) -> String {
    let headers = with_values(without_values(arguments), &[]).err().unwrap_or_default().missing;
    format!("benchmark run-all --resume {id}{}{}", database_flag(database), given_again(&headers))
}

/// The flags of headers whose values are to be given again.
fn given_again(names: &[String]) -> String {
    names.iter().map(|name| format!(" --header '{name}: VALUE'")).collect()
}

/// The id of the campaign that `asked` names, and the arguments of its command.
///
/// # Errors
/// [`Usage`] for a campaign that is not known, or known under several ids.
pub(super) async fn command_of(asked: &str, database: &Database) -> Result<(String, Vec<String>)> {
    let store = Store::open_existing(&database.path()).await?;
    store.mark_interrupted(machine::is_dead).await?;
    let campaigns = store.campaigns().await?;
    let named: Vec<&CampaignOverview> = match asked {
        "last" => campaigns.last().into_iter().collect(),
        id => campaigns.iter().filter(|campaign| campaign.campaign_id.starts_with(id)).collect(),
    };
    let [campaign] = named.as_slice() else {
        let what = if named.is_empty() { "no campaign" } else { "several campaigns" };
        let database = database_flag(store.path());
        return Err(Usage(format!("`{asked}` names {what}: `benchmark list --campaigns{database}` shows them")).into());
    };
    let id = &campaign.campaign_id;
    if campaign.arguments.is_empty() {
        return Err(
            Usage(format!("campaign {id} was recorded by a version that kept no arguments: run it anew")).into()
        );
    }
    Ok((id.clone(), campaign.arguments.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_goes_on_asks_for_headers_again() {
        let arguments = ["run-all", "--header", "X-Key: secret", "--header=y: a"].map(str::to_owned).into_iter();
        let command = command_for("c1", arguments, Path::new("my runs.db"));
        let again = "--db 'my runs.db' --header 'x-key: VALUE' --header 'y: VALUE'";
        assert_eq!(command, format!("benchmark run-all --resume c1 {again}"));
        let without = command_for("c1", std::iter::empty(), Path::new("my runs.db"));
        assert_eq!(without, "benchmark run-all --resume c1 --db 'my runs.db'");
    }
}
