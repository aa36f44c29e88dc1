//! The table of options. Flags and their help stand in its order, and so do the columns in which cases are shown.

use std::time::Duration;

use super::kind::Kind;
use super::option::{CaseOption, Csv, Kept, Program, Scope, Screen, Suites, Unsaid};
use super::rate::Arrivals;
use super::runner::RunnerName;
use super::shape::Amount;
use super::value::Value;

/// The option of this name.
#[must_use]
pub fn named(name: &str) -> Option<&'static CaseOption> {
    OPTIONS.iter().find(|option| option.name == name)
}

/// What most options of a case have in common.
const OF_A_CASE: CaseOption = CaseOption {
    name: "",
    help: "",
    more: "",
    value_name: "",
    kind: Kind::Text,
    default: Unsaid::None,
    scope: Scope::Run,
    suites: Suites::Axis,
    heeded: None,
    instead_of: None,
    follows: None,
    needs: None,
    program: Program::Value,
    sql: None,
    csv: None,
    screen: Screen::Value(""),
    kept: Kept::InParams,
};

/// What options of a campaign have in common: no case has them.
const OF_A_CAMPAIGN: CaseOption = CaseOption {
    scope: Scope::Campaign,
    suites: Suites::Once,
    program: Program::Nothing,
    screen: Screen::Hidden,
    ..OF_A_CASE
};

const fn csv(name: &'static str, unit: &'static str, source: &'static str) -> Option<Csv> {
    Some(Csv { name, unit, source })
}

