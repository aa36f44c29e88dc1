//! A client that lies, planted as a library in a checkout of its own: each lie has a reason that names it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::support::{Harness, root, text};

/// The place in the baseline's client that the lies are told in.
const TRUTH: &str = "connection.write_head(request, &self.host, self.keep_alive);
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        let reusable = connection.read_response(response).await?;";

/// Says that all is well, and has asked for nothing.
const ASKS_NOTHING: &str = "
        tokio::time::sleep(Duration::from_millis(1)).await;
        make_up(request, response);
        true";

/// Asks, and hands over a body that it has not read: the connection is thrown away.
const READS_NOTHING: &str = "
        connection.write_head(request, &self.host, self.keep_alive);
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        connection.read(0).await?;
        make_up(request, response);
        false";

/// Asks for the same bytes again and again, which a cache would like, and says that they are others.
const ASKS_OTHER_RANGES: &str = "
        connection.write_head(request, &self.host, self.keep_alive);
        let head = String::from_utf8_lossy(&connection.request).into_owned();
        connection.request = head.replace(request.range_header().unwrap_or_default(), \"bytes=0-16383\").into_bytes();
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        let mut read = 0;
        while read < 16384 { read += connection.read(0).await?; }
        make_up(request, response);
        true";

/// Asks for shorter ranges, and makes up the rest.
const ASKS_FOR_LESS: &str = "
        connection.write_head(request, &self.host, self.keep_alive);
        let head = String::from_utf8_lossy(&connection.request).into_owned();
        connection.request = head.replace(request.range_header().unwrap_or_default(), \"bytes=0-99\").into_bytes();
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        connection.read(0).await?;
        make_up(request, response);
        true";

/// Tries again without a word where the connection was reset.
const RETRIES: &str = "
        connection.write_head(request, &self.host, self.keep_alive);
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        match connection.read_response(response).await {
            Ok(reusable) => reusable,
            Err(_) => {
                connection = self.connect().await?;
                connection.write_head(request, &self.host, self.keep_alive);
                connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
                connection.read_response(response).await?
            }
        }";

/// The lie in the place of the truth, from the second request on: the first one is verified in full.
fn told(lie: &str) -> String {
    format!(
        "static ASKED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        fn make_up(request: &Request<'_>, response: &mut Response) {{
            let Some(range) = request.range() else {{ return }};
            response.head(206, Some(ContentRange {{ first: *range.start(), last: *range.end(), size: 64 << 20 }}));
            response.chunk(&[0; 16384]);
        }}
        let reusable = if ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {{
            {TRUTH}
            reusable
        }} else {{ {lie} }};"
    )
}

/// A checkout with a library `liar`: the baseline with another way to get a response.
struct Checkout(tempfile::TempDir);

impl Checkout {
    fn with(lie: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
        for name in String::from_utf8(listed.stdout).unwrap().split_terminator('\0') {
            let (from, to) = (root().join(name), folder.path().join(name));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            if from.is_file() {
                std::fs::copy(from, to).unwrap();
            }
        }
        let checkout = Self(folder);
        checkout.plant(lie);
        checkout
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn plant(&self, lie: &str) {
        let (baseline, liar) = (self.path().join("benchmark/tests/baseline"), self.path().join("benchmark/tests/liar"));
        std::fs::create_dir_all(&liar).unwrap();
        for name in ["fetch_range.rs", "client.rs", "library.toml", "Cargo.toml"] {
            let source = std::fs::read_to_string(baseline.join(name)).unwrap();
            let changed = source
                .replace("benchmark-test-baseline", "benchmark-test-liar")
                .replace("baseline-", "liar-")
                .replace("\"baseline\"", "\"liar\"")
                .replace(r#"tests = ["fetch_range", "call_api"]"#, r#"tests = ["fetch_range"]"#)
                .replace(TRUTH, &told(lie));
            std::fs::write(liar.join(name), of_one_test(&changed)).unwrap();
        }
        let client = std::fs::read_to_string(liar.join("client.rs")).unwrap();
        assert!(client.contains(lie), "the baseline's client reads otherwise now: adapt TRUTH");
        // A new package: its line in Cargo.lock, as `cargo build` writes it for whoever adds a library.
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let locked = Command::new(cargo)
            .args(["update", "--workspace", "--offline", "--quiet"])
            .current_dir(self.path())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(locked.success());
    }
}

/// A manifest without what the liar has no file for: the program of `call_api` and the bare loop.
fn of_one_test(text: &str) -> String {
    let left_out = |part: &&str| part.starts_with("[[") && (part.contains("call_api") || part.contains("bare"));
    text.split("\n\n").filter(|part| !left_out(part)).collect::<Vec<_>>().join("\n\n")
}

/// What the harness says of a run of the liar.
fn row_of(lie: &str, more: &[&str]) -> Value {
    let harness = Harness::new();
    // Its turn has come: cargo tells checkouts apart by when their files were written, and by nothing else.
    let checkout = Checkout::with(lie);
    let arguments = [&["run-test", "liar", "fetch_range", "--warmup", "200ms", "--duration", "1s"], more].concat();
    let mut command = harness.command(&arguments);
    // Everything but the workspace's own packages is built already.
    let ended = command.env("BENCHMARK_ROOT", checkout.path()).env("CARGO_TARGET_DIR", target()).output().unwrap();
    assert_eq!(ended.status.code(), Some(3), "{}", String::from_utf8_lossy(&ended.stderr));
    harness.rows().remove(0)
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

#[test]
fn a_client_that_asks_nothing_is_caught() {
    let row = row_of(ASKS_NOTHING, &[]);
    let reason = text(&row, "invalid_reason");
    assert!(reason.contains("bad_bytes") && reason.contains("audit: "), "{reason}");
}

#[test]
fn a_client_that_reads_nothing_is_caught() {
    let row = row_of(READS_NOTHING, &[]);
    assert!(text(&row, "invalid_reason").contains("bad_bytes"), "{row}");
}

#[test]
fn a_client_that_asks_for_other_ranges_is_caught() {
    let row = row_of(ASKS_OTHER_RANGES, &[]);
    assert!(text(&row, "invalid_reason").contains("bad_bytes"), "{row}");
    let row = row_of(ASKS_FOR_LESS, &[]);
    assert!(text(&row, "invalid_reason").contains("out of contract"), "{row}");
}

#[test]
fn a_client_that_retries_silently_is_caught() {
    let row = row_of(RETRIES, &["--inject", "reset=5%"]);
    let reason = text(&row, "invalid_reason");
    assert!(reason.contains("audit: ") && reason.contains("requests at the origin"), "{reason}");
}
