//! Flags of every test program. Each is also an environment variable, `BENCHMARK_` and its name.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use benchmark_protocol::parameter::Values;
use benchmark_protocol::pem;
use benchmark_protocol::target::{Target, TargetError};
use benchmark_protocol::tests::Test;
use benchmark_protocol::units::{format_duration, parse_duration};
use benchmark_protocol::workload::Draws;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgAction, Parser};

use crate::load::arrivals::{Arrivals, Process};
use crate::sigv4::Credentials;

/// The options of a test, as its author sees them.
#[derive(Clone, Debug, Parser)]
#[command(disable_version_flag = true)]
pub struct Options {
    /// The workload
    #[arg(long, env = "BENCHMARK_TEST", value_parser = test_parser())]
    pub(crate) test: Test,
    /// What to ask: http://host:port/path, or s3://bucket[/key] with --endpoint
    #[arg(long, env = "BENCHMARK_TARGET", value_name = "URL")]
    target: String,
    /// Where an s3:// target is: http://host:port
    #[arg(long, env = "BENCHMARK_ENDPOINT", value_name = "URL")]
    endpoint: Option<String>,
    /// The target is a bucket of `benchmark origin`: its objects are known, and their content is checked
    #[arg(long, env = "BENCHMARK_ORIGIN")]
    origin: bool,
    /// What the keys of the run begin with at a target that is not ours: its objects are known, and their content is checked
    #[arg(long, env = "BENCHMARK_PREFIX", default_value = "", hide = true)]
    prefix: String,
    /// Requests in flight; with --rate at most
    #[arg(long, env = "BENCHMARK_CONCURRENCY", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub concurrency: u32,
    /// End the window after so many requests
    #[arg(long, env = "BENCHMARK_REQUESTS", conflicts_with = "duration", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,
    /// End the window after so much time
    #[arg(long, env = "BENCHMARK_DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) duration: Duration,
    /// Requests per second, issued as a schedule says and not as earlier ones end (open loop) [default: closed loop]
    #[arg(long, env = "BENCHMARK_RATE", value_name = "REQUESTS/S", value_parser = parse_rate)]
    pub(crate) rate: Option<f64>,
    /// How the requests of --rate arrive
    #[arg(long, env = "BENCHMARK_ARRIVALS", value_enum, default_value_t = Process::Constant, requires = "rate")]
    pub(crate) arrivals: Process,
    /// Replicas that share the load: their constant arrivals interleave
    #[arg(long, env = "BENCHMARK_REPLICAS", default_value_t = 1, hide = true)]
    replicas: u32,
    /// Load before the window, in no figure
    #[arg(long, env = "BENCHMARK_WARMUP", default_value = "2s", value_parser = parse_duration)]
    pub(crate) warmup: Duration,
    /// How long what belongs to the window may still take
    #[arg(long, env = "BENCHMARK_DRAIN", default_value = "5s", value_parser = parse_duration)]
    pub(crate) drain: Duration,
    /// From issue (with --rate: from the due instant) to the last byte
    #[arg(long, env = "BENCHMARK_TIMEOUT", default_value = "30s", value_parser = parse_duration)]
    pub timeout: Duration,
    /// Sockets at most [default: as many as --concurrency]
    #[arg(long, env = "BENCHMARK_POOL_SIZE", value_parser = clap::value_parser!(u32).range(1..=65536))]
    pool_size: Option<u32>,
    /// Use connections again
    #[arg(long, env = "BENCHMARK_KEEP_ALIVE", default_value_t = true, action = ArgAction::Set)]
    pub keep_alive: bool,
    /// How long an idle connection is kept
    #[arg(long, env = "BENCHMARK_KEEP_ALIVE_TIMEOUT", default_value = "90s", value_parser = parse_duration)]
    pub keep_alive_timeout: Duration,
    /// Resolve the target's name once
    #[arg(long, env = "BENCHMARK_USE_DNS_CACHE", default_value_t = false, action = ArgAction::Set)]
    pub use_dns_cache: bool,
    /// Threads that run requests (async libraries; blocking ones have a thread for each slot, on as many CPUs where a harness starts them)
    #[arg(long, env = "BENCHMARK_THREADS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) threads: u32,
    /// Keep latencies; without them counts and CPU time are all there is: what recording costs is the difference
    #[arg(long, env = "BENCHMARK_RECORDING", default_value_t = true, action = ArgAction::Set, hide = true)]
    pub(crate) recording: bool,
    /// Print what a loop without the SDK takes: the same client, with requests made beforehand, and nothing recorded
    #[arg(long, env = "BENCHMARK_BARE", conflicts_with_all = ["rate", "requests", "coordinator"], hide = true)]
    pub(crate) bare: bool,
    /// Seed of the workload; a coordinator's takes its place
    #[arg(long, env = "BENCHMARK_SEED", default_value_t = 1)]
    pub(crate) seed: u64,
    /// A parameter of the test: name=value
    #[arg(long = "param", env = "BENCHMARK_PARAM", value_name = "NAME=VALUE", value_delimiter = ',')]
    params: Vec<String>,
    /// Sent with every request, as NAME: VALUE; repeatable, in the variable one a line
    #[arg(long = "header", env = "BENCHMARK_HEADER", value_name = "NAME: VALUE", value_delimiter = '\n', hide_env_values = true, value_parser = parse_header)]
    pub(crate) headers: Vec<Header>,
    /// PEM file of the certificates that an https target's is to be signed by, in place of the usual ones; SSL_CERT_FILE says it where
    /// neither flag nor variable does
    #[arg(long = "ca", env = "BENCHMARK_CA", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// What that file holds, or what the coordinator says.
    #[arg(skip)]
    pub(crate) ca: Option<String>,
    /// Where the coordinator listens: host:port
    #[arg(long, env = "BENCHMARK_COORDINATOR", requires = "token", requires = "run_id", hide = true)]
    pub(crate) coordinator: Option<String>,
    /// The secret of the run
    #[arg(long, env = "BENCHMARK_TOKEN", hide = true, hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// The run's id
    #[arg(long, env = "BENCHMARK_RUN_ID", hide = true)]
    pub(crate) run_id: Option<String>,
    /// This replica's index, where the runner can give one
    #[arg(long, env = "BENCHMARK_REPLICA", hide = true)]
    pub(crate) replica: Option<u32>,
    /// The process has network devices of its own: count their bytes
    #[arg(long, env = "BENCHMARK_OWN_NETWORK", hide = true)]
    pub(crate) own_network: bool,
}

