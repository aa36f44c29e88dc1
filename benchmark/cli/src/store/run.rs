//! A run's way into the database: a row as it starts, everything else in one transaction as it finishes.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use benchmark_protocol::message::{Histogram, Phase, Tick};
use benchmark_protocol::origin::Audit;
use hdrhistogram::Histogram as Hdr;
use serde::Serialize;
use sqlx::{QueryBuilder, SqliteConnection};

use super::case::case_row;
use super::error::Error;
use super::open::Store;
use super::operation;
use super::summary;
use crate::case::{Case, integer};
use crate::run::{Replica, Run};
use crate::stats::{RunSummary, Summary, encode};

/// Rows of one INSERT: many enough that parsing it costs nothing, few enough for SQLite's 32,766 parameters.
const ROWS_AT_ONCE: usize = 500;

/// What is known of a run as it starts.
#[derive(Clone, Copy, Debug)]
pub struct NewRun<'a> {
    /// UUIDv7.
    pub run_id: &'a str,
    /// The campaign it belongs to.
    pub campaign_id: &'a str,
    /// What is run.
    pub case: &'a Case,
    /// Which trial of the case it belongs to, from 1.
    pub trial: u32,
    /// The seed of its workload.
    pub seed: u64,
    /// SHA-256 of the measured program, as given to [`Store::add_build`].
    pub build_sha256: Option<&'a str>,
    /// Wall clock now, in microseconds since the epoch.
    pub started_us: i64,
}

impl Store {
    /// Puts a run into the database, as running.
    ///
    /// # Errors
    /// [`Error::NoCampaign`], or a database that cannot be written.
    pub async fn begin_run(&self, run: &NewRun<'_>) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let inserted = async {
            let campaign: Option<i64> = sqlx::query_scalar("SELECT id FROM campaigns WHERE campaign_id = ?")
                .bind(run.campaign_id)
                .fetch_optional(&mut *transaction)
                .await?;
            let Some(campaign) = campaign else { return Ok(false) };
            let case = case_row(&mut transaction, campaign, run.case).await?;
            sqlx::query(
                "INSERT INTO runs (run_id, case_id, build_id, trial, seed, status, started_us) \
                 VALUES (?, ?, (SELECT id FROM library_builds WHERE sha256 = ?), ?, ?, 'running', ?)",
            )
            .bind(run.run_id)
            .bind(case)
            .bind(run.build_sha256)
            .bind(run.trial)
            .bind(run.seed.to_string())
            .bind(run.started_us)
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(true)
        };
        match inserted.await.map_err(|error| self.error(error))? {
            true => Ok(()),
            false => Err(Error::NoCampaign { path: self.path().to_owned(), campaign_id: run.campaign_id.to_owned() }),
        }
    }

    /// Stores everything of a run, all of it or nothing. `summary` is what [`crate::run::summarise`] made of `run`.
    ///
    /// # Errors
    /// [`Error::NotRunning`] where [`Store::begin_run`] did not come before, or a database that cannot be written: the
    /// run then stays as running, and is marked as interrupted at the next start.
    pub async fn finish_run(&self, run: &Run, summary: &RunSummary) -> Result<(), Error> {
        let mut transaction = self.begin().await?;
        let stored = async {
            let Some(id) = finish_row(&mut transaction, run, &summary.total).await? else { return Ok(false) };
            insert_run_histograms(&mut transaction, id, summary).await?;
            operation::insert_run(&mut transaction, id, &summary.operations).await?;
            for (replica, summary) in run.replicas.iter().zip(&summary.replicas) {
                insert_replica(&mut transaction, id, replica, summary).await?;
            }
            if let Some(audit) = &run.audit {
                insert_audit(&mut transaction, id, audit).await?;
            }
            transaction.commit().await?;
            Ok(true)
        };
        let stored = stored.await.map_err(|error| self.error(error))?;
        if stored { Ok(()) } else { Err(self.not_running(&run.run_id)) }
    }

    /// Says that a run was stopped before it came to its end. Nothing of what it measured is kept.
    ///
    /// # Errors
    /// [`Error::NotRunning`], or a database that cannot be written.
    pub async fn interrupt_run(&self, run_id: &str, ended_us: i64) -> Result<(), Error> {
        let updated =
            sqlx::query("UPDATE runs SET status = 'interrupted', ended_us = ? WHERE run_id = ? AND status = 'running'")
                .bind(ended_us)
                .bind(run_id)
                .execute(&self.pool)
                .await
                .map_err(|error| self.error(error))?;
        if updated.rows_affected() == 1 { Ok(()) } else { Err(self.not_running(run_id)) }
    }

    fn not_running(&self, run_id: &str) -> Error {
        Error::NotRunning { path: self.path().to_owned(), run_id: run_id.to_owned() }
    }
}

