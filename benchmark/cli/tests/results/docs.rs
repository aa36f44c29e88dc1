//! docs/RESULTS.md says what the columns say of themselves.

use std::fs;
use std::path::Path;

use benchmark::results::{columns, markdown};

#[test]
fn every_column_is_documented_in_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/RESULTS.md");
    let document = fs::read_to_string(&path).unwrap();
    for per_replica in [false, true] {
        let table = markdown(per_replica);
        assert!(
            format!("{document}\n").contains(&format!("\n\n{table}\n")),
            "docs/RESULTS.md has another table than the columns; it should be:\n{table}"
        );
        assert_eq!(table.lines().count(), 2 + columns(per_replica).count());
    }
}

#[test]
fn no_two_columns_share_a_name() {
    for per_replica in [false, true] {
        let mut names: Vec<_> = columns(per_replica).map(|column| column.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
