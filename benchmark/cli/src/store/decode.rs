//! A stored case as the case that it was: what names on screen are made from.

use std::collections::BTreeMap;

use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::Test;

use super::stored::StoredCase;
use crate::case::{Case, Kind, Value, named};

impl StoredCase {
    /// The case, every option of it.
    ///
    /// # Errors
    /// What this version does not know: a test, a parameter or an option of another one.
    pub fn case(&self) -> Result<Case, String> {
        let test = Test::named(&self.test).ok_or_else(|| format!("unknown test `{}`", self.test))?;
        let given: BTreeMap<String, String> = serde_json::from_str(&self.params).map_err(|error| error.to_string())?;
        let given = given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let params = Values::new(test.parameters(), given)?;
        let mut case = Case::new(&self.library, &self.library_version, test, params);
        case.twin = self.twin;
        for (option, value) in self.settings.iter().filter_map(|(name, value)| Some((named(name)?, value))) {
            match (option.kind, value) {
                (Kind::Text, _) => {}
                (Kind::Word(_), Value::Text(text)) => {
                    option.parse(text)?;
                }
                (_, Value::Text(text)) => return Err(format!("unknown {} `{text}`", option.name)),
                _ => {}
            }
            option.set(&mut case, value);
        }
        Ok(case)
    }
}