impl Options {
    /// Sockets that may be open at once.
    #[must_use]
    pub fn pool_size(&self) -> u32 {
        self.pool_size.unwrap_or(self.concurrency)
    }

    /// How many idle connections a library's own pool should keep: none without keep-alive.
    #[must_use]
    pub fn idle_connections(&self) -> usize {
        if self.keep_alive { self.pool_size() as usize } else { 0 }
    }

    /// The target, taken apart.
    ///
    /// # Errors
    /// When `--target` or `--endpoint` is no URL that can be used.
    pub fn target(&self) -> Result<Target, TargetError> {
        Target::parse(&self.target, self.endpoint.as_deref(), self.origin)
    }

    /// The credentials to sign with: `None` where requests go unsigned, by choice or for want of credentials.
    #[must_use]
    pub fn credentials(&self) -> Option<Credentials> {
        let signed = self.params.iter().any(|param| param == "signed=true");
        if signed { Credentials::from_env() } else { None }
    }

    /// The certificates that the target's is to be signed by, as PEM; `None` where the usual ones do.
    #[must_use]
    pub fn ca(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// Reads them from the file that was named, or that `usual` (SSL_CERT_FILE) names where the target has any.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate.
    pub(crate) fn read_ca(&mut self, usual: Option<PathBuf>) -> Result<(), String> {
        let usual = usual.filter(|path| !path.as_os_str().is_empty() && self.target().is_ok_and(|target| target.tls));
        let Some(path) = self.ca_file.clone().or(usual) else { return Ok(()) };
        let text = fs::read_to_string(&path).map_err(|error| format!("certificates `{}`: {error}", path.display()))?;
        let certificates = Some(pem::certificates(&text)).filter(|certificates| !certificates.is_empty());
        self.ca = Some(certificates.ok_or_else(|| format!("`{}` holds no certificate in PEM", path.display()))?);
        Ok(())
    }

    /// Every option that shapes the load, as it was understood: by its name, in the form in which the harness hands it over.
    pub(crate) fn understood(&self) -> BTreeMap<String, String> {
        let time = |time: Duration| Some(format_duration(time));
        let headers: Vec<&str> = self.headers.iter().map(|Header(name, _)| name.as_str()).collect();
        let timed = self.requests.is_none().then(|| format_duration(self.duration));
        let options = [
            ("concurrency", Some(self.concurrency.to_string())),
            ("rate", self.rate.map(|rate| rate.to_string())),
            ("arrivals", self.rate.map(|_| self.arrivals.name().to_owned())),
            ("replicas", self.rate.map(|_| self.replicas.to_string())),
            ("requests", self.requests.map(|requests| requests.to_string())),
            ("duration", timed),
            ("warmup", time(self.warmup)),
            ("drain", time(self.drain)),
            ("timeout", time(self.timeout)),
            ("pool_size", Some(self.pool_size().to_string())),
            ("keep_alive", Some(self.keep_alive.to_string())),
            ("keep_alive_timeout", time(self.keep_alive_timeout)),
            ("use_dns_cache", Some(self.use_dns_cache.to_string())),
            ("threads", Some(self.threads.to_string())),
            ("target", Some(self.target.clone())),
            ("endpoint", self.endpoint.clone()),
            ("header", Some(headers.join(", ")).filter(|names| !names.is_empty())),
        ];
        let options = options.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        // What is no value of a parameter is said by whoever constructs the workload.
        let values = self.values().unwrap_or_default();
        options.chain(values.iter().map(|(name, value)| (format!("param.{name}"), value.to_owned()))).collect()
    }

    /// When requests arrive in an open loop.
    pub(crate) fn arrivals(&self, seed: u64, replica: u32) -> Option<Arrivals> {
        let rate = self.rate?;
        Some(match self.arrivals {
            Process::Constant => {
                let offset_ns = f64::from(replica) * 1e9 / (rate * f64::from(self.replicas.max(1)));
                Arrivals::constant(rate, offset_ns as u64)
            }
            Process::Poisson => Arrivals::poisson(rate, Draws::new(seed, replica)),
        })
    }

    /// What is sent with every request, as lower-case names and their values, for clients that do not take them from the request. Without
    /// keep-alive the server is asked to close: whichever side does so first holds the port for a minute, and it is to be the same for all.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let close = (!self.keep_alive).then_some(("connection", "close"));
        self.headers.iter().map(|Header(name, value)| (name.as_str(), value.as_str())).chain(close)
    }

