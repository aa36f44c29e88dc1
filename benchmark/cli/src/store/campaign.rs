//! Campaigns, the machines they ran on and the programs they measured.

use serde_json::json;
use sqlx::{FromRow, SqliteConnection};

use super::error::Error;
use super::open::Store;
use crate::campaign::Campaign;
use crate::case::integer;
use crate::library::Build;
use crate::machine::{Host, ProcessIdentity};
use crate::run::Mark;

/// How a campaign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignStatus {
    /// Its harness is at work, or was when it died.
    Running,
    /// Every run came to its end.
    Finished,
    /// It was stopped, or its harness died.
    Interrupted,
}

impl CampaignStatus {
    /// The status as it stands in the database and on the screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Interrupted => "interrupted",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Running, Self::Finished, Self::Interrupted].into_iter().find(|status| status.name() == name)
    }
}

/// A campaign as `benchmark list --campaigns` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignOverview {
    /// UUIDv7.
    pub campaign_id: String,
    /// Wall clock at its start, in microseconds since the epoch.
    pub started_us: i64,
    /// Wall clock at its end, in microseconds since the epoch.
    pub ended_us: Option<i64>,
    /// The command that repeats it.
    pub command: String,
    /// The command's arguments; empty in a database from before they were kept.
    pub arguments: Vec<String>,
    /// How it stands.
    pub status: CampaignStatus,
    /// Runs that came to their end: valid + invalid.
    pub finished: u64,
    /// Runs whose verdict is valid.
    pub valid: u64,
    /// Runs whose verdict is invalid.
    pub invalid: u64,
    /// Runs that were interrupted.
    pub interrupted: u64,
    /// Runs under way.
    pub running: u64,
}

