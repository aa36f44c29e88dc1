//! Finished runs on their way out: cases in the order of results, each with its runs, a batch at a time.

use benchmark_protocol::operation::ByOperation;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::Error;
use super::open::Store;
use super::stored::{
    CaseId, Known, RunKey, Selection, StoredAudit, StoredCase, StoredHistograms, StoredReplica, StoredRun,
};
use super::summary;
use crate::stats::comparison::BEFORE_THE_BLOCKS;

/// What [`read_run`] reads of a run, and the tables that it is in.
const RUN: &str = "runs.*, sha256, lock_sha256, compiler, library_builds.target, library_builds.features, parses, \
                   audits.requests AS origin_requests, operations AS origin_operations, answered, intact_bytes, taken_bytes, \
                   connections, peak_concurrency";
const OF_RUN: &str =
    "LEFT JOIN library_builds ON library_builds.id = build_id LEFT JOIN audits ON audits.run_id = runs.id";

impl Store {
    /// The cases with a finished run, by time of their campaign and then by their first run.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn finished_cases(&self, selection: &Selection) -> Result<Vec<CaseId>, Error> {
        sqlx::query_scalar(
            "SELECT cases.id FROM campaigns JOIN cases ON cases.campaign_id = campaigns.id \
             WHERE (?1 IS NULL OR campaigns.campaign_id = ?1) AND (?2 IS NULL OR library = ?2) \
                 AND (?3 IS NULL OR test = ?3) \
                 AND EXISTS (SELECT 1 FROM runs WHERE case_id = cases.id AND status = 'finished') \
             ORDER BY campaigns.started_us, campaigns.id, cases.id",
        )
        .bind(&selection.campaign_id)
        .bind(&selection.library)
        .bind(&selection.test)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))
    }

    /// What there is to select from.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn known(&self) -> Result<Known, Error> {
        let read = async {
            let finished =
                "FROM cases WHERE EXISTS (SELECT 1 FROM runs WHERE case_id = cases.id AND status = 'finished')";
            let distinct = |column| sqlx::AssertSqlSafe(format!("SELECT DISTINCT {column} {finished} ORDER BY 1"));
            Ok(Known {
                campaigns: sqlx::query_scalar("SELECT campaign_id FROM campaigns ORDER BY started_us, id")
                    .fetch_all(&self.pool)
                    .await?,
                libraries: sqlx::query_scalar(distinct("library")).fetch_all(&self.pool).await?,
                tests: sqlx::query_scalar(distinct("test")).fetch_all(&self.pool).await?,
            })
        };
        read.await.map_err(|error| self.error(error))
    }

    /// These cases with their finished runs, in the order asked for. Give a batch at a time: each run comes with its
    /// samples.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn read_cases(&self, ids: &[CaseId]) -> Result<Vec<StoredCase>, Error> {
        let read = async {
            let mut cases: Vec<StoredCase> = sqlx::query_as(
                "SELECT cases.*, campaigns.campaign_id AS campaign_uuid, campaigns.seed AS campaign_seed, harness, hosts.name AS host_name, cpu_model, cpus, \
                     memory_bytes, kernel, clock_source, governor, cgroup, command, interval_level \
                 FROM json_each(?) AS wanted CROSS JOIN cases ON cases.id = wanted.value \
                     JOIN campaigns ON campaigns.id = cases.campaign_id JOIN hosts ON hosts.id = host_id \
                 ORDER BY wanted.key",
            )
            .bind(id_list(ids))
            .fetch_all(&self.pool)
            .await?;
            let rows = sqlx::query(sqlx::AssertSqlSafe(format!(
                "SELECT {RUN} FROM json_each(?) AS wanted CROSS JOIN runs ON case_id = wanted.value AND status = 'finished' {OF_RUN} \
                 ORDER BY wanted.key, runs.trial > {BEFORE_THE_BLOCKS}, runs.id"
            )))
            .bind(id_list(ids))
            .fetch_all(&self.pool)
            .await?;
            let mut rows = rows.iter().peekable();
            for case in &mut cases {
                while let Some(row) = rows.peek() {
                    if row.try_get::<CaseId, _>("case_id")? != case.case_id {
                        break;
                    }
                    case.runs.push(read_run(row)?);
                    rows.next();
                }
            }
            Ok(cases)
        };
        read.await.map_err(|error| self.error(error))
    }

    /// The campaigns and workloads, of this campaign or of all, in which the origin was at its limit in some run of the blocks.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn origin_bound(&self, campaign_id: Option<&str>) -> Result<Vec<(i64, String)>, Error> {
        // A mark is an object with its name, and was once a text that began with it.
        sqlx::query_as(
            "SELECT DISTINCT cases.campaign_id, workload_key FROM cases JOIN campaigns ON campaigns.id = cases.campaign_id \
                 JOIN runs ON case_id = cases.id AND runs.status = 'finished' \
             WHERE instr(marks, char(34) || 'origin_bound') > 0 AND trial <> ? AND coalesce(campaigns.campaign_id = ?, 1)",
        )
        .bind(BEFORE_THE_BLOCKS)
        .bind(campaign_id)
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))
    }

    /// A finished run, as it was stored; `None` where there is none of this id.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn read_run(&self, run_id: &str) -> Result<Option<StoredRun>, Error> {
        let query = format!("SELECT {RUN} FROM runs {OF_RUN} WHERE runs.run_id = ? AND status = 'finished'");
        let read = async {
            let row = sqlx::query(sqlx::AssertSqlSafe(query)).bind(run_id).fetch_optional(&self.pool).await?;
            row.as_ref().map(read_run).transpose()
        };
        read.await.map_err(|error| self.error(error))
    }

    /// The finished runs that a case has in a trial of a campaign, in the order in which they began.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn runs_of_trial(&self, campaign_id: &str, case_key: &str, trial: u32) -> Result<Vec<StoredRun>, Error> {
        let query = format!(
            "SELECT {RUN} FROM campaigns JOIN cases ON cases.campaign_id = campaigns.id AND case_key = ? \
                 JOIN runs ON case_id = cases.id AND runs.status = 'finished' AND trial = ? {OF_RUN} \
             WHERE campaigns.campaign_id = ? ORDER BY runs.id"
        );
        let read = async {
            let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(case_key).bind(trial).bind(campaign_id);
            query.fetch_all(&self.pool).await?.iter().map(read_run).collect::<Result<_, sqlx::Error>>()
        };
        read.await.map_err(|error| self.error(error))
    }

    /// The delays that the origin delivered in a run, as bytes for [`crate::stats::decode_bytes`]; empty where it delivered none.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn delivered_delays(&self, run: RunKey) -> Result<Vec<u8>, Error> {
        let delays: Option<Option<Vec<u8>>> =
            sqlx::query_scalar("SELECT delays_delivered FROM audits WHERE run_id = ?")
                .bind(run)
                .fetch_optional(&self.pool)
                .await
                .map_err(|error| self.error(error))?;
        Ok(delays.flatten().unwrap_or_default())
    }

    /// The replicas of these runs, by run in the order asked for and then by index.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn read_replicas(&self, runs: &[RunKey]) -> Result<Vec<StoredReplica>, Error> {
        let read = async {
            let rows = sqlx::query(
                "SELECT replicas.* FROM json_each(?) AS wanted CROSS JOIN replicas ON run_id = wanted.value \
                 ORDER BY wanted.key, replica_index",
            )
            .bind(id_list(runs))
            .fetch_all(&self.pool)
            .await?;
            rows.iter().map(read_replica).collect::<Result<_, sqlx::Error>>()
        };
        read.await.map_err(|error| self.error(error))
    }

    /// The merged histograms of these runs, in the order asked for: what pooling trials needs.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn read_histograms(&self, runs: &[RunKey]) -> Result<Vec<StoredHistograms>, Error> {
        type Row = (Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>, Option<Vec<u8>>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT latency, failure_latency, first_byte, service_time, scheduling_delay \
             FROM json_each(?) AS wanted CROSS JOIN run_histograms ON run_id = wanted.value ORDER BY wanted.key",
        )
        .bind(id_list(runs))
        .fetch_all(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        let bytes = Option::unwrap_or_default;
        let stored = |(latency, failure_latency, first_byte, service_time, scheduling_delay): Row| StoredHistograms {
            latency: bytes(latency),
            failure_latency: bytes(failure_latency),
            first_byte: bytes(first_byte),
            service_time: bytes(service_time),
            scheduling_delay: bytes(scheduling_delay),
        };
        Ok(rows.into_iter().map(stored).collect())
    }
}