async fn finish_row(connection: &mut SqliteConnection, run: &Run, total: &Summary) -> Result<Option<i64>, sqlx::Error> {
    static UPDATE: LazyLock<String> = LazyLock::new(|| {
        let columns: Vec<String> = summary::COLUMNS.iter().map(|name| format!("{name} = ?")).collect();
        format!(
            "UPDATE runs SET status = 'finished', started_us = ?, ended_us = ?, wall_ns = ?, valid = ?, \
                 invalid_reasons = ?, marks = ?, metrics_source = ?, origin_cpu_share = ?, prometheus_refusal = ?, ready_us = ?, start_us = ?, drained_us = ?, rate_per_second = ?, \
                 harness_cpu_seconds = ?, monitoring_cpu_seconds = ?, {} \
             WHERE run_id = ? AND status = 'running'",
            columns.join(", ")
        )
    });
    let query = sqlx::query(UPDATE.as_str())
        .bind(run.started_us)
        .bind(run.ended_us)
        .bind(integer(run.wall_ns))
        .bind(run.invalid_reasons.is_empty())
        .bind(json(&run.invalid_reasons))
        .bind(json(&run.marks))
        .bind(&run.metrics_source)
        .bind(run.origin_cpu_share)
        .bind(&run.prometheus_refusal)
        .bind(run.span.map(|span| span.ready_us))
        .bind(run.span.map(|span| span.start_us))
        .bind(run.span.map(|span| span.drained_us))
        .bind(run.rate_per_second)
        .bind(run.harness_cpu_seconds)
        .bind(run.monitoring_cpu_seconds);
    let updated = summary::bind(query, total).bind(&run.run_id).execute(&mut *connection).await?;
    if updated.rows_affected() == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT id FROM runs WHERE run_id = ?").bind(&run.run_id).fetch_optional(connection).await
}

