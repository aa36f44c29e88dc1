//! What became of a run's requests by operation: of the run as a whole, and of each replica.

use benchmark_protocol::counts::{Counts, Failures};
use benchmark_protocol::message::ReplicaResult;
use benchmark_protocol::operation::Operation;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

use super::error::Error;
use super::open::Store;
use super::read::id_list;
use super::run::{json, wire_bytes};
use super::stored::RunKey;
use crate::case::integer;
use crate::stats::{OperationSummary, encode};

/// The window's requests of one operation, of a run or of a replica.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredOperation {
    /// The row of the run.
    pub run: RunKey,
    /// The replica's index; `None` for all replicas.
    pub replica: Option<u32>,
    /// The operation.
    pub operation: Operation,
    /// What became of its requests.
    pub counts: Counts,
    /// Latency of successes, as bytes for [`crate::stats::decode_bytes`]; empty where there is none.
    pub latency: Vec<u8>,
    /// Latency of failures.
    pub failure_latency: Vec<u8>,
}

impl Store {
    /// The operations of these runs, all replicas together.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn read_operations(&self, runs: &[RunKey]) -> Result<Vec<StoredOperation>, Error> {
        self.read_operations_where("replica_index IS NULL", runs).await
    }

    /// The operations of each replica of these runs.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn read_replica_operations(&self, runs: &[RunKey]) -> Result<Vec<StoredOperation>, Error> {
        self.read_operations_where("replica_index IS NOT NULL", runs).await
    }

    /// `whose` is one of the conditions that the table has an index for. Of no runs nothing is asked.
    async fn read_operations_where(&self, whose: &str, runs: &[RunKey]) -> Result<Vec<StoredOperation>, Error> {
        if runs.is_empty() {
            return Ok(Vec::new());
        }
        let read = async {
            let query = format!(
                "SELECT operation_results.* FROM json_each(?) AS wanted CROSS JOIN operation_results \
                     ON run_id = wanted.value AND {whose} \
                 ORDER BY wanted.key, replica_index, id"
            );
            let rows = sqlx::query(AssertSqlSafe(query)).bind(id_list(runs)).fetch_all(&self.pool).await?;
            rows.iter().map(read_operation).collect::<Result<_, sqlx::Error>>()
        };
        read.await.map_err(|error| self.error(error))
    }
}

/// Puts those of a run in.
pub(super) async fn insert_run(
    connection: &mut SqliteConnection,
    run: i64,
    operations: &[OperationSummary],
) -> Result<(), sqlx::Error> {
    for of_run in operations {
        let histograms = [&of_run.latency, &of_run.failure_latency].map(|histogram| histogram.as_ref().map(encode));
        insert(connection, (run, None), (of_run.operation, &of_run.counts), histograms).await?;
    }
    Ok(())
}

/// Puts those of a replica in, as it said them.
pub(super) async fn insert_replica(
    connection: &mut SqliteConnection,
    (run, replica_index): (i64, u32),
    result: &ReplicaResult,
) -> Result<(), sqlx::Error> {
    for said in &result.operations {
        let histograms = [&said.latency, &said.failure_latency].map(wire_bytes);
        insert(connection, (run, Some(replica_index)), (said.operation, &said.counts), histograms).await?;
    }
    Ok(())
}

async fn insert(
    connection: &mut SqliteConnection,
    (run, replica_index): (i64, Option<u32>),
    (operation, counts): (Operation, &Counts),
    [latency, failure_latency]: [Option<Vec<u8>>; 2],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO operation_results (run_id, replica_index, operation, attempts, successes, failures, censored, \
             success_bytes, sent_bytes, latency, failure_latency) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(run)
    .bind(replica_index)
    .bind(operation.name())
    .bind(integer(counts.attempts))
    .bind(integer(counts.successes))
    .bind(json(&counts.failures))
    .bind(integer(counts.censored))
    .bind(integer(counts.success_bytes))
    .bind(integer(counts.sent_bytes))
    .bind(latency)
    .bind(failure_latency)
    .execute(connection)
    .await?;
    Ok(())
}

fn read_operation(row: &SqliteRow) -> Result<StoredOperation, sqlx::Error> {
    let whole = |name| row.try_get::<i64, _>(name).map(i64::unsigned_abs);
    let bytes = |name| row.try_get::<Option<Vec<u8>>, _>(name).map(Option::unwrap_or_default);
    let operation: Operation =
        row.try_get::<&str, _>("operation")?.parse().map_err(|error: String| sqlx::Error::Decode(error.into()))?;
    let failures: Failures =
        serde_json::from_str(row.try_get("failures")?).map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(StoredOperation {
        run: row.try_get("run_id")?,
        replica: row.try_get("replica_index")?,
        operation,
        counts: Counts {
            attempts: whole("attempts")?,
            successes: whole("successes")?,
            failures,
            censored: whole("censored")?,
            success_bytes: whole("success_bytes")?,
            sent_bytes: whole("sent_bytes")?,
        },
        latency: bytes("latency")?,
        failure_latency: bytes("failure_latency")?,
    })
}
