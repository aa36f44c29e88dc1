//! Cases from options, each checked against its library and its test.

use std::time::Duration;

use benchmark_protocol::inject::{self, Inject};
use benchmark_protocol::parameter::Values;
use benchmark_protocol::target::{Names, Target};
use benchmark_protocol::tests::Test;

use super::options::LoadOptions;
use crate::case::{Ca, Case, Header, check_together as check_headers_together};
use crate::exit::Usage;
use crate::library::{self, Library};

/// The variable by which other programs are told which certificates to trust.
const USUAL_CA: &str = "SSL_CERT_FILE";

/// Which libraries and tests to run; empty lists mean all.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Names of libraries.
    pub libraries: Vec<String>,
    /// Names of tests.
    pub tests: Vec<String>,
}

/// The cases of a selection under these options, each once.
///
/// # Errors
/// [`Usage`] for whatever cannot be run as asked, with the value and the way out.
pub fn cases(libraries: &[Library], selection: &Selection, options: &LoadOptions) -> Result<Vec<Case>, Usage> {
    check_together(options).map_err(Usage)?;
    let tests = selection.tests.iter().map(|name| library::test_named(name)).collect::<Result<Vec<_>, _>>()?;
    let chosen = match selection.libraries.as_slice() {
        [] => libraries.iter().collect(),
        names => names.iter().map(|name| library::named(libraries, name)).collect::<Result<Vec<_>, _>>()?,
    };
    let params = options.texts("param");
    let params = params.iter().map(|text| param(text)).collect::<Result<Vec<_>, _>>()?;
    let quick = options.terms().quick;
    let wanted = |test: &&Test| match tests.as_slice() {
        [] => !quick || test.is_core(),
        named => named.contains(test),
    };
    let (mut cases, mut refused): (Vec<Case>, Vec<(Test, Vec<Refused>)>) = Default::default();
    for library in chosen {
        for test in library.tests.iter().filter(|test| wanted(test)) {
            let given: Vec<_> = params.iter().copied().filter(|(name, _)| is_of(*test, name)).collect();
            match case(library, *test, &given, options) {
                Ok(case) => cases.push(case),
                Err(why) => refused.push((*test, why)),
            }
        }
    }
    let named =
        |test: &Test| !tests.is_empty() || params.iter().any(|(name, _)| is_of(*test, name) && !has(&cases, name));
    leave_out(refused, &cases, named)?;
    if cases.is_empty() {
        let (libraries, tests) = (selection.libraries.join(", "), selection.tests.join(", "));
        return Err(Usage(format!("`{libraries}` has no test `{tests}` (see `benchmark list`)")));
    }
    for (name, _) in &params {
        if !has(&cases, name) {
            let known: Vec<&str> =
                cases.iter().flat_map(|case| case.test.parameters()).map(|known| known.name).collect();
            return Err(Usage(format!("unknown parameter `{name}` (known: {})", unique(known).join(", "))));
        }
    }
    Ok(cases)
}

/// Whether a test has a parameter of this name.
fn is_of(test: Test, name: &str) -> bool {
    test.parameters().iter().any(|parameter| parameter.name == name)
}

/// Whether one of these cases has a parameter of this name.
fn has(cases: &[Case], name: &str) -> bool {
    cases.iter().any(|case| is_of(case.test, name))
}

/// Says which tests nobody runs, as what was asked for does not suit them: those that were not named, by themselves or by a parameter
/// that no other test has, are not what was meant.
///
/// # Errors
/// What was refused for any other reason.
fn leave_out(
    refused: Vec<(Test, Vec<Refused>)>,
    cases: &[Case],
    is_named: impl Fn(&Test) -> bool,
) -> Result<(), Usage> {
    let mut said: Vec<Test> = Vec::new();
    for (test, why) in refused {
        let is_run = cases.is_empty() || cases.iter().any(|case| case.test == test);
        if is_named(&test) || is_run || why.iter().any(|refused| refused.unsupported) {
            return Err(first(why));
        }
        if !said.contains(&test) {
            tracing::warn!("{test} is left out: {}", first(why));
            said.push(test);
        }
    }
    Ok(())
}

fn param(text: &str) -> Result<(&str, &str), Usage> {
    if text.contains(',') {
        return Err(Usage(format!("parameter `{text}`: a value holds no comma; give --param once for each")));
    }
    text.split_once('=')
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .ok_or_else(|| Usage(format!("malformed parameter `{text}`: write --param name=value")))
}

