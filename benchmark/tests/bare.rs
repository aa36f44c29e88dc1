//! The loop of every async library's `examples/bare.rs`: no SDK, nothing recorded. Included by its path, so that a library's
//! example links nothing else.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use benchmark_protocol::content;
use benchmark_protocol::target::{Object, Target};
use benchmark_protocol::workload::Draws;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

/// A client with the settings of the test's own.
pub(crate) trait Client: Send + Sync + Sized + 'static {
    /// Constructs it for so many requests in flight.
    fn new(target: &Target, concurrency: usize) -> Result<Self, Failure>;

    /// Gets the bytes from `first` to `last` and returns how many came.
    fn get(&self, object: &Object, first: u64, last: u64) -> impl Future<Output = Result<u64, Failure>> + Send;
}

const OBJECTS: u64 = 64;
const OBJECT_SIZE: u64 = 64 << 20;
const REQUEST_SIZE: u64 = 16 << 10;

static NEXT: AtomicU64 = AtomicU64::new(0);
static REQUESTS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicU64 = AtomicU64::new(0);

/// Runs the loop of one client as the arguments say, and prints one line of JSON.
pub(crate) fn run<C: Client>() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [target, concurrency, warmup, seconds, seed] = arguments.as_slice() else {
        return Err("usage: bare TARGET CONCURRENCY WARMUP_SECONDS SECONDS SEED".into());
    };
    let target = Target::parse(target, None, true)?;
    let concurrency: usize = concurrency.parse()?;
    let (warmup, seconds) = (Duration::from_secs_f64(warmup.parse()?), Duration::from_secs_f64(seconds.parse()?));
    let draws = Draws::new(seed.parse()?, 0);
    let objects: Arc<[Object]> = (0..OBJECTS).map(|index| target.object(&content::key(index))).collect();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let client = Arc::new(C::new(&target, concurrency)?);
        for _ in 0..concurrency {
            tokio::spawn(run_slot(Arc::clone(&client), Arc::clone(&objects), draws));
        }
        tokio::time::sleep(warmup).await;
        let (began, before) = (Instant::now(), counters()?);
        tokio::time::sleep(seconds).await;
        let (elapsed, after) = (began.elapsed().as_secs_f64(), counters()?);
        let [requests, bytes, user_us, system_us] = std::array::from_fn(|index| after[index] - before[index]);
        println!(
            r#"{{"requests":{requests},"bytes":{bytes},"seconds":{elapsed},"cpu_user_us":{user_us},"cpu_system_us":{system_us}}}"#
        );
        Ok(())
    })
}

async fn run_slot<C: Client>(client: Arc<C>, objects: Arc<[Object]>, draws: Draws) {
    loop {
        let ordinal = NEXT.fetch_add(1, Ordering::Relaxed);
        let (index, first) = draws.range(ordinal, OBJECTS, |_| OBJECT_SIZE - REQUEST_SIZE + 1);
        match client.get(&objects[index as usize], first, first + REQUEST_SIZE - 1).await {
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