/// Every option of a run, `--library` and `--test` aside.
pub static OPTIONS: &[CaseOption] = &[
    CaseOption {
        name: "runner",
        help: "What starts the replicas: auto takes compose where a Docker Engine answers, else process",
        kind: Kind::Word(RunnerName::WORDS),
        default: Unsaid::Is("auto"),
        heeded: Some("BENCHMARK_RUNNER"),
        program: Program::Nothing,
        sql: Some("runner"),
        csv: csv("runner", "", "what started the replicas"),
        kept: Kept::InCase {
            get: |case| Some(Value::Text(case.runner.name().to_owned())),
            set: |case, value| case.runner = RunnerName::named(&value.to_string()).unwrap_or(RunnerName::Auto),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "replicas",
        help: "Processes of a run, each with the whole concurrency",
        kind: Kind::Count { min: 1, max: 1024 },
        default: Unsaid::Is("1"),
        // Those of a closed loop do not know of each other.
        program: Program::Reckoned(|told| told.rate_per_second.map(|_| told.case.replicas.to_string())),
        sql: Some("replicas"),
        csv: csv("replica_count", "", "`--replicas`"),
        kept: Kept::InCase {
            get: |case| Some(Value::Count(case.replicas.into())),
            set: |case, value| case.replicas = value.small(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "concurrency",
        help: "Requests in flight, per replica",
        kind: Kind::Count { min: 1, max: 65_536 },
        default: Unsaid::Is("32"),
        scope: Scope::Replica,
        sql: Some("concurrency"),
        csv: csv("concurrency", "requests", "`--concurrency`: requests in flight, per replica"),
        kept: Kept::InCase {
            get: |case| Some(Value::Count(case.load.concurrency.into())),
            set: |case, value| case.load.concurrency = value.small(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "rate",
        help: "Open loop: requests become due at this rate over all replicas, `1000` a second or `50%` of the capacity measured just before",
        more: "Latency then counts from the instant at which a request was due, and --concurrency caps what is in flight.",
        kind: Kind::Rate,
        suites: Suites::OptionalAxis,
        program: Program::Reckoned(|told| {
            told.rate_per_second.map(|rate| (rate / f64::from(told.case.replicas)).to_string())
        }),
        sql: Some("rate"),
        csv: csv(
            "rate",
            "",
            "`--rate`: requests a second over all replicas, or a share of the closed-loop capacity; empty for a closed loop",
        ),
        screen: Screen::Value("closed loop"),
        kept: Kept::InCase {
            get: |case| case.load.rate.map(Value::Rate),
            set: |case, value| {
                case.load.rate = match value {
                    Value::Rate(rate) => Some(*rate),
                    _ => value.mistaken("a rate"),
                };
            },
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "arrivals",
        help: "How due instants follow each other [default: constant]",
        kind: Kind::Word(&[
            ("constant", "At equal distances"),
            ("poisson", "At exponentially distributed distances: as from many clients that know nothing of each other"),
        ]),
        default: Unsaid::Usually("constant"),
        needs: Some("rate"),
        program: Program::Reckoned(|told| told.rate_per_second.map(|_| told.case.load.arrivals.name().to_owned())),
        sql: Some("arrivals"),
        csv: csv("arrivals", "", "`--arrivals`; empty for a closed loop"),
        kept: Kept::InCase {
            get: |case| case.load.rate.map(|_| Value::Text(case.load.arrivals.name().to_owned())),
            set: |case, value| case.load.arrivals = Arrivals::named(&value.to_string()).unwrap_or_default(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "inject",
        help: "What the origin does to the requests: latency=constant:20ms, error=503:1%, ...; repeatable",
        more: "latency=constant:20ms, latency=bimodal:1ms,150ms,0.1 (share of the second), latency=pareto:5ms,1.5 (scale, shape), \
               error=503:1%, truncate=1%, reset=1%, stall=1s@2s (length @ offset in the window), throttle=100/s, concurrency=20. \
               Drawn from the seed, from the start of the warm-up on.",
        value_name: "SPEC",
        kind: Kind::Specs,
        suites: Suites::OptionalAxis,
        program: Program::Nothing,
        sql: Some("inject"),
        csv: csv("inject", "", "`--inject`: what the origin did to the requests; specs joined by `; `"),
        screen: Screen::Value("nothing"),
        kept: Kept::InCase {
            get: |case| Some(Value::Specs(case.inject.clone())),
            set: |case, value| {
                case.inject = match value {
                    Value::Specs(specs) => specs.clone(),
                    _ => value.mistaken("specs"),
                };
            },
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "requests",
        help: "End the window after so many requests, per replica, instead of after --duration",
        kind: Kind::Count { min: 1, max: u64::MAX },
        scope: Scope::Replica,
        instead_of: Some("duration"),
        sql: Some("requests"),
        csv: csv("requests_limit", "requests", "`--requests`, per replica; empty where the window has a duration"),
        screen: Screen::Hidden,
        kept: Kept::InCase {
            get: |case| match case.load.amount {
                Amount::Requests(requests) => Some(Value::Count(requests)),
                Amount::Duration(_) => None,
            },
            set: |case, value| case.load.amount = Amount::Requests(value.count()),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "duration",
        help: "Length of the window [default: 10s]",
        kind: Kind::Duration { zero: false },
        default: Unsaid::Usually("10s"),
        sql: Some("duration_us"),
        screen: Screen::Own("window", |values| match (values("duration"), values("requests")) {
            (Some(window), _) => Some(window.to_string()),
            (None, Some(Value::Count(1))) => Some("1 request".to_owned()),
            (None, requests) => requests.map(|requests| format!("{requests} requests")),
        }),
        kept: Kept::InCase {
            get: |case| match case.load.amount {
                Amount::Duration(window) => Some(Value::Time(window)),
                Amount::Requests(_) => None,
            },
            set: |case, value| case.load.amount = Amount::Duration(value.time()),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "warmup",
        help: "Load before the window, in no figure [default: 2s]",
        kind: Kind::Duration { zero: true },
        default: Unsaid::Usually("2s"),
        sql: Some("warm_up_us"),
        csv: csv("warmup_seconds", "s", "`--warmup`"),
        kept: Kept::InCase {
            get: |case| Some(Value::Time(case.load.warm_up)),
            set: |case, value| case.load.warm_up = value.time(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "drain",
        help: "How long what was started in the window may still take",
        kind: Kind::Duration { zero: true },
        default: Unsaid::Is("5s"),
        sql: Some("drain_us"),
        kept: Kept::InCase {
            get: |case| Some(Value::Time(case.load.drain)),
            set: |case, value| case.load.drain = value.time(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "timeout",
        help: "From issue to the last byte of each request",
        kind: Kind::Duration { zero: false },
        default: Unsaid::Is("30s"),
        sql: Some("timeout_us"),
        csv: csv("timeout_seconds", "s", "`--timeout`: from issue to the last byte"),
        kept: Kept::InCase {
            get: |case| Some(Value::Time(case.load.timeout)),
            set: |case, value| case.load.timeout = value.time(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "pool_size",
        help: "Sockets at most, per replica [default: as many as --concurrency]",
        kind: Kind::Count { min: 1, max: 65_536 },
        scope: Scope::Replica,
        suites: Suites::OptionalAxis,
        sql: Some("pool_size"),
        csv: csv("pool_size", "sockets", "`--pool-size`, per replica"),
        follows: Some("concurrency"),
        kept: Kept::InCase {
            get: |case| Some(Value::Count(case.load.pool_size.into())),
            set: |case, value| case.load.pool_size = value.small(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "keep_alive",
        help: "Use connections again",
        kind: Kind::Flag,
        default: Unsaid::Is("true"),
        sql: Some("keep_alive"),
        csv: csv("keep_alive", "", "`--keep-alive`"),
        kept: Kept::InCase {
            get: |case| Some(Value::Flag(case.load.keep_alive)),
            set: |case, value| case.load.keep_alive = value.flag(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "keep_alive_timeout",
        help: "How long an idle connection is kept",
        kind: Kind::Duration { zero: false },
        default: Unsaid::Is("90s"),
        sql: Some("keep_alive_timeout_us"),
        csv: csv("keep_alive_timeout_seconds", "s", "`--keep-alive-timeout`"),
        kept: Kept::InCase {
            get: |case| Some(Value::Time(case.load.keep_alive_timeout)),
            set: |case, value| case.load.keep_alive_timeout = value.time(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "use_dns_cache",
        help: "Resolve the target's name once",
        kind: Kind::Flag,
        default: Unsaid::Is("false"),
        sql: Some("use_dns_cache"),
        csv: csv("use_dns_cache", "", "`--use-dns-cache`"),
        kept: Kept::InCase {
            get: |case| Some(Value::Flag(case.load.use_dns_cache)),
            set: |case, value| case.load.use_dns_cache = value.flag(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "threads",
        help: "CPUs that requests run on, per replica, with a thread on each: 1 is a current-thread runtime (blocking libraries: a thread for each slot, on so many CPUs) [default: 1]",
        kind: Kind::Count { min: 1, max: 1024 },
        default: Unsaid::Usually("1"),
        scope: Scope::Replica,
        suites: Suites::OptionalAxis,
        sql: Some("threads"),
        csv: csv("threads", "", "`--threads`, per replica: CPUs that its requests run on"),
        kept: Kept::InCase {
            get: |case| Some(Value::Count(case.load.threads.into())),
            set: |case, value| case.load.threads = value.small(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "param",
        help: "A parameter of the test (see `benchmark list`); repeatable",
        value_name: "NAME=VALUE",
        kind: Kind::Params,
        suites: Suites::Nowhere,
        program: Program::Reckoned(|told| {
            let case = told.case;
            // What describes our origin says nothing to another server.
            let of_origin =
                |name: &str| case.test.parameters().iter().any(|known| known.name == name && known.origin_only);
            let params = case.params.iter().filter(|(name, _)| case.target.is_none() || !of_origin(name));
            let params = params.map(|(name, value)| format!("{name}={value}"));
            Some(params.collect::<Vec<_>>().join(",")).filter(|params| !params.is_empty())
        }),
        screen: Screen::Hidden,
        ..OF_A_CASE
    },
    CaseOption {
        name: "target",
        help: "A server that is not ours: http://host:port/path, or s3://bucket[/key] with --endpoint [default: our origin]",
        value_name: "URL",
        suites: Suites::OptionalAxis,
        program: Program::Reckoned(|told| Some(told.target.to_owned())),
        sql: Some("target"),
        csv: csv("target", "", "`--target`; empty for the origin"),
        screen: Screen::Value("origin"),
        kept: Kept::InCase {
            get: |case| case.target.clone().map(Value::Text),
            set: |case, value| case.target = Some(value.to_string()),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "endpoint",
        help: "Where an s3:// target is: http://host:port",
        value_name: "URL",
        suites: Suites::OptionalAxis,
        needs: Some("target"),
        sql: Some("endpoint"),
        kept: Kept::InCase {
            get: |case| case.endpoint.clone().map(Value::Text),
            set: |case, value| case.endpoint = Some(value.to_string()),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "writes",
        help: "Tests may put objects into the bucket of an s3:// target, below `benchmark/<run id>/` alone",
        more: "What tests read, list or delete is put there before each run, and all of it is removed afterwards. Tests that write are left \
               out without it. To our origin it makes no difference.",
        value_name: "BOOL",
        kind: Kind::Flag,
        program: Program::Nothing,
        sql: Some("writes"),
        kept: Kept::InCase {
            get: |case| case.writes.then_some(Value::Flag(true)),
            set: |case, value| case.writes = value.flag(),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "header",
        help: "Sent with every request to a --target, as 'NAME: VALUE'; the value is kept nowhere; repeatable",
        more: "Database, results, log and screen have *** in its place, and four digits of a digest that tell values apart; --resume is to be \
               given the same headers again.",
        value_name: "NAME: VALUE",
        kind: Kind::Headers,
        suites: Suites::OptionalAxis,
        needs: Some("target"),
        program: Program::Reckoned(|told| {
            let headers = Value::Headers(told.case.headers.clone());
            Some(headers.spoken()).filter(|headers| !headers.is_empty())
        }),
        sql: Some("header"),
        csv: csv(
            "header",
            "",
            "`--header`: what was sent with every request, joined by `; `; values as `***` and four digits of a digest",
        ),
        screen: Screen::Value("none"),
        kept: Kept::InCase {
            get: |case| (!case.headers.is_empty()).then(|| Value::Headers(case.headers.clone())),
            set: |case, value| {
                case.headers = match value {
                    Value::Headers(headers) => headers.clone(),
                    _ => value.mistaken("headers"),
                };
            },
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "ca",
        help: "The certificates that an https target's is to be signed by, in PEM [default: SSL_CERT_FILE, else the usual ones]",
        more: "They are trusted in place of the usual ones, by every library and by the harness itself. Only certificates are taken from the \
               file, before anything runs, and handed to the replicas wherever these are.",
        value_name: "FILE",
        kind: Kind::Certificates,
        suites: Suites::OptionalAxis,
        needs: Some("target"),
        // It comes with the welcome.
        program: Program::Nothing,
        sql: Some("ca"),
        csv: csv(
            "ca",
            "",
            "`--ca`, or SSL_CERT_FILE: the name of the file, and eight digits of a digest of its certificates; empty where the usual ones were trusted",
        ),
        screen: Screen::Value("usual"),
        kept: Kept::InCase {
            get: |case| case.ca.clone().map(Value::Ca),
            set: |case, value| {
                case.ca = match value {
                    Value::Ca(ca) => Some(ca.clone()),
                    _ => value.mistaken("certificates"),
                };
            },
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "cpus",
        help: "CPUs that each container may use at most, as `1.5` [default: no limit]",
        kind: Kind::Number { of: "CPUs" },
        suites: Suites::OptionalAxis,
        scope: Scope::Replica,
        program: Program::Nothing,
        sql: Some("cpu_limit"),
        csv: csv("cpu_limit", "CPUs", "`--cpus` of each container; empty without a limit"),
        screen: Screen::Value("no limit"),
        kept: Kept::InCase {
            get: |case| case.cpu_limit.map(Value::Number),
            set: |case, value| case.cpu_limit = Some(value.number()),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "memory",
        help: "Memory that each container may use at most, as `256MiB` [default: no limit]",
        value_name: "SIZE",
        // The least that the Engine accepts.
        kind: Kind::Size { min: 6 << 20 },
        suites: Suites::OptionalAxis,
        scope: Scope::Replica,
        program: Program::Nothing,
        sql: Some("memory_limit_bytes"),
        csv: csv("memory_limit_bytes", "bytes", "`--memory` of each container; empty without a limit"),
        screen: Screen::Value("no limit"),
        kept: Kept::InCase {
            get: |case| case.memory_limit.map(Value::Bytes),
            set: |case, value| case.memory_limit = Some(value.count()),
        },
        ..OF_A_CASE
    },
    CaseOption {
        name: "trials",
        help: "Trials of each case, one for each block of runs in seeded random order [default: run-all 5, with --quick 1; run-test 1]",
        kind: Kind::Count { min: 1, max: 1000 },
        kept: Kept::InCampaign { set: |terms, value| terms.trials = Some(value.small()) },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "passes",
        help: "Passes over all cases in each block: a trial is so many runs, in turn with those of the other cases",
        more: "Where the machine's speed wanders within seconds, ten short runs by turns say more than one long run: what is compared then \
               had the same moments.",
        kind: Kind::Count { min: 1, max: 100 },
        default: Unsaid::Is("1"),
        kept: Kept::InCampaign { set: |terms, value| terms.passes = value.small() },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "until",
        help: "Go on until the 99 % intervals of rate and CPU/request are this narrow (`2%`: +-2 %), for at most --trials [default: 40] blocks",
        value_name: "PERCENT",
        kind: Kind::Percent,
        kept: Kept::InCampaign { set: |terms, value| terms.until = Some(value.number()) },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "seed",
        help: "Seed of everything that is drawn: keys, offsets, faults, the order of runs",
        kind: Kind::Count { min: 0, max: u64::MAX },
        default: Unsaid::Is("1"),
        kept: Kept::InCampaign { set: |terms, value| terms.seed = value.count() },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "origin_cpus",
        help: "CPUs of the origin and the harness, as `0-3,6` [default: half of them]",
        value_name: "CPUS",
        kind: Kind::Cpus,
        kept: Kept::InCampaign {
            set: |terms, value| {
                terms.origin_cpus = match value {
                    Value::Cpus(cpus) => Some(cpus.clone()),
                    _ => value.mistaken("CPUs"),
                };
            },
        },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "client_cpus",
        help: "CPUs of the replicas [default: the other half]",
        value_name: "CPUS",
        kind: Kind::Cpus,
        kept: Kept::InCampaign {
            set: |terms, value| {
                terms.client_cpus = match value {
                    Value::Cpus(cpus) => Some(cpus.clone()),
                    _ => value.mistaken("CPUs"),
                };
            },
        },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "listen",
        help: "Address of this host at which the harness listens for replicas [default: the loopback, or the gateway of the containers' network]",
        value_name: "ADDRESS",
        kind: Kind::Address,
        kept: Kept::InCampaign {
            set: |terms, value| {
                terms.listen = match value {
                    Value::Address(address) => Some(*address),
                    _ => value.mistaken("an address"),
                };
            },
        },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "prometheus",
        help: "Prometheus that watches the containers; `off` for none [default: http://127.0.0.1:9090, where it answers]",
        value_name: "URL",
        heeded: Some("BENCHMARK_PROMETHEUS"),
        kept: Kept::InCampaign { set: |terms, value| terms.prometheus = Some(value.to_string()) },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "quick",
        help: "Short runs for a first look: a window of 3 s after 1 s, unless told otherwise",
        kind: Kind::Switch,
        kept: Kept::InCampaign { set: |terms, value| terms.quick = value.flag() },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "sweep",
        help: "With --writes: remove what killed campaigns left in the target's bucket, before the first run",
        more: "That is what lies below `benchmark/<run id>/` and was put there by a harness of this host that is dead, or by one of \
               elsewhere more than a day ago. Without it such objects are named and stay.",
        kind: Kind::Switch,
        kept: Kept::InCampaign { set: |terms, value| terms.sweep = value.flag() },
        ..OF_A_CAMPAIGN
    },
    CaseOption {
        name: "db",
        help: "The database [env: BENCHMARK_DB, or DATABASE_URL where it starts with sqlite:] [default: benchmark.db]",
        value_name: "FILE",
        kept: Kept::InCampaign { set: |terms, value| terms.db = Some(value.to_string().into()) },
        ..OF_A_CAMPAIGN
    },
];

/// A window, and the warm-up before it, of `--quick`.
pub(crate) const QUICK: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(1));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Case;

    fn case() -> Case {
        let test = benchmark_protocol::tests::Test::named("fetch_range").unwrap();
        Case::new("hyper", "1", test, benchmark_protocol::parameter::Values::default())
    }

    /// A good text of each option.
    fn example(option: &CaseOption) -> &'static str {
        match option.kind {
            Kind::Count { .. } | Kind::Number { .. } => "7",
            Kind::Size { .. } => "8MiB",
            Kind::Duration { .. } => "1500ms",
            Kind::Rate => "12.5%",
            Kind::Percent => "2%",
            Kind::Flag | Kind::Switch => "true",
            Kind::Word(words) => words[words.len() - 1].0,
            Kind::Text => "http://127.0.0.1:1/a/b",
            Kind::Cpus => "0-2,5",
            Kind::Address => "127.0.0.1",
            Kind::Specs => "reset=1%",
            Kind::Headers => "x-api-key: a=b, c",
            Kind::Certificates => super::super::ca::tests::FILE,
            Kind::Params => "objects=8",
        }
    }

    #[test]
    fn what_a_row_puts_into_a_case_it_takes_out_again() {
        for option in OPTIONS {
            let value = option.parse(example(option)).unwrap();
            match option.kept {
                Kept::InCase { get, set } => {
                    let mut case = case();
                    case.load.rate = Some(crate::case::Rate::PerSecond(1.0));
                    set(&mut case, &value);
                    assert_eq!(get(&case), Some(value), "{}", option.name);
                    assert!(
                        option.sql.is_some(),
                        "{} is an option of a case, and the database has no column for it",
                        option.name
                    );
                }
                Kept::InCampaign { set } => set(&mut super::super::Terms::default(), &value),
                Kept::InParams => {}
            }
        }
    }

    #[test]
    fn values_read_back_as_they_are_written() {
        for option in OPTIONS.iter().filter(|option| option.kind != Kind::Percent) {
            let value = option.parse(example(option)).unwrap();
            assert_eq!(option.parse(&value.spoken()), Ok(value), "{}", option.name);
        }
    }

    #[test]
    fn defaults_are_good_values_and_what_may_be_left_out_has_none() {
        for option in OPTIONS {
            if let Unsaid::Is(text) | Unsaid::Usually(text) = option.default {
                assert_eq!(option.parse(text).unwrap().to_string(), text, "{}", option.name);
            }
            let is = matches!(option.default, Unsaid::Is(_));
            assert!(!(is && option.suites == Suites::OptionalAxis), "{}", option.name);
        }
    }

    #[test]
    fn names_and_columns_are_said_once() {
        let unique = |names: Vec<&str>| {
            let all = names.len();
            assert_eq!(names.into_iter().collect::<std::collections::HashSet<_>>().len(), all);
        };
        unique(OPTIONS.iter().map(|option| option.name).collect());
        unique(OPTIONS.iter().filter_map(|option| option.sql).collect());
        unique(OPTIONS.iter().filter_map(|option| Some(option.csv?.name)).collect());
    }

    #[test]
    fn what_an_option_needs_or_replaces_is_an_option() {
        for option in OPTIONS {
            for other in [option.needs, option.instead_of, option.follows].into_iter().flatten() {
                assert!(named(other).is_some(), "{}: {other}", option.name);
            }
        }
    }
}
