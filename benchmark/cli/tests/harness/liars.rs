//! A client that lies, planted as a library in a checkout of its own: each lie has a reason that names it.

use serde_json::Value;

use super::checkout::Checkout;
use super::support::{Harness, target};

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

/// Asks for the document, and hands over another text: the connection is thrown away.
const READS_NO_DOCUMENT: &str = "
        connection.write_head(request, &self.host, self.keep_alive);
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        connection.read(0).await?;
        response.head(200, None);
        response.chunk(b\"{}\");
        false";

/// Asks for one document for ever.
const ASKS_ONE_DOCUMENT: &str = "
        connection.write_head(request, &self.host, self.keep_alive);
        let head = String::from_utf8_lossy(&connection.request).into_owned();
        let id = request.key().to_owned();
        connection.request = head.replacen(&id, \"api/7\", 1).into_bytes();
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        connection.read_response(response).await?";

/// Hands over the answer to the request before this one.
const IS_ONE_ANSWER_OFF: &str = "
        connection.write_head(request, &self.host, self.keep_alive);
        connection.stream.write_all(&connection.request).await.map_err(|error| Failure::from_error(&error))?;
        let read = connection.read(0).await?;
        let answer = String::from_utf8_lossy(&connection.buffer[..read]).into_owned();
        let body = answer.split_once(\"\\r\\n\\r\\n\").map(|(_, body)| body.to_owned()).unwrap_or_default();
        static LAST: Mutex<String> = Mutex::new(String::new());
        let last = std::mem::replace(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner), body);
        response.head(200, None);
        response.chunk(last.as_bytes());
        true";

/// Breaks down.
const PANICS: &str = "panic!(\"no more\")";

/// Every lie, by the name that the variable LIE tells.
const LIES: [(&str, &str); 9] = [
    ("asks_nothing", ASKS_NOTHING),
    ("reads_nothing", READS_NOTHING),
    ("asks_other_ranges", ASKS_OTHER_RANGES),
    ("asks_for_less", ASKS_FOR_LESS),
    ("retries", RETRIES),
    ("reads_no_document", READS_NO_DOCUMENT),
    ("asks_one_document", ASKS_ONE_DOCUMENT),
    ("is_one_answer_off", IS_ONE_ANSWER_OFF),
    ("panics", PANICS),
];

/// The lies in the place of the truth, from the second request on: the first one is verified in full.
fn told() -> String {
    let arms = LIES.map(|(name, lie)| format!("Some({name:?}) => {{ {lie} }}"));
    format!(
        "static ASKED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        static LIE: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var(\"LIE\").ok());
        fn make_up(request: &Request<'_>, response: &mut Response) {{
            let Some(range) = request.range() else {{ return }};
            response.head(206, Some(ContentRange {{ first: *range.start(), last: *range.end(), size: 64 << 20 }}));
            response.chunk(&[0; 16384]);
        }}
        let lie = LIE.as_deref().filter(|_| ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0);
        let reusable = match lie {{ {}, _ => {{ {TRUTH}
            reusable }} }};",
        arms.join("\n")
    )
}

/// A checkout with a library `liar`: the baseline with another way to get a response.
fn with_a_liar() -> Checkout {
    let checkout = Checkout::new();
    let made = checkout.run(&["new", "liar", "--from", "baseline"]);
    assert_eq!(made.code, 0, "{made:?}");
    let client = "benchmark/tests/liar/client.rs";
    let truth = checkout.text(client);
    assert!(truth.contains(TRUTH), "the baseline's client reads otherwise now: adapt TRUTH");
    std::fs::write(checkout.path(client), truth.replace(TRUTH, &told())).unwrap();
    checkout
}

/// What the harness says of a run of the liar.
fn row_of(checkout: &Checkout, lie: &str, test: &str, more: &[&str]) -> Value {
    let harness = Harness::new();
    // So many, and not a window: a lie that throws its connections away would leave the next run without ports.
    let arguments = [&["run-test", "liar", test, "--warmup", "0s", "--requests", "2000"], more].concat();
    let mut command = harness.command(&arguments);
    // Everything but the workspace's own packages is built already.
    command.env("BENCHMARK_ROOT", checkout.path("")).env("CARGO_TARGET_DIR", target()).env("LIE", lie);
    let ended = command.output().unwrap();
    let code = if lie == "none" { 0 } else { 3 };
    assert_eq!(ended.status.code(), Some(code), "{lie}: {}", String::from_utf8_lossy(&ended.stderr));
    harness.rows().remove(0)
}

#[test]
fn every_lie_is_caught_and_named() {
    let checkout = with_a_liar();
    for (lie, test, more, signs) in [
        ("none", "fetch_range", &[][..], &[][..]),
        ("none", "call_api", &[], &[]),
        ("asks_nothing", "fetch_range", &[], &["bad_bytes", "audit: "]),
        ("reads_nothing", "fetch_range", &[], &["bad_bytes"]),
        ("asks_other_ranges", "fetch_range", &[], &["bad_bytes"]),
        ("asks_for_less", "fetch_range", &[], &["out of contract"]),
        ("retries", "fetch_range", &["--inject", "reset=5%"], &["audit: ", "requests at the origin"]),
        ("reads_no_document", "call_api", &[], &["bad_bytes"]),
        ("asks_one_document", "call_api", &[], &["bad_bytes"]),
        ("is_one_answer_off", "call_api", &["--concurrency", "1"], &["bad_bytes"]),
        ("panics", "fetch_range", &[], &["a slot panicked: ", "no more"]),
    ] {
        let row = row_of(&checkout, lie, test, more);
        let reason = row["invalid_reason"].as_str().unwrap_or_default();
        assert!(signs.iter().all(|sign| reason.contains(sign)), "{lie}: {row}");
    }
}