fn read_run(row: &SqliteRow) -> Result<StoredRun, sqlx::Error> {
    let whole = |name| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(name)?.map(i64::unsigned_abs));
    let audit = match whole("origin_requests")? {
        None => None,
        Some(requests) => Some(StoredAudit {
            requests,
            operations: by_operation(row, "origin_operations")?,
            answered: by_operation(row, "answered")?,
            intact_bytes: whole("intact_bytes")?.unwrap_or_default(),
            taken_bytes: whole("taken_bytes")?,
            connections: whole("connections")?.unwrap_or_default(),
            peak_concurrency: whole("peak_concurrency")?.unwrap_or_default(),
        }),
    };
    Ok(StoredRun {
        key: row.try_get("id")?,
        run_id: row.try_get("run_id")?,
        trial: row.try_get("trial")?,
        seed: row.try_get("seed")?,
        started_us: row.try_get("started_us")?,
        ended_us: row.try_get("ended_us")?,
        invalid_reasons: listed(row, "invalid_reasons")?,
        marks: listed(row, "marks")?,
        metrics_source: row.try_get("metrics_source")?,
        prometheus_refusal: row.try_get("prometheus_refusal")?,
        origin_cpu_share: row.try_get("origin_cpu_share")?,
        rate_per_second: row.try_get("rate_per_second")?,
        harness_cpu_seconds: row.try_get("harness_cpu_seconds")?,
        monitoring_cpu_seconds: row.try_get("monitoring_cpu_seconds")?,
        build_sha256: row.try_get("sha256")?,
        compiler: row.try_get("compiler")?,
        target: row.try_get("target")?,
        features: row.try_get("features")?,
        parses: row.try_get("parses")?,
        lock_sha256: row.try_get("lock_sha256")?,
        audit,
        summary: summary::read(row)?,
    })
}

