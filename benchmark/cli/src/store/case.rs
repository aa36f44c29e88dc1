//! Cases as rows: the columns of options are those of the table.

use std::sync::LazyLock;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Row, Sqlite, SqliteConnection};

use crate::case::{
    Ca, Case, CaseOption, Header, Kind, OPTIONS, Settings, Value, case_key, integer, microseconds, params_json,
    workload_key,
};

/// The options that have a column, with its name.
fn stored() -> impl Iterator<Item = (&'static CaseOption, &'static str)> {
    OPTIONS.iter().filter_map(|option| Some((option, option.sql?)))
}

/// The row of a case in a campaign; inserted at its first run.
pub(super) async fn case_row(
    connection: &mut SqliteConnection,
    campaign: i64,
    case: &Case,
) -> Result<i64, sqlx::Error> {
    static INSERT: LazyLock<String> = LazyLock::new(|| {
        let columns: Vec<&str> = stored().map(|(_, column)| column).collect();
        format!(
            "INSERT INTO cases (campaign_id, case_key, workload_key, library, library_version, test, params, twin, {}) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?{}) RETURNING id",
            columns.join(", "),
            ", ?".repeat(columns.len())
        )
    });
    let key = case_key(case);
    let known = sqlx::query_scalar("SELECT id FROM cases WHERE campaign_id = ? AND case_key = ?")
        .bind(campaign)
        .bind(&key)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(id) = known {
        return Ok(id);
    }
    let insert = sqlx::query(AssertSqlSafe(INSERT.as_str()))
        .bind(campaign)
        .bind(&key)
        .bind(workload_key(case))
        .bind(&case.library)
        .bind(&case.library_version)
        .bind(case.test.name())
        .bind(params_json(case))
        .bind(case.twin);
    let insert = stored().fold(insert, |insert, (option, _)| bind(insert, option.of(case)));
    insert.fetch_one(connection).await?.try_get("id")
}

fn bind(query: Query<'_, Sqlite, SqliteArguments>, value: Option<Value>) -> Query<'_, Sqlite, SqliteArguments> {
    match value {
        None => query.bind(None::<i64>),
        Some(Value::Count(number) | Value::Bytes(number)) => query.bind(integer(number)),
        Some(Value::Number(number)) => query.bind(number),
        Some(Value::Time(time)) => query.bind(microseconds(time)),
        Some(Value::Flag(flag)) => query.bind(flag),
        Some(text) => query.bind(text.to_string()),
    }
}

/// Reads the options of a case back. A text that this version takes for no value of its option stays a text.
impl FromRow<'_, SqliteRow> for Settings {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let mut settings = Self::default();
        for (option, column) in stored() {
            if let Some(value) = read(row, option, column)? {
                settings.insert(option, value);
            }
        }
        Ok(settings)
    }
}

fn read(row: &SqliteRow, option: &CaseOption, column: &str) -> Result<Option<Value>, sqlx::Error> {
    let number = || row.try_get::<Option<i64>, _>(column).map(|number| number.map(i64::unsigned_abs));
    Ok(match option.kind {
        Kind::Headers => row.try_get::<Option<String>, _>(column)?.map(|text| {
            let headers: Option<Vec<Header>> = text.split("; ").map(Header::kept).collect();
            headers.map_or(Value::Text(text), Value::Headers)
        }),
        Kind::Certificates => {
            row.try_get::<Option<String>, _>(column)?.map(|text| Ca::kept(&text).map_or(Value::Text(text), Value::Ca))
        }
        Kind::Count { .. } => number()?.map(Value::Count),
        Kind::Size { .. } => number()?.map(Value::Bytes),
        Kind::Duration { .. } => number()?.map(std::time::Duration::from_micros).map(Value::Time),
        Kind::Number { .. } | Kind::Percent => row.try_get::<Option<f64>, _>(column)?.map(Value::Number),
        Kind::Flag | Kind::Switch => row.try_get::<Option<bool>, _>(column)?.map(Value::Flag),
        _ => row.try_get::<Option<String>, _>(column)?.map(|text| option.read(&text).unwrap_or(Value::Text(text))),
    })
}