/// A case that cannot be run as asked.
#[derive(Debug)]
pub struct Refused {
    /// The option or parameter that it is about.
    pub option: &'static str,
    /// Whether it is the library that cannot do it: others may.
    pub unsupported: bool,
    /// The value and the way out.
    pub text: String,
}

impl Refused {
    fn new(option: &'static str, text: impl Into<String>) -> Self {
        Self { option, unsupported: false, text: text.into() }
    }
}

impl From<Refused> for Vec<Refused> {
    fn from(refused: Refused) -> Self {
        vec![refused]
    }
}

fn first(refused: Vec<Refused>) -> Usage {
    Usage(refused.into_iter().next().map(|refused| refused.text).unwrap_or_default())
}

/// The case of a library and a test with these parameters of it, under these options.
///
/// # Errors
/// What cannot be run as asked: everything that the library does not support, else the first thing that is wrong.
pub fn case(
    library: &Library,
    test: Test,
    params: &[(&str, &str)],
    options: &LoadOptions,
) -> Result<Case, Vec<Refused>> {
    let mut given = params.to_vec();
    let mut case = Case::new(&library.name, &library.version, test, Values::default());
    options.shape(&mut case);
    // Our origin is there to be written to: cases with and without leave are one.
    case.writes &= case.target.is_some();
    if !case.runner.capabilities().limits
        && let Some(option) = ["cpus", "memory"].into_iter().find(|option| options.has(option))
    {
        let text = "`--cpus` and `--memory` are limits of containers: they go with --runner compose";
        return Err(Refused::new(option, text).into());
    }
    if options.has("arrivals") && case.load.rate.is_none() {
        let text = format!("`--arrivals {}` is said of an open loop: it goes with --rate", case.load.arrivals.name());
        return Err(Refused::new("arrivals", text).into());
    }
    if let Some(text) = &case.target {
        let target = Target::parse(text, case.endpoint.as_deref(), false)
            .map_err(|error| Refused::new("target", error.to_string()))?;
        check_target(library, &case, text, &target, params)?;
        // A user with credentials at hand expects them to be used on S3.
        let known = is_of(test, "signed");
        let said = given.iter().any(|(name, _)| *name == "signed");
        if text.starts_with("s3://") && known && !said && std::env::var_os("AWS_ACCESS_KEY_ID").is_some() {
            given.push(("signed", "true"));
        }
        trust(&mut case, &target)?;
    } else if case.endpoint.is_some() {
        return Err(Refused::new("endpoint", "`--endpoint` goes with an s3:// target").into());
    } else if let Some(ca) = &case.ca {
        return Err(Refused::new("ca", format!("`--ca {}` goes with an https --target", ca.path())).into());
    }
    case.params = Values::new(test.parameters(), given).map_err(|text| Refused::new("params", text))?;
    // What a run puts itself is like what our origin has.
    if case.target.is_none() || case.writes_below_prefix() {
        test.check(&case.params).map_err(|(parameter, text)| Refused::new(parameter, text))?;
    }
    check_headers(&case)?;
    let asked = options.asked().chain(case.params.flag("signed").then_some("signed"));
    let unsupported: Vec<Refused> = asked.filter_map(|option| check_supported(library, option).err()).collect();
    if !unsupported.is_empty() {
        return Err(unsupported);
    }
    // Runner `auto` is decided as the campaign begins.
    Ok(case)
}

