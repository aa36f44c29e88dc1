//! A client that lies, planted as a library in a checkout of its own: each lie has a reason that names it.

use serde_json::Value;

use super::checkout::Checkout;
use super::support::{Harness, target};

/// The place in the baseline's client that the lies are told in.
const TRUTH: &str = "connection.write_head(request, body.as_ref().map(|body| body.len()), &self.host);
        let whole = match &body {
            None => connection.send_head().await?,
            Some(body) => connection.send(body).await?,
        };
        let reusable = connection.read_response(request.operation() == Operation::Head, response).await?;";

/// Says that all is well, and has asked for nothing.
const ASKS_NOTHING: &str = "
        tokio::time::sleep(Duration::from_millis(1)).await;
        make_up(request, response);
        true";

/// Asks, and hands over a body that it has not read: the connection is thrown away.
const READS_NOTHING: &str = "
        ask!();
        connection.read(0).await?;
        make_up(request, response);
        false";

/// Asks for the same bytes again and again, which a cache would like, and says that they are others.
const ASKS_OTHER_RANGES: &str = "
        head!();
        let head = String::from_utf8_lossy(&connection.request).into_owned();
        connection.request = head.replace(request.range_header().unwrap_or_default(), \"bytes=0-16383\").into_bytes();
        send!(None);
        let mut read = 0;
        while read < 16384 { read += connection.read(0).await?; }
        make_up(request, response);
        true";

/// Asks for shorter ranges, and makes up the rest.
const ASKS_FOR_LESS: &str = "
        head!();
        let head = String::from_utf8_lossy(&connection.request).into_owned();
        connection.request = head.replace(request.range_header().unwrap_or_default(), \"bytes=0-99\").into_bytes();
        send!(None);
        connection.read(0).await?;
        make_up(request, response);
        true";

/// Tries again without a word where the connection was reset.
const RETRIES: &str = "
        ask!();
        match connection.read_response(false, response).await {
            Ok(reusable) => reusable,
            Err(_) => {
                connection = self.connect().await?;
                ask!();
                connection.read_response(false, response).await?
            }
        }";

/// Asks for the document, and hands over another text: the connection is thrown away.
const READS_NO_DOCUMENT: &str = "
        ask!();
        connection.read(0).await?;
        response.head(200, |_| None);
        response.chunk(b\"{}\");
        false";

/// Asks for one document for ever.
const ASKS_ONE_DOCUMENT: &str = "
        head!();
        let head = String::from_utf8_lossy(&connection.request).into_owned();
        let id = request.key().to_owned();
        connection.request = head.replacen(&id, \"api/7\", 1).into_bytes();
        send!(None);
        connection.read_response(false, response).await?";

/// Hands over the answer to the request before this one.
const IS_ONE_ANSWER_OFF: &str = "
        ask!();
        let read = connection.read(0).await?;
        let answer = String::from_utf8_lossy(&connection.buffer[..read]).into_owned();
        let body = answer.split_once(\"\\r\\n\\r\\n\").map(|(_, body)| body.to_owned()).unwrap_or_default();
        static LAST: Mutex<String> = Mutex::new(String::new());
        let last = std::mem::replace(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner), body);
        response.head(200, |_| None);
        response.chunk(last.as_bytes());
        true";

/// Puts all but the last byte, and does not wait for what is said of it: the connection is thrown away.
const KEEPS_THE_LAST_BYTE: &str = "
        head!();
        let body = body.unwrap_or_default();
        send!(Some(&body[..body.len() - 1]));
        response.head(200, |_| None);
        false";

/// Puts a byte less, and says so in the head.
const PUTS_LESS: &str = "
        let less = body.unwrap_or_default();
        let less = &less[..less.len() - 1];
        connection.write_head(request, Some(less.len()), &self.host);
        send!(Some(less));
        let mut unseen = Response::default();
        connection.read_response(false, &mut unseen).await?;
        response.head(200, |_| None);
        true";

/// Puts other bytes.
const PUTS_OTHER_BYTES: &str = "
        head!();
        let zeros = vec![0; body.map_or(0, |body| body.len())];
        send!(Some(&zeros[..]));
        let mut unseen = Response::default();
        connection.read_response(false, &mut unseen).await?;
        response.head(200, |_| None);
        true";

/// Reads the first page of a listing, and says that it is the last.
const STOPS_AFTER_A_PAGE: &str = "
        ask!();
        let mut unseen = Response::default();
        let reusable = connection.read_response(false, &mut unseen).await?;
        response.head(200, |_| None);
        (0..request.page().most).for_each(|index| response.key(&format!(\"object-{index:06}\")));
        response.page_end(None);
        reusable";

/// Leaves the last part out as it completes an upload.
const LEAVES_A_PART_OUT: &str = "
        let whole = request.body().unwrap_or_default();
        let text = String::from_utf8_lossy(&whole).into_owned();
        let less = match (request.operation(), text.rfind(\"<Part>\")) {
            (Operation::CompleteUpload, Some(last)) => text[..last].to_owned() + \"</CompleteMultipartUpload>\",
            _ => String::new(),
        };
        if less.is_empty() {
            ask!();
        } else {
            connection.write_head(request, Some(less.len()), &self.host);
            send!(Some(less.as_bytes()));
        }
        connection.read_response(request.operation() == Operation::Head, response).await?";

/// The same, and makes up what HEAD would say of it.
const HIDES_THAT_A_PART_IS_OUT: &str = "
        if request.operation() == Operation::Head {
            response.head(200, |_| Some(b\"20000\"));
            true
        } else {
            LEAVES_A_PART_OUT
        }";

/// Takes another value of an option for what it was told: it starts anew with that in its environment.
const MISREADS: &str = "fn main() -> ExitCode {
    for (lie, name, value) in
        [(\"misreads\", \"BENCHMARK_CONCURRENCY\", \"50\"), (\"refuses\", \"BENCHMARK_REQUESTS\", \"abc\")]
    {
        let told = std::env::var(\"LIE\").is_ok_and(|told| told == lie);
        if told && std::env::var(name).as_deref() != Ok(value) {
            let mut command = std::process::Command::new(std::env::current_exe().unwrap());
            let failed = std::os::unix::process::CommandExt::exec(command.env(name, value));
            eprintln!(\"{failed}\");
            return ExitCode::FAILURE;
        }
    }";

/// Breaks down.
const PANICS: &str = "panic!(\"no more\")";

/// Every lie, by the name that the variable LIE tells.
const LIES: [(&str, &str); 15] = [
    ("asks_nothing", ASKS_NOTHING),
    ("reads_nothing", READS_NOTHING),
    ("asks_other_ranges", ASKS_OTHER_RANGES),
    ("asks_for_less", ASKS_FOR_LESS),
    ("retries", RETRIES),
    ("reads_no_document", READS_NO_DOCUMENT),
    ("asks_one_document", ASKS_ONE_DOCUMENT),
    ("is_one_answer_off", IS_ONE_ANSWER_OFF),
    ("keeps_the_last_byte", KEEPS_THE_LAST_BYTE),
    ("puts_less", PUTS_LESS),
    ("puts_other_bytes", PUTS_OTHER_BYTES),
    ("stops_after_a_page", STOPS_AFTER_A_PAGE),
    ("leaves_a_part_out", LEAVES_A_PART_OUT),
    ("hides_that_a_part_is_out", HIDES_THAT_A_PART_IS_OUT),
    ("panics", PANICS),
];

/// The lies in the place of the truth, once the first call was verified in full.
fn told() -> String {
    let arms = LIES.map(|(name, lie)| {
        format!("Some({name:?}) => (true, {{ {} }}),", lie.replace("LEAVES_A_PART_OUT", LEAVES_A_PART_OUT))
    });
    format!(
        "static ASKED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        static LIE: std::sync::LazyLock<Option<String>> = std::sync::LazyLock::new(|| std::env::var(\"LIE\").ok());
        fn make_up(request: &Request<'_>, response: &mut Response) {{
            match (request.operation(), request.range()) {{
                (Operation::Get, Some(range)) => {{
                    let range = format!(\"bytes {{}}-{{}}/{{}}\", range.start(), range.end(), 64 << 20);
                    response.head(206, |_| Some(range.as_bytes()));
                    response.chunk(&[0; 16384]);
                }}
                (Operation::Head, _) => response.head(200, |_| Some(b\"65536\")),
                (Operation::Put, _) => response.head(200, |_| None),
                (Operation::Delete, _) => response.head(204, |_| None),
                _ => {{}}
            }}
        }}
        macro_rules! head {{
            () => {{ connection.write_head(request, body.as_ref().map(|body| body.len()), &self.host) }};
        }}
        macro_rules! send {{
            ($sent:expr) => {{{{
                let sent: Option<&[u8]> = $sent;
                match sent {{
                    None => connection.send_head().await?,
                    Some(body) => connection.send(body).await?,
                }};
            }}}};
        }}
        macro_rules! ask {{
            () => {{ head!(); send!(body.as_deref()) }};
        }}
        let lie = LIE.as_deref().filter(|_| ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 20);
        let (whole, reusable) = match lie {{ {} _ => {{ {TRUTH}
            (whole, reusable) }} }};",
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
    let main = "fn main() -> ExitCode {";
    assert!(truth.contains(main), "the baseline's client starts otherwise now");
    std::fs::write(checkout.path(client), truth.replace(TRUTH, &told()).replace(main, MISREADS)).unwrap();
    checkout
}

/// What the harness says of a run of the liar.
fn row_of(checkout: &Checkout, lie: &str, test: &str, more: &[&str]) -> Value {
    let harness = Harness::new();
    // So many, and not a window: a lie that throws its connections away would leave the next run without ports.
    let many: &[&str] = if more.contains(&"--requests") { &[] } else { &["--requests", "2000"] };
    let arguments = [&["run-test", "liar", test, "--warmup", "0s"], many, more].concat();
    let mut command = harness.command(&arguments);
    // Everything but the workspace's own packages is built already.
    command.env("BENCHMARK_ROOT", checkout.path("")).env("CARGO_TARGET_DIR", target()).env("LIE", lie);
    let ended = command.output().unwrap();
    let code = if lie == "none" { 0 } else { 3 };
    assert_eq!(ended.status.code(), Some(code), "{lie}: {}", String::from_utf8_lossy(&ended.stderr));
    harness.rows().remove(0)
}

/// Listings of two short pages.
const PAGES: &[&str] = &["--param", "objects=20", "--param", "page_size=10"];

/// Uploads of two short parts.
const PARTS: &[&str] = &["--param", "part_size=10000", "--param", "parts=2"];

/// A lie that leaves a server waiting.
const FEW: &[&str] = &["--requests", "200"];

#[test]
fn every_lie_is_caught_and_named() {
    let checkout = with_a_liar();
    for (lie, test, more, signs) in [
        ("none", "fetch_range", &[][..], &[][..]),
        ("none", "call_api", &[], &[]),
        ("none", "put_object", &[], &[]),
        ("none", "list_objects", PAGES, &[]),
        ("none", "upload_object", PARTS, &[]),
        ("none", "delete_object", &[], &[]),
        ("none", "mixed", &[], &[]),
        ("asks_nothing", "fetch_range", &[], &["bad_bytes", "audit: "]),
        ("reads_nothing", "fetch_range", &[], &["bad_bytes"]),
        ("asks_other_ranges", "fetch_range", &[], &["bad_bytes"]),
        ("asks_for_less", "fetch_range", &[], &["out of contract"]),
        ("retries", "fetch_range", &["--inject", "reset=5%"], &["audit: ", "requests at the origin"]),
        ("reads_no_document", "call_api", &[], &["bad_bytes"]),
        ("asks_one_document", "call_api", &[], &["bad_bytes"]),
        ("is_one_answer_off", "call_api", &["--concurrency", "1"], &["bad_bytes"]),
        ("asks_nothing", "head_object", &[], &["audit: "]),
        ("asks_nothing", "put_object", &[], &["audit: "]),
        ("asks_nothing", "delete_object", &[], &["audit: "]),
        ("keeps_the_last_byte", "put_object", FEW, &["audit: "]),
        ("puts_less", "put_object", &[], &["out of contract"]),
        ("puts_other_bytes", "put_object", &[], &["out of contract"]),
        ("stops_after_a_page", "list_objects", PAGES, &["short_body"]),
        ("leaves_a_part_out", "upload_object", PARTS, &["bad_bytes"]),
        ("hides_that_a_part_is_out", "upload_object", PARTS, &["out of contract"]),
        ("panics", "fetch_range", &[], &["a slot panicked: ", "no more"]),
        ("misreads", "fetch_range", &[], &["options: concurrency 32 was asked for, the replica understood 50"]),
        (
            "refuses",
            "fetch_range",
            &[],
            &["(error: invalid value 'abc' for '--requests <REQUESTS>': invalid digit found in string)"],
        ),
    ] {
        let row = row_of(&checkout, lie, test, more);
        let reason = row["invalid_reason"].as_str().unwrap_or_default();
        assert!(signs.iter().all(|sign| reason.contains(sign)), "{lie}: {row}");
    }
}