impl Store {
    /// Puts a campaign into the database, as running.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub async fn begin_campaign(&self, campaign: &Campaign, host: &Host) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let inserted = async {
            let host = host_row(&mut transaction, host).await?;
            sqlx::query(
                "INSERT INTO campaigns (campaign_id, host_id, status, started_us, command, seed, harness, boot_id, pid, \
                     start_ticks, place, arguments, noise, interval_level) \
                 VALUES (?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&campaign.campaign_id)
            .bind(host)
            .bind(campaign.started_us)
            .bind(&campaign.command)
            .bind(campaign.seed.to_string())
            .bind(&campaign.harness)
            .bind(&campaign.process.boot_id)
            .bind(campaign.process.pid)
            .bind(integer(campaign.process.start_ticks))
            .bind(&campaign.process.place)
            .bind(json!(campaign.arguments).to_string())
            .bind(json!(campaign.noise).to_string())
            .bind(campaign.interval_level)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await
        };
        inserted.await.map_err(|error| self.error(error))
    }

    /// Takes a campaign over: it runs again, as this process's. Of several that want it one gets it; the others, and everybody while the
    /// process that has it `may_lose` it not, are told whose it is.
    ///
    /// # Errors
    /// [`Error::NoCampaign`], or a database that cannot be written.
    pub async fn take_campaign(
        &self,
        campaign_id: &str,
        process: &ProcessIdentity,
        may_lose: impl Fn(&ProcessIdentity) -> bool,
    ) -> Result<Option<ProcessIdentity>, Error> {
        let mut transaction = self.begin().await?;
        let taken = async {
            let owner: Option<Owner> =
                sqlx::query_as(sqlx::AssertSqlSafe(format!("SELECT {OWNER} FROM campaigns WHERE campaign_id = ?")))
                    .bind(campaign_id)
                    .fetch_optional(&mut *transaction)
                    .await?;
            let Some(owner) = owner else { return Ok(None) };
            let (id, is_running) = (owner.id, owner.status == CampaignStatus::Running.name());
            let owner = owner.process();
            if is_running && !may_lose(&owner) {
                return Ok(Some(Some(owner)));
            }
            interrupt_runs_of(&mut transaction, id).await?;
            sqlx::query(
                "UPDATE campaigns SET status = 'running', ended_us = NULL, boot_id = ?, pid = ?, start_ticks = ?, place = ? \
                 WHERE id = ?",
            )
            .bind(&process.boot_id)
            .bind(process.pid)
            .bind(integer(process.start_ticks))
            .bind(&process.place)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(Some(None))
        };
        let absent = || Error::NoCampaign { path: self.path().to_owned(), campaign_id: campaign_id.to_owned() };
        taken.await.map_err(|error| self.error(error))?.ok_or_else(absent)
    }

    /// Puts a mark on every finished run of a campaign that has none of its name: what comes before the bracket.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub async fn mark_campaign(&self, campaign_id: &str, mark: &Mark) -> Result<(), Error> {
        sqlx::query(
            "UPDATE runs SET marks = json_insert(marks, '$[#]', json(?)) WHERE status = 'finished' AND instr(marks, char(34) || ?) = 0 AND case_id IN \
                 (SELECT cases.id FROM cases JOIN campaigns ON campaigns.id = cases.campaign_id WHERE campaigns.campaign_id = ?)",
        )
        .bind(super::run::json(mark))
        .bind(mark.name())
        .bind(campaign_id)
        .execute(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        Ok(())
    }

    /// Says how a campaign ended. Runs of it that are still running are interrupted with it.
    ///
    /// # Errors
    /// [`Error::NoCampaign`], or a database that cannot be written.
    pub async fn end_campaign(&self, campaign_id: &str, status: CampaignStatus, ended_us: i64) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let updated = async {
            let id: Option<i64> =
                sqlx::query_scalar("UPDATE campaigns SET status = ?, ended_us = ? WHERE campaign_id = ? RETURNING id")
                    .bind(status.name())
                    .bind(ended_us)
                    .bind(campaign_id)
                    .fetch_optional(&mut *transaction)
                    .await?;
            if let (Some(id), true) = (id, status != CampaignStatus::Running) {
                interrupt_runs_of(&mut transaction, id).await?;
            }
            transaction.commit().await?;
            Ok(id)
        };
        match updated.await.map_err(|error| self.error(error))? {
            Some(_) => Ok(()),
            None => Err(Error::NoCampaign { path: self.path().to_owned(), campaign_id: campaign_id.to_owned() }),
        }
    }

    /// Marks what a dead harness left as running: its campaigns and their runs become interrupted. Returns the
    /// campaigns' ids. Campaigns of any other harness are left alone.
    ///
    /// # Errors
    /// A database that cannot be read or written.
    pub async fn mark_interrupted(&self, is_dead: impl Fn(&ProcessIdentity) -> bool) -> Result<Vec<String>, Error> {
        let mut transaction = self.begin().await?;
        let marked = async {
            let running: Vec<Owner> = sqlx::query_as(sqlx::AssertSqlSafe(format!(
                "SELECT {OWNER} FROM campaigns WHERE status = 'running' ORDER BY id"
            )))
            .fetch_all(&mut *transaction)
            .await?;
            let mut marked = Vec::new();
            for owner in running {
                let (id, campaign_id) = (owner.id, owner.campaign_id.clone());
                if !is_dead(&owner.process()) {
                    continue;
                }
                // Nobody knows when it died: no `ended_us`.
                sqlx::query("UPDATE campaigns SET status = 'interrupted' WHERE id = ?")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await?;
                interrupt_runs_of(&mut transaction, id).await?;
                marked.push(campaign_id);
            }
            transaction.commit().await?;
            Ok(marked)
        };
        marked.await.map_err(|error| self.error(error))
    }

    /// Puts a program into the database, once.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub async fn add_build(&self, build: &Build) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO library_builds (sha256, library, library_version, test, lock_sha256, compiler, target, features, parses) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256) DO UPDATE SET parses = excluded.parses",
        )
        .bind(&build.sha256)
        .bind(&build.library)
        .bind(&build.library_version)
        .bind(build.test.name())
        .bind(&build.lock_sha256)
        .bind(&build.compiler)
        .bind(&build.target)
        .bind(&build.features)
        .bind(build.parses)
        .execute(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        Ok(())
    }

    /// The machine that a campaign began on.
    ///
    /// # Errors
    /// [`Error::NoCampaign`], or a database that cannot be read.
    pub async fn host_of(&self, campaign_id: &str) -> Result<Host, Error> {
        type Row = (String, String, u32, i64, String, Option<String>, Option<String>, Option<String>);
        let row: Option<Row> = sqlx::query_as(
            "SELECT name, cpu_model, cpus, memory_bytes, kernel, clock_source, governor, cgroup \
             FROM hosts JOIN campaigns ON host_id = hosts.id WHERE campaign_id = ?",
        )
        .bind(campaign_id)
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        let (name, cpu_model, cpus, memory_bytes, kernel, clock_source, governor, cgroup) = row.ok_or_else(|| {
            Error::NoCampaign { campaign_id: campaign_id.to_owned(), path: self.path().to_path_buf() }
        })?;
        let memory_bytes = memory_bytes.unsigned_abs();
        Ok(Host { name, cpu_model, cpus, memory_bytes, kernel, clock_source, governor, cgroup })
    }

    /// Every campaign, oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn campaigns(&self) -> Result<Vec<CampaignOverview>, Error> {
        type Row = (String, i64, Option<i64>, String, Option<String>, String, i64, i64, i64, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT campaigns.campaign_id, campaigns.started_us, campaigns.ended_us, command, arguments, campaigns.status, \
                 COUNT(*) FILTER (WHERE valid = 1), COUNT(*) FILTER (WHERE valid = 0), \
                 COUNT(*) FILTER (WHERE runs.status = 'interrupted'), COUNT(*) FILTER (WHERE runs.status = 'running') \
             FROM campaigns LEFT JOIN cases ON cases.campaign_id = campaigns.id LEFT JOIN runs ON case_id = cases.id \
             GROUP BY campaigns.id ORDER BY campaigns.started_us, campaigns.id",
        )
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        let overview = |(
            campaign_id,
            started_us,
            ended_us,
            command,
            arguments,
            status,
            valid,
            invalid,
            interrupted,
            running,
        ): Row| {
            CampaignOverview {
                campaign_id,
                started_us,
                ended_us,
                command,
                arguments: arguments.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default(),
                status: CampaignStatus::named(&status).expect("the table's CHECK lists the same names"),
                finished: (valid + invalid).unsigned_abs(),
                valid: valid.unsigned_abs(),
                invalid: invalid.unsigned_abs(),
                interrupted: interrupted.unsigned_abs(),
                running: running.unsigned_abs(),
            }
        };
        Ok(rows.into_iter().map(overview).collect())
    }
}