/// Gives a case whose target has certificates those that SSL_CERT_FILE names, where nothing else was said.
fn trust(case: &mut Case, target: &Target) -> Result<(), Refused> {
    match &case.ca {
        Some(ca) if !target.tls => {
            let text = format!("`--ca {}` goes with an https target, and `{}` is none", ca.path(), target.endpoint);
            Err(Refused::new("ca", text))
        }
        None if target.tls => {
            let named = std::env::var(USUAL_CA).ok().filter(|path| !path.is_empty());
            let ca = named.map(|path| Ca::read(&path)).transpose();
            case.ca = ca.map_err(|error| Refused::new("ca", format!("{USUAL_CA}: {error}")))?;
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Whether headers can be sent with the requests of a case.
fn check_headers(case: &Case) -> Result<(), Refused> {
    let refused = |text| Err(Refused::new("header", text));
    let Some(first) = case.headers.first().map(Header::name) else { return Ok(()) };
    if case.target.is_none() {
        return refused(format!(
            "`--header '{first}: ***'` is sent to a server that is not ours: it goes with --target (our origin heeds no such header)"
        ));
    }
    check_headers_together(&case.headers).or_else(refused)?;
    let signing = |name: &&str| *name == "authorization" || name.starts_with("x-amz-");
    match case.headers.iter().map(Header::name).find(signing).filter(|_| case.params.flag("signed")) {
        None => Ok(()),
        Some(name) => refused(format!(
            "header `{name}` does not go with signed requests, whose signature is in it or covers it: leave it out, or take --param \
             signed=false"
        )),
    }
}

/// Whether what the origin is to do can hold together.
fn check_together(options: &LoadOptions) -> Result<(), String> {
    let specs: Vec<Inject> = options.texts("inject").iter().filter_map(|spec| spec.parse().ok()).collect();
    inject::check_together(&specs)
}

fn check_target(
    library: &Library,
    case: &Case,
    text: &str,
    target: &Target,
    params: &[(&str, &str)],
) -> Result<(), Refused> {
    if case.endpoint.is_some() && !text.starts_with("s3://") {
        return Err(Refused::new("endpoint", format!("`--endpoint` goes with an s3:// target, not with `{text}`")));
    }
    if let Some(spec) = case.inject.first() {
        return Err(Refused::new(
            "inject",
            format!("`--inject {spec}` is done by our origin: it does not go with --target `{text}`"),
        ));
    }
    let of_origin = case.test.parameters().iter().filter(|parameter| parameter.origin_only);
    if let Some(name) = of_origin.map(|known| known.name).find(|name| params.iter().any(|(given, _)| given == name)) {
        let text = format!("parameter `{name}` describes our origin: it does not go with --target `{text}`");
        return Err(Refused::new(name, text));
    }
    case.test.can_use(&target.names).map_err(|error| Refused::new("target", format!("target `{text}`: {error}")))?;
    if case.test.writes() && !case.writes {
        let test = case.test;
        let text = format!(
            "`{test}` writes to `{text}`: it takes `--writes` (whatever it puts there lies below benchmark/<run id>/, and is removed afterwards)"
        );
        return Err(Refused::new("writes", text));
    }
    if target.tls {
        check_supported(library, "tls")?;
    }
    if matches!(&target.names, Names::Path(path) if !path[1..].contains('/')) {
        check_supported(library, "plain_path")?;
    }
    if target.names.has_query() {
        check_supported(library, "query")?;
    }
    if !target.names.is_as_a_key_is_encoded() {
        check_supported(library, "encoded_path")?;
    }
    Ok(())
}

fn check_supported(library: &Library, option: &'static str) -> Result<(), Refused> {
    match library.unsupported.get(option) {
        None => Ok(()),
        Some(reason) => {
            let name = &library.name;
            let text = format!(
                "`{name}` does not support `{option}`: {reason} (leave it out, or choose libraries with --library)"
            );
            Err(Refused { option, unsupported: true, text })
        }
    }
}

fn unique(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

/// Whether the origin delays every request by a known time, and by how much: the floor of any latency.
#[must_use]
pub fn least_delay(case: &Case) -> Duration {
    let asked = case.test.least_delay(&case.params);
    let injected = case.inject.iter().map(|spec| match spec {
        Inject::Latency(latency) => latency.quantile(0.0),
        _ => Duration::ZERO,
    });
    asked + injected.sum::<Duration>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(selected: &[&str], flags: &[&str]) -> Result<Vec<Case>, String> {
        let options = LoadOptions::parse(flags).map_err(|error| error.to_string())?;
        let libraries = library::catalogue(&library::root().unwrap()).unwrap();
        let selection =
            Selection { libraries: selected.iter().map(|name| (*name).to_owned()).collect(), tests: vec![] };
        cases(&libraries, &selection, &options).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_library_cannot_honour_is_refused_by_name() {
        let error = planned(&["reqwest"], &["--use-dns-cache", "true"]).unwrap_err();
        assert!(error.contains("`reqwest` does not support `use_dns_cache`"), "{error}");
        assert!(planned(&["baseline"], &["--use-dns-cache", "true"]).is_ok());
        assert!(planned(&["ureq"], &["--threads", "2"]).is_ok());
    }

    #[test]
    fn a_parameter_must_belong_to_some_test_of_the_plan() {
        assert!(planned(&[], &["--param", "request_size=4KiB", "--param", "delay=5ms"]).is_ok());
        assert!(
            planned(&["object_store"], &["--param", "delay=5ms"]).unwrap_err().contains("unknown parameter `delay`")
        );
        assert!(
            planned(&[], &["--param", "request_size"])
                .unwrap_err()
                .contains("`request_size`: write --param name=value")
        );
        assert!(planned(&[], &["--param", "request_size=1GiB"]).unwrap_err().contains("more than an object holds"));
    }

    #[test]
    fn a_test_that_what_is_asked_for_does_not_suit_is_left_out_where_none_was_named() {
        let tests = |flags: &[&str]| {
            let mut tests: Vec<&str> = planned(&[], flags).unwrap().iter().map(|case| case.test.name()).collect();
            tests.sort_unstable();
            tests.dedup();
            tests
        };
        // At most 1 GiB for whoever reads the whole.
        let whole = ["get_object", "put_object", "mixed"];
        assert!(!tests(&["--param", "object_size=2GiB"]).iter().any(|test| whole.contains(test)));
        // A bucket is no document.
        let bucket = ["--target", "s3://bucket", "--endpoint", "http://h:1"];
        let suited = tests(&bucket);
        assert!(["fetch_range", "get_object"].iter().all(|test| suited.contains(test)), "{suited:?}");
        assert!(!suited.contains(&"call_api"), "{suited:?}");
        let options = LoadOptions::parse(&bucket).unwrap();
        let libraries = library::catalogue(&library::root().unwrap()).unwrap();
        let named = Selection { libraries: vec![], tests: vec!["call_api".to_owned()] };
        let refused = cases(&libraries, &named, &options).unwrap_err().to_string();
        assert!(refused.contains("name its key"), "{refused}");
    }

    #[test]
    fn tests_that_write_take_leave_where_the_target_is_not_ours() {
        let bucket = ["--target", "s3://bucket", "--endpoint", "http://h:1"];
        let named = |flags: &[&str]| {
            let options = LoadOptions::parse(flags).unwrap();
            let libraries = library::catalogue(&library::root().unwrap()).unwrap();
            let selection = Selection { libraries: vec!["baseline".to_owned()], tests: vec!["mixed".to_owned()] };
            cases(&libraries, &selection, &options).map_err(|error| error.to_string())
        };
        let refused = named(&bucket).unwrap_err();
        assert!(refused.contains("`mixed` writes to `s3://bucket`: it takes `--writes`"), "{refused}");
        let cases = named(&[&bucket[..], &["--writes"]].concat()).unwrap();
        assert!(cases[0].writes && cases[0].writes_below_prefix());
        // What it puts itself must hold together as it must at our origin, where leave makes no difference.
        let shares = ["get=0", "put=0", "head=0", "list=0", "delete=0"].map(|share| ["--param", share]).concat();
        assert!(named(&[&bucket[..], &["--writes"], &shares].concat()).unwrap_err().contains("are all 0"));
        assert!(!named(&["--writes"]).unwrap()[0].writes);
    }

    #[test]
    fn the_origin_s_own_options_do_not_go_with_another_target() {
        let target = ["--target", "http://127.0.0.1:1/a/b"];
        assert!(planned(&[], &target).is_ok());
        for flags in [["--inject", "reset=1%"], ["--param", "delay=1ms"], ["--endpoint", "http://h:1"]] {
            let error = planned(&[], &[&target[..], &flags[..]].concat()).unwrap_err();
            assert!(error.contains("http://127.0.0.1:1/a/b"), "{error}");
        }
        assert!(planned(&[], &["--target", "s3://bucket"]).unwrap_err().contains("--endpoint"));
    }

    #[test]
    fn what_has_no_effect_alone_is_refused() {
        assert!(planned(&[], &["--arrivals", "poisson"]).unwrap_err().contains("`--arrivals poisson`"));
        assert!(planned(&[], &["--arrivals", "poisson", "--rate", "50%"]).is_ok());
        assert!(planned(&[], &["--endpoint", "http://h:1"]).unwrap_err().contains("`--endpoint`"));
    }

    #[test]
    fn impossible_numbers_are_refused() {
        for flags in
            [["--replicas", "0"], ["--concurrency", "0"], ["--duration", "0s"], ["--trials", "0"], ["--timeout", "x"]]
        {
            assert!(planned(&[], &flags).unwrap_err().contains(flags[1]), "{flags:?}");
        }
    }

    #[test]
    fn the_floor_of_a_run_is_what_the_origin_adds_to_every_request() {
        let cases =
            planned(&["baseline"], &["--param", "delay=5ms", "--inject", "latency=bimodal:1ms,150ms,0.1"]).unwrap();
        let floor = |test: &str| cases.iter().find(|case| case.test.name() == test).map(least_delay);
        assert_eq!(floor("fetch_range"), Some(Duration::from_millis(1)));
        assert_eq!(floor("call_api"), Some(Duration::from_millis(6)));
    }
}