fn read_replica(row: &SqliteRow) -> Result<StoredReplica, sqlx::Error> {
    Ok(StoredReplica {
        run: row.try_get("run_id")?,
        index: row.try_get("replica_index")?,
        host_name: row.try_get("host_name")?,
        pid: row.try_get("pid")?,
        container_id: row.try_get("container_id")?,
        failure: row.try_get("failure")?,
        cpu_list: row.try_get("cpu_list")?,
        clock_offset_ns: row.try_get("clock_offset_ns")?,
        verify: json(row, "verify")?,
        failure_samples: json(row, "failure_samples")?.unwrap_or_default(),
        summary: summary::read(row)?,
    })
}

/// Numbers by operation; `None` in rows of before they were kept.
fn by_operation(row: &SqliteRow, column: &str) -> Result<Option<ByOperation>, sqlx::Error> {
    json(row, column)
}

/// What is kept as JSON; `None` where nothing is.
fn json<T: DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<Option<T>, sqlx::Error> {
    let json = row.try_get::<Option<&str>, _>(column)?;
    json.map(serde_json::from_str).transpose().map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Reasons or marks. One that this program does not know, as another version kept it, is shown as it lies there.
fn listed<T: DeserializeOwned + From<String>>(row: &SqliteRow, column: &str) -> Result<Vec<T>, sqlx::Error> {
    let Some(json) = row.try_get::<Option<&str>, _>(column)? else { return Ok(Vec::new()) };
    let values: Vec<Value> = serde_json::from_str(json).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(values.into_iter().map(|value| T::deserialize(&value).unwrap_or_else(|_| value.to_string().into())).collect())
}

/// Any number of ids as one parameter.
pub(super) fn id_list(ids: &[i64]) -> String {
    serde_json::to_string(ids).expect("numbers are always JSON")
}
