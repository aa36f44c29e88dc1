//! One server, one verdict: what docs/CONFORMANCE.md says is found to be so, and a library that is judged otherwise is caught.

use std::fs;

use benchmark::conform::{Mode, check_declared, modes, page};
use benchmark::library::{Declared, Library, catalogue};

use crate::harness::checkout::Checkout;
use crate::harness::support::{Ended, Harness, ended, root, target};

/// The place in reqwest's client that is told otherwise.
const ONCE: &str =
    "    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {";

/// Tries again where there was no answer.
const TWICE: &str =
    "    async fn perform(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {
        match self.once(request, response).await {
            Ok(()) => Ok(()),
            Err(_) => self.once(request, response).await,
        }
    }
}

impl Client {
    async fn once(&self, request: &Request<'_>, response: &mut Response) -> Result<(), Failure> {";

fn libraries() -> Vec<Library> {
    catalogue(root()).unwrap()
}

#[test]
fn every_library_is_judged_alike_or_declares_that_it_is_not() {
    let harness = Harness::new();
    let ended = harness.run(&["conform"]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let last = ended.stdout.lines().next_back().unwrap_or_default();
    assert!(last.starts_with("every library is judged alike"), "{last}");
}

#[test]
fn the_page_says_what_modes_and_libraries_declare() {
    let all: Vec<&'static Mode> = modes().collect();
    let page = page(&libraries(), &all);
    let kept = fs::read_to_string(root().join("docs/CONFORMANCE.md")).unwrap_or_default();
    if kept != page && std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        fs::write(root().join("docs/CONFORMANCE.md"), &page).unwrap();
    }
    assert!(kept == page, "docs/CONFORMANCE.md is another: `benchmark conform --output docs/CONFORMANCE.md`");
}

#[test]
fn a_difference_is_declared_of_a_mode_that_there_is_and_is_one() {
    let mut libraries = libraries();
    check_declared(&libraries).unwrap();
    let mut declare = |mode: &str, does: &str| {
        let declared = Declared { does: does.to_owned(), why: "it is so".to_owned() };
        libraries[0].conformance = [(mode.to_owned(), declared)].into();
        check_declared(&libraries).map_err(|error| error.to_string())
    };
    declare("redirects-302", "valid").unwrap();
    let error = declare("redirects-30", "valid").unwrap_err();
    assert!(error.contains("library.toml of `baseline`: unknown mode `redirects-30`: did you mean"), "{error}");
    let error = declare("redirects-302", "verify: status").unwrap_err();
    assert!(error.contains("`verify: status`, which is what is right: remove it"), "{error}");
}

#[test]
fn an_unknown_library_or_mode_is_refused_by_name() {
    let harness = Harness::new();
    for (arguments, says) in [
        (["conform", "--library", "reqwst"], "unknown library `reqwst`: did you mean `reqwest`?"),
        (["conform", "--mode", "garbag"], "unknown mode `garbag`: did you mean `garbage`?"),
    ] {
        let ended = harness.run(&arguments);
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.stderr.contains(says), "{ended:?}");
    }
    let ended = harness.run(&["conform", "--list"]);
    assert!(modes().all(|mode| ended.stdout.contains(mode.name)), "{ended:?}");
}

/// A checkout with a library `liar`: reqwest as it comes, that follows redirects, obeys proxies, and tries again besides.
fn with_a_liar(declared: &str) -> Checkout {
    let checkout = Checkout::new();
    let made = checkout.run(&["new", "liar", "--from", "reqwest"]);
    assert_eq!(made.code, 0, "{made:?}");
    let client = "benchmark/tests/liar/client.rs";
    let mut text = checkout.text(client);
    for (truth, lie) in [("redirect::Policy::none()", "redirect::Policy::limited(5)"), (ONCE, TWICE)] {
        assert!(text.contains(truth), "reqwest's client reads otherwise now: adapt `{truth}`");
        text = text.replace(truth, lie);
    }
    fs::write(checkout.path(client), text).unwrap();
    let described = "benchmark/tests/liar/library.toml";
    fs::write(checkout.path(described), format!("{}\n[conformance]\n{declared}\n", checkout.text(described))).unwrap();
    checkout
}

fn conform(harness: &Harness, checkout: &Checkout, modes: &[&str]) -> Ended {
    let mut command = harness.command(&["conform", "--runner", "process", "--library", "liar"]);
    command.args(modes.iter().flat_map(|mode| ["--mode", mode]));
    // Everything but the workspace's own packages is built already.
    command.env("BENCHMARK_ROOT", checkout.path("")).env("CARGO_TARGET_DIR", target());
    ended(command.output().unwrap())
}

/// That requests were sent twice: how many depends on which connections the library's pool takes.
fn assert_repeats(ended: &Ended, instead: &str) {
    let mut lines = ended.stdout.lines();
    let said = lines.find(|line| line.starts_with("liar in ends-on-request (runner process): "));
    assert!(said.is_some_and(|said| said.contains(", +") && said.contains(instead)), "{}", ended.stdout);
}

#[test]
fn a_library_that_follows_or_repeats_is_caught() {
    let harness = Harness::new();
    let checkout = with_a_liar("");
    let ended = conform(&harness, &checkout, &["honest", "redirects-302", "redirects-elsewhere", "ends-on-request"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    for says in [
        "liar in redirects-302 (runner process): `valid, +61 requests` instead of `verify: status`",
        "liar in redirects-elsewhere (runner process): `valid, +61 requests` instead of `verify: status`",
    ] {
        assert!(ended.stdout.contains(says), "{says}: {}", ended.stdout);
    }
    assert_repeats(&ended, "instead of `invalid: closed`");
    assert!(!ended.stdout.contains("liar in honest "), "{}", ended.stdout);
}

#[test]
fn a_declared_difference_is_none_of_another_kind_and_goes_stale() {
    let harness = Harness::new();
    let declared = "redirects-302 = { does = \"valid, +61 requests\", why = \"it follows redirects\" }\n\
                    honest = { does = \"verify: status\", why = \"nothing\" }\n\
                    ends-on-request = { does = \"valid\", why = \"it repeats\" }";
    let checkout = with_a_liar(declared);
    let ended = conform(&harness, &checkout, &["redirects-302"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.stdout.contains("valid, +61 requests *"), "{}", ended.stdout);
    let ended = conform(&harness, &checkout, &["honest", "ends-on-request"]);
    assert_eq!(ended.code, 3, "{ended:?}");
    let stale = "liar in honest (runner process): valid, which is right: remove `honest` from [conformance]";
    assert!(ended.stdout.contains(stale), "{}", ended.stdout);
    assert_repeats(&ended, "instead of `valid` as it declares, or `invalid: closed`");
    let listed = checkout.run(&["list"]);
    assert!(
        listed.stdout.contains("differs: liar in redirects-302: valid, +61 requests, as it follows redirects"),
        "{listed:?}"
    );
}
