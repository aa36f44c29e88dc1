//! Runs of containers that Prometheus has not been asked about with success, and what it says when it is asked again.

use sqlx::{Row, SqliteConnection};

use super::error::Error;
use super::open::Store;
use super::run::json;
use super::stored::{RunKey, Selection};
use super::summary::bytes;
use crate::case::integer;
use crate::metrics::{Seen, Span};
use crate::run::Mark;
use crate::stats::{Observation, Samples};

/// A run of containers without totals from Prometheus.
#[derive(Clone, Debug, PartialEq)]
pub struct UnseenRun {
    /// Its row.
    pub key: RunKey,
    /// UUIDv7.
    pub run_id: String,
    /// Where its phases lie in wall-clock time.
    pub span: Span,
    /// Its replicas: index and container.
    pub replicas: Vec<(u32, Option<String>)>,
    /// The replicas' own counters over the span.
    pub own: Observation,
}

impl Store {
    /// The finished runs of containers that lack totals, oldest first.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn unseen_runs(&self, selection: &Selection) -> Result<Vec<UnseenRun>, Error> {
        let read = async {
            let rows = sqlx::query(
                "SELECT runs.id, runs.run_id, runs.started_us, runs.ended_us, ready_us, start_us, drained_us, \
                     runs.own_cpu_seconds, runs.own_recv_bytes, \
                     (SELECT json_group_array(json_array(replica_index, container_id)) FROM \
                         (SELECT * FROM replicas WHERE run_id = runs.id ORDER BY replica_index)) AS replicas \
                 FROM campaigns JOIN cases ON cases.campaign_id = campaigns.id JOIN runs ON case_id = cases.id \
                 WHERE (?1 IS NULL OR campaigns.campaign_id = ?1) AND (?2 IS NULL OR library = ?2) \
                     AND (?3 IS NULL OR test = ?3) AND EXISTS (SELECT 1 FROM replicas WHERE run_id = runs.id AND container_id IS NOT NULL) AND runs.status = 'finished' \
                     AND prometheus_cpu_seconds IS NULL AND drained_us IS NOT NULL \
                 ORDER BY ready_us",
            )
            .bind(&selection.campaign_id)
            .bind(&selection.library)
            .bind(&selection.test)
            .fetch_all(&self.pool)
            .await?;
            let unseen = rows.iter().map(|row| {
                let replicas: &str = row.try_get("replicas")?;
                Ok(UnseenRun {
                    key: row.try_get("id")?,
                    run_id: row.try_get("run_id")?,
                    span: Span {
                        ready_us: row.try_get("ready_us")?,
                        start_us: row.try_get("start_us")?,
                        window_start_us: row.try_get("started_us")?,
                        window_end_us: row.try_get("ended_us")?,
                        drained_us: row.try_get("drained_us")?,
                    },
                    replicas: serde_json::from_str(replicas).map_err(|error| sqlx::Error::Decode(error.into()))?,
                    own: Observation {
                        own_cpu_seconds: row.try_get("own_cpu_seconds")?,
                        own_recv_bytes: row.try_get::<Option<i64>, _>("own_recv_bytes")?.map(i64::unsigned_abs),
                        ..Observation::default()
                    },
                })
            });
            unseen.collect::<Result<Vec<_>, sqlx::Error>>()
        };
        read.await.map_err(|error| self.error(error))
    }

    /// Adds what Prometheus saw of runs after all, with a mark where it gives reason for one: all of it or nothing.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub async fn add_seen(&self, runs: &[(&UnseenRun, Seen, Option<Mark>)]) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let written = async {
            for (run, seen, mark) in runs {
                update_totals(&mut transaction, run, seen, mark.as_ref()).await?;
                if let Some(samples) = &seen.samples {
                    update_samples(&mut transaction, run, samples).await?;
                }
            }
            transaction.commit().await
        };
        written.await.map_err(|error| self.error(error))
    }
}

async fn update_totals(
    connection: &mut SqliteConnection,
    run: &UnseenRun,
    seen: &Seen,
    mark: Option<&Mark>,
) -> Result<(), sqlx::Error> {
    let known: Vec<_> = seen.totals.iter().flatten().collect();
    let complete = known.len() == run.replicas.len();
    sqlx::query(
        "UPDATE runs SET prometheus_cpu_seconds = ?, prometheus_recv_bytes = ?, scrape_count = ?, \
             prometheus_refusal = ?, marks = CASE WHEN ?5 IS NULL THEN marks ELSE json_insert(marks, '$[#]', json(?5)) END \
         WHERE id = ?6",
    )
    .bind(complete.then(|| known.iter().map(|totals| totals.cpu_seconds).sum::<f64>()))
    .bind(complete.then(|| integer(known.iter().map(|totals| totals.received_bytes).sum())))
    .bind(complete.then(|| integer(known.iter().map(|totals| totals.scrape_count).sum())))
    .bind(&seen.refusal)
    .bind(mark.map(json))
    .bind(run.key)
    .execute(&mut *connection)
    .await?;
    for ((index, _), totals) in run.replicas.iter().zip(&seen.totals) {
        sqlx::query(
            "UPDATE replicas SET prometheus_cpu_seconds = ?, prometheus_recv_bytes = ?, scrape_count = ? \
             WHERE run_id = ? AND replica_index = ?",
        )
        .bind(totals.map(|totals| totals.cpu_seconds))
        .bind(totals.map(|totals| integer(totals.received_bytes)))
        .bind(totals.map(|totals| integer(totals.scrape_count)))
        .bind(run.key)
        .bind(index)
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

async fn update_samples(
    connection: &mut SqliteConnection,
    run: &UnseenRun,
    samples: &[Samples],
) -> Result<(), sqlx::Error> {
    const FAMILIES: &str =
        "recv_bytes_per_second = ?, cpu_seconds = ?, recv_bytes_per_second_per_cpu = ?, memory_usage_bytes = ?";
    let update = |table_and_where: (&str, &str), samples: &Samples| {
        let (table, condition) = table_and_where;
        sqlx::query(sqlx::AssertSqlSafe(format!("UPDATE {table} SET {FAMILIES} WHERE {condition}")))
            .bind(bytes(&samples.recv_bytes_per_second))
            .bind(bytes(&samples.cpu_seconds))
            .bind(bytes(&samples.recv_bytes_per_second_per_cpu))
            .bind(bytes(&samples.memory_usage_bytes))
            .bind(run.key)
    };
    let mut all = Samples::default();
    samples.iter().for_each(|one| all.extend(one));
    update(("runs", "id = ?"), &all).execute(&mut *connection).await?;
    sqlx::query("UPDATE runs SET metrics_source = 'prometheus' WHERE id = ?")
        .bind(run.key)
        .execute(&mut *connection)
        .await?;
    for ((index, _), samples) in run.replicas.iter().zip(samples) {
        let of_replica = ("replicas", "run_id = ? AND replica_index = ?");
        update(of_replica, samples).bind(index).execute(&mut *connection).await?;
    }
    Ok(())
}
