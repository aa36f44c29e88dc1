//! Writes the golden vectors anew: `cargo run --example vectors`. What changes there changes what every library is
//! asked, in every language: such a change is a new version of the workload.

use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocol/vectors.json");
    let text = serde_json::to_string_pretty(&benchmark_sdk::vectors::vectors())? + "\n";
    std::fs::write(&path, text)?;
    println!("{}", path.canonicalize()?.display());
    Ok(())
}
