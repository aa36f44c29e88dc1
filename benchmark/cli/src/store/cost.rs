//! What the harness itself costs on a machine, for each build of the baseline.

use super::error::Error;
use super::open::Store;
use crate::campaign::OwnCost;

impl Store {
    /// What was measured with this program on the machine of this campaign, if it was.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub async fn own_cost(&self, campaign_id: &str, program_sha256: &str) -> Result<Option<OwnCost>, Error> {
        let row: Option<(f64, f64, f64)> = sqlx::query_as(
            "SELECT recorded_us, unrecorded_us, bare_us FROM own_costs \
             WHERE host_id = (SELECT host_id FROM campaigns WHERE campaign_id = ?) AND program_sha256 = ?",
        )
        .bind(campaign_id)
        .bind(program_sha256)
        .fetch_optional(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        Ok(row.map(|(recorded_us, unrecorded_us, bare_us)| OwnCost { recorded_us, unrecorded_us, bare_us }))
    }

    /// Keeps what was measured.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub async fn add_own_cost(
        &self,
        campaign_id: &str,
        program_sha256: &str,
        cost: &OwnCost,
        measured_us: i64,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO own_costs (host_id, program_sha256, measured_us, recorded_us, unrecorded_us, bare_us) \
             SELECT host_id, ?, ?, ?, ?, ? FROM campaigns WHERE campaign_id = ? ON CONFLICT DO NOTHING",
        )
        .bind(program_sha256)
        .bind(measured_us)
        .bind(cost.recorded_us)
        .bind(cost.unrecorded_us)
        .bind(cost.bare_us)
        .bind(campaign_id)
        .execute(&self.pool)
        .await
        .map_err(|error| self.error(error))?;
        Ok(())
    }
}