/// Whose a campaign is.
#[derive(FromRow)]
struct Owner {
    id: i64,
    campaign_id: String,
    status: String,
    boot_id: String,
    pid: u32,
    start_ticks: i64,
    place: Option<String>,
}

const OWNER: &str = "id, campaign_id, status, boot_id, pid, start_ticks, place";

impl Owner {
    fn process(self) -> ProcessIdentity {
        let Self { boot_id, pid, start_ticks, place, .. } = self;
        ProcessIdentity { boot_id, pid, start_ticks: start_ticks.unsigned_abs(), place }
    }
}

async fn interrupt_runs_of(connection: &mut SqliteConnection, campaign: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE runs SET status = 'interrupted' \
         WHERE status = 'running' AND case_id IN (SELECT id FROM cases WHERE campaign_id = ?)",
    )
    .bind(campaign)
    .execute(connection)
    .await?;
    Ok(())
}

/// The row of a machine; `IS` compares NULL with NULL, which a UNIQUE constraint would not.
async fn host_row(connection: &mut SqliteConnection, host: &Host) -> Result<i64, sqlx::Error> {
    let known = "SELECT id FROM hosts WHERE name = ? AND cpu_model = ? AND cpus = ? AND memory_bytes = ? \
                 AND kernel = ? AND clock_source IS ? AND governor IS ? AND cgroup IS ?";
    let insert = "INSERT INTO hosts (name, cpu_model, cpus, memory_bytes, kernel, clock_source, governor, cgroup) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
    for statement in [known, insert] {
        let id = sqlx::query_scalar(statement)
            .bind(&host.name)
            .bind(&host.cpu_model)
            .bind(host.cpus)
            .bind(integer(host.memory_bytes))
            .bind(&host.kernel)
            .bind(&host.clock_source)
            .bind(&host.governor)
            .bind(&host.cgroup)
            .fetch_optional(&mut *connection)
            .await?;
        if let Some(id) = id {
            return Ok(id);
        }
    }
    Err(sqlx::Error::RowNotFound)
}
