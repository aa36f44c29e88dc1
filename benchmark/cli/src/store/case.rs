//! Cases as rows.

use sqlx::SqliteConnection;

use crate::case::{Case, amount, case_key, inject_text, integer, microseconds, params_json, workload_key};

/// The row of a case in a campaign; inserted at its first run.
pub(super) async fn case_row(
    connection: &mut SqliteConnection,
    campaign: i64,
    case: &Case,
) -> Result<i64, sqlx::Error> {
    let key = case_key(case);
    let known = sqlx::query_scalar("SELECT id FROM cases WHERE campaign_id = ? AND case_key = ?")
        .bind(campaign)
        .bind(&key)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(id) = known {
        return Ok(id);
    }
    let load = &case.load;
    let (duration, requests) = amount(load.amount);
    sqlx::query_scalar(
        "INSERT INTO cases (campaign_id, case_key, workload_key, library, library_version, test, params, inject, \
             replicas, runner, target, endpoint, concurrency, duration_us, requests, warm_up_us, drain_us, pool_size, \
             keep_alive, keep_alive_timeout_us, use_dns_cache, timeout_us, threads, cpu_limit, memory_limit_bytes, rate, arrivals, twin) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    )
    .bind(campaign)
    .bind(&key)
    .bind(workload_key(case))
    .bind(&case.library)
    .bind(&case.library_version)
    .bind(case.test.name())
    .bind(params_json(case))
    .bind(inject_text(case))
    .bind(case.replicas)
    .bind(case.runner.name())
    .bind(&case.target)
    .bind(&case.endpoint)
    .bind(load.concurrency)
    .bind(duration)
    .bind(requests)
    .bind(microseconds(load.warm_up))
    .bind(microseconds(load.drain))
    .bind(load.pool_size)
    .bind(load.keep_alive)
    .bind(microseconds(load.keep_alive_timeout))
    .bind(load.use_dns_cache)
    .bind(microseconds(load.timeout))
    .bind(load.threads)
    .bind(case.cpu_limit)
    .bind(case.memory_limit.map(integer))
    .bind(load.rate.map(|rate| rate.to_string()))
    .bind(load.rate.map(|_| load.arrivals.name()))
    .bind(case.twin)
    .fetch_one(connection)
    .await
}