    /// Whether the target's objects are the origin's, or the run's own.
    pub(crate) fn has_known_content(&self) -> bool {
        self.origin || !self.prefix.is_empty()
    }

    /// What the keys of the run begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The test's own parameters.
    pub(crate) fn values(&self) -> Result<Values, String> {
        let given = self.params.iter().map(|param| {
            param.split_once('=').ok_or_else(|| format!("malformed parameter `{param}`: write name=value"))
        });
        Values::new(self.test.parameters(), given.collect::<Result<Vec<_>, _>>()?)
    }
}

/// Takes the name of a test.
fn test_parser() -> impl TypedValueParser<Value = Test> {
    PossibleValuesParser::new(Test::all().map(Test::name))
        .try_map(|name| Test::named(&name).ok_or_else(|| format!("unknown test `{name}`")))
}

/// A header: its name and its value, which may be a secret.
#[derive(Clone)]
pub(crate) struct Header(pub(crate) String, pub(crate) String);

impl std::fmt::Debug for Header {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ***", self.0)
    }
}

/// Reads `NAME: VALUE`; whether it may be sent at all is for the harness to say.
fn parse_header(text: &str) -> Result<Header, String> {
    let (name, value) = text.split_once(':').ok_or("a header is written `NAME: VALUE`, with a colon")?;
    let name = name.trim().to_ascii_lowercase();
    let is_good = !name.is_empty() && !value.contains(|c: char| c.is_control() && c != '\t');
    is_good
        .then(|| Header(name, value.trim().to_owned()))
        .ok_or_else(|| "a header has a name, and no control characters".to_owned())
}

/// Reads a rate in requests per second: the schedule counts in nanoseconds, and a hundred of them is as close as it goes.
fn parse_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| *rate > 0.0 && *rate <= HIGHEST_RATE);
    rate.ok_or_else(|| format!("`{text}` is not a rate: requests per second above 0, up to {HIGHEST_RATE}"))
}

/// Requests per second of one replica.
const HIGHEST_RATE: f64 = 10_000_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(flags: &[&str]) -> Options {
        let test = if flags.contains(&"--test") { &[][..] } else { &["--test", "call_api"] };
        Options::parse_from([&["program", "--target", "http://h/"], test, flags].concat())
    }

    #[test]
    fn the_pool_is_as_large_as_the_concurrency_unless_told() {
        let options = parse(&["--concurrency", "7"]);
        assert_eq!((options.pool_size(), options.idle_connections()), (7, 7));
        let options = parse(&["--pool-size", "3", "--keep-alive", "false"]);
        assert_eq!((options.pool_size(), options.idle_connections()), (3, 0));
    }

    #[test]
    fn parameters_are_those_of_the_test() {
        let of = |test: &str| parse(&["--param", "request_size=4KiB", "--test", test]).values();
        assert_eq!(of("fetch_range").unwrap().number("request_size"), Some(4096));
        assert!(of("call_api").unwrap_err().contains("`request_size`"));
    }

    #[test]
    fn headers_come_one_a_line_with_whatever_their_values_hold() {
        let parse = |text: &str| {
            Options::try_parse_from(["program", "--test", "call_api", "--target", "http://h/", "--header", text])
        };
        let options = parse("X-Key: a=b, c:d\naccept: e").unwrap();
        assert_eq!(options.headers().collect::<Vec<_>>(), [("x-key", "a=b, c:d"), ("accept", "e")]);
        assert!(!format!("{options:?}").contains("a=b"));
        assert!(parse("no colon").is_err() && parse(": x").is_err());
    }

    #[test]
    fn a_rate_is_a_positive_number_and_arrivals_need_one() {
        let parse = |flags: &[&str]| {
            Options::try_parse_from([&["program", "--target", "http://h/", "--test", "call_api"], flags].concat())
        };
        assert_eq!(parse(&[]).unwrap().rate, None);
        assert_eq!(parse(&["--rate", "0.5", "--arrivals", "poisson"]).unwrap().rate, Some(0.5));
        for rate in ["0", "-1", "inf", "nan", "10000001", "50%"] {
            assert!(parse(&[&format!("--rate={rate}")]).unwrap_err().to_string().contains(&format!("`{rate}`")));
        }
        assert!(parse(&["--arrivals", "poisson"]).unwrap_err().to_string().contains("--rate"));
    }

    #[test]
    fn flags_are_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }
}