async fn insert_run_histograms(
    connection: &mut SqliteConnection,
    run: i64,
    summary: &RunSummary,
) -> Result<(), sqlx::Error> {
    let bytes = |histogram: &Option<Hdr<u64>>| histogram.as_ref().map(encode);
    let histograms = &summary.histograms;
    sqlx::query(
        "INSERT INTO run_histograms (run_id, latency, failure_latency, first_byte, service_time, scheduling_delay) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(run)
    .bind(bytes(&histograms.latency))
    .bind(bytes(&histograms.failure_latency))
    .bind(bytes(&histograms.first_byte))
    .bind(bytes(&histograms.service_time))
    .bind(bytes(&histograms.scheduling_delay))
    .execute(connection)
    .await?;
    Ok(())
}

async fn insert_replica(
    connection: &mut SqliteConnection,
    run: i64,
    replica: &Replica,
    summary: &Summary,
) -> Result<(), sqlx::Error> {
    static INSERT: LazyLock<String> = LazyLock::new(|| {
        format!(
            "INSERT INTO replicas (run_id, replica_index, host_name, pid, container_id, failure, clock_offset_ns, has_result, library_version, threads, cpu_list, \
                 first_request_ns, window_start_ns, window_end_ns, verify, warm_up, resources, failure_samples, {}) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?{})",
            summary::COLUMNS.join(", "),
            ", ?".repeat(summary::COLUMNS.len())
        )
    });
    let result = replica.result.as_ref();
    let query = sqlx::query(INSERT.as_str())
        .bind(run)
        .bind(replica.index)
        .bind(&replica.host_name)
        .bind(replica.pid)
        .bind(&replica.container_id)
        .bind(&replica.failure)
        .bind(replica.clock.map(|clock| clock.offset_ns))
        .bind(result.is_some())
        .bind(result.map(|result| &result.library_version))
        .bind(result.map(|result| result.threads))
        .bind(result.and_then(|result| result.cpu_list.as_ref()))
        .bind(result.and_then(|result| result.first_request_ns).map(integer))
        .bind(result.map(|result| integer(result.window_start_ns)))
        .bind(result.map(|result| integer(result.window_end_ns)))
        .bind(result.map(|result| result.verify).or(replica.verify).map(|counts| json(&counts)))
        .bind(result.map(|result| json(&result.warm_up)))
        .bind(result.map(|result| json(&result.resources)))
        .bind(result.map(|result| json(&result.failure_samples)));
    let id = summary::bind(query, summary).execute(&mut *connection).await?.last_insert_rowid();
    if let Some(result) = result {
        sqlx::query(
            "INSERT INTO replica_histograms (replica_id, latency, failure_latency, first_byte, service_time, \
                 scheduling_delay) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(id)
        .bind(wire_bytes(&result.latency))
        .bind(wire_bytes(&result.failure_latency))
        .bind(result.first_byte.as_ref().and_then(wire_bytes))
        .bind(result.service_time.as_ref().and_then(wire_bytes))
        .bind(result.scheduling_delay.as_ref().and_then(wire_bytes))
        .execute(&mut *connection)
        .await?;
        operation::insert_replica(connection, (run, replica.index), result).await?;
    }
    insert_ticks(connection, id, &replica.ticks).await
}

async fn insert_ticks(connection: &mut SqliteConnection, replica: i64, ticks: &[Tick]) -> Result<(), sqlx::Error> {
    for (chunk, first) in ticks.chunks(ROWS_AT_ONCE).zip((0_i64..).step_by(ROWS_AT_ONCE)) {
        let mut insert = QueryBuilder::new(
            "INSERT INTO ticks (replica_id, number, phase, elapsed_ns, attempts, successes, failures, censored, \
                 success_bytes, sent_bytes, received_bytes, in_flight, at_ns, cpu_user_us, cpu_system_us, rss_bytes, \
                 peak_rss_bytes, voluntary_switches, involuntary_switches, network_received_bytes, network_sent_bytes) ",
        );
        insert.push_values(chunk.iter().zip(first..), |mut row, (tick, number)| {
            let (counts, resources) = (&tick.counts, &tick.resources);
            row.push_bind(replica)
                .push_bind(number)
                .push_bind(phase_name(tick.phase))
                .push_bind(integer(tick.elapsed_ns))
                .push_bind(integer(counts.attempts))
                .push_bind(integer(counts.successes))
                .push_bind(json(&counts.failures))
                .push_bind(integer(counts.censored))
                .push_bind(integer(counts.success_bytes))
                .push_bind(integer(counts.sent_bytes))
                .push_bind(integer(tick.received_bytes))
                .push_bind(integer(tick.in_flight))
                .push_bind(integer(resources.at_ns))
                .push_bind(integer(resources.cpu_user_us))
                .push_bind(integer(resources.cpu_system_us))
                .push_bind(integer(resources.rss_bytes))
                .push_bind(integer(resources.peak_rss_bytes))
                .push_bind(integer(resources.voluntary_switches))
                .push_bind(integer(resources.involuntary_switches))
                .push_bind(resources.network.map(|network| integer(network.received_bytes)))
                .push_bind(resources.network.map(|network| integer(network.sent_bytes)));
        });
        insert.build().execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_audit(connection: &mut SqliteConnection, run: i64, audit: &Audit) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO audits (run_id, requests, operations, answered, intact_bytes, taken_bytes, connections, \
             open_connections, peak_concurrency, out_of_contract, injected_errors, injected_truncations, injected_resets, \
             throttled, delays_drawn, delays_delivered, cpu_user_us, cpu_system_us, at_ns) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(run)
    .bind(integer(audit.requests))
    .bind(json(&audit.operations))
    .bind(json(&audit.answered))
    .bind(integer(audit.intact_bytes))
    .bind(integer(audit.taken_bytes))
    .bind(integer(audit.connections))
    .bind(integer(audit.open_connections))
    .bind(integer(audit.peak_concurrency))
    .bind(integer(audit.out_of_contract))
    .bind(integer(audit.injected_errors))
    .bind(integer(audit.injected_truncations))
    .bind(integer(audit.injected_resets))
    .bind(integer(audit.throttled))
    .bind(audit.delays_drawn.as_ref().and_then(wire_bytes))
    .bind(audit.delays_delivered.as_ref().and_then(wire_bytes))
    .bind(integer(audit.cpu_user_us))
    .bind(integer(audit.cpu_system_us))
    .bind(integer(audit.at_ns))
    .execute(connection)
    .await?;
    Ok(())
}

const fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::WarmUp => "warm_up",
        Phase::Window => "window",
        Phase::Drain => "drain",
    }
}

/// The bytes of a histogram without their base64, a quarter less. Text that is no base64 was refused when the run was
/// summarised; of an audit it is as good as absent.
pub(super) fn wire_bytes(histogram: &Histogram) -> Option<Vec<u8>> {
    STANDARD.decode(&histogram.0).ok().filter(|bytes| !bytes.is_empty())
}

pub(super) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("counters and texts are always JSON")
}
