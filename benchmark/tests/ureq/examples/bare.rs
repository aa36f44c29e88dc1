//! `fetch_range` of ureq without the SDK: the same client, the same ranges, and nothing recorded. `scripts/bench --only sdk` compares the two.

use std::error::Error;
use std::io::Read as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use benchmark_protocol::content;
use benchmark_protocol::target::{Object, Target};
use benchmark_protocol::workload::Draws;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use ureq::http::header::RANGE;

type Failure = Box<dyn Error + Send + Sync>;

const BUFFER: usize = 32 << 10;
const TIMEOUT: Duration = Duration::from_secs(30);

struct Client(ureq::Agent);

impl Client {
    fn new(_target: &Target, concurrency: usize) -> Result<Self, Failure> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .no_delay(true)
            .timeout_connect(Some(TIMEOUT))
            .timeout_send_request(Some(TIMEOUT))
            .timeout_recv_response(Some(TIMEOUT))
            .timeout_recv_body(Some(TIMEOUT))
            .max_idle_connections(concurrency)
            .max_idle_connections_per_host(concurrency)
            .max_idle_age(Duration::from_secs(90))
            .build();
        Ok(Self(config.into()))
    }

    fn get(&self, object: &Object, first: u64, last: u64, piece: &mut [u8]) -> Result<u64, Failure> {
        let asked = self.0.get(&object.url).header(RANGE, format!("bytes={first}-{last}"));
        let mut got = asked.call()?;
        if got.status() != 206 {
            return Err(format!("status {}", got.status()).into());
        }
        let mut body = got.body_mut().as_reader();
        let mut received = 0;
        loop {
            match body.read(piece)? {
                0 => return Ok(received),
                read => received += read as u64,
            }
        }
    }
}

const OBJECTS: u64 = 64;
const OBJECT_SIZE: u64 = 64 << 20;
const REQUEST_SIZE: u64 = 16 << 10;

static NEXT: AtomicU64 = AtomicU64::new(0);
static REQUESTS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, concurrency, warmup, seconds, seed] = arguments.as_slice() else {
        return Err("usage: bare TARGET CONCURRENCY WARMUP_SECONDS SECONDS SEED".into());
    };
    let target = Target::parse(target, None, true)?;
    let concurrency: usize = concurrency.parse()?;
    let (warmup, seconds) = (Duration::from_secs_f64(warmup.parse()?), Duration::from_secs_f64(seconds.parse()?));
    let draws = Draws::new(seed.parse()?, 0);
    let objects: Arc<[Object]> = (0..OBJECTS).map(|index| target.object(&content::key(index))).collect();
    let client = Arc::new(Client::new(&target, concurrency)?);
    for _ in 0..concurrency {
        let (client, objects) = (Arc::clone(&client), Arc::clone(&objects));
        thread::spawn(move || run_slot(&client, &objects, draws));
    }
    thread::sleep(warmup);
    let (began, before) = (Instant::now(), counters()?);
    thread::sleep(seconds);
    let (elapsed, after) = (began.elapsed().as_secs_f64(), counters()?);
    let [requests, bytes, user_us, system_us] = std::array::from_fn(|index| after[index] - before[index]);
    println!(
        r#"{{"requests":{requests},"bytes":{bytes},"seconds":{elapsed},"cpu_user_us":{user_us},"cpu_system_us":{system_us}}}"#
    );
    Ok(())
}

fn run_slot(client: &Client, objects: &[Object], draws: Draws) {
    let mut piece = vec![0; BUFFER];
    loop {
        let ordinal = NEXT.fetch_add(1, Ordering::Relaxed);
        let (index, first) = draws.range(ordinal, OBJECTS, |_| OBJECT_SIZE - REQUEST_SIZE + 1);
        match client.get(&objects[index as usize], first, first + REQUEST_SIZE - 1, &mut piece) {
            Ok(bytes) => {
                REQUESTS.fetch_add(1, Ordering::Relaxed);
                BYTES.fetch_add(bytes, Ordering::Relaxed);
            }
            Err(failure) => {
                eprintln!("error: {failure}");
                std::process::exit(1);
            }
        }
    }
}

/// Requests, bytes, user and system CPU microseconds so far.
fn counters() -> Result<[u64; 4], Failure> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let [user_us, system_us] = [usage.user_time(), usage.system_time()].map(|time| time.num_microseconds() as u64);
    Ok([REQUESTS.load(Ordering::Relaxed), BYTES.load(Ordering::Relaxed), user_us, system_us])
}
