//! An origin on port 0, and a client that shows every byte and every close.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use benchmark_origin::{Config, Credentials, bind, serve};
use benchmark_protocol::message::Histogram;
use benchmark_protocol::origin::{Announcement, Audit, Begin, CONTROL_HEADER, CONTROL_PREFIX, Contract};
use tokio::sync::oneshot;

pub(crate) const TOKEN: &str = "control-token";
pub(crate) const ACCESS_KEY: &str = "benchmark";
pub(crate) const SECRET_KEY: &str = "benchmark-secret";

/// Both paths, by what a request has to carry to come there: hyper has whatever is conditional.
pub(crate) const PATHS: [(&str, &str); 2] = [("fast", ""), ("hyper", "If-None-Match: \"x\"\r\n")];

/// Held by tests that take the time, together, and by those that keep every CPU busy, each alone.
static CPUS: RwLock<()> = RwLock::new(());

/// Nobody keeps the CPUs busy as long as this is held.
pub(crate) fn takes_time() -> RwLockReadGuard<'static, ()> {
    CPUS.read().unwrap_or_else(PoisonError::into_inner)
}

/// Nobody takes the time as long as this is held.
pub(crate) fn takes_cpus() -> RwLockWriteGuard<'static, ()> {
    CPUS.write().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Origin {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(TOKEN);
        config.credentials = Some(Credentials { access_key: ACCESS_KEY.to_owned(), secret_key: SECRET_KEY.to_owned() });
        configure(&mut config);
        let listeners = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = listeners[0].local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(serve(listeners, config, async {
                let _ = stopped.await;
            }))
        });
        Self { address, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        Client { stream, read: Vec::new() }
    }

    pub(crate) fn control(&self, method: &str, path: &str, body: &str) -> Response {
        let token = format!("{CONTROL_HEADER}: {TOKEN}\r\n");
        self.connect().request(method, &format!("{CONTROL_PREFIX}{path}"), &token, body.as_bytes()).unwrap()
    }

    /// Announces a run of 8 objects of 100,000 bytes, and begins it now, window included.
    pub(crate) fn run(&self, name: &str, inject: &[&str]) {
        self.announce(name, |_| {}, inject);
        self.begin(name, Begin { start_ns: 0, window_ns: 0 });
    }

    /// Announces a run of fetch_range: its objects are those of [`Self::run`], and only such ranges are within its contract.
    pub(crate) fn announce_ranges(&self, name: &str, request_size: u64) {
        let ranges = |contract: &mut Contract| {
            contract.test = Some("fetch_range".to_owned());
            let params = [("objects", 8), ("object_size", 100_000), ("request_size", request_size)];
            contract.params = params.map(|(name, value)| (name.to_owned(), value.to_string())).into();
        };
        self.announce(name, ranges, &[]);
    }

    pub(crate) fn announce(&self, name: &str, adjust: impl FnOnce(&mut Contract), inject: &[&str]) {
        let mut contract = Contract { objects: 8, object_size: 100_000, ..Contract::default() };
        adjust(&mut contract);
        let inject = inject.iter().map(|spec| spec.parse().unwrap()).collect();
        let announcement = Announcement { seed: 7, contract, inject };
        let response = self.control("PUT", name, &serde_json::to_string(&announcement).unwrap());
        assert_eq!(response.status, 201, "{}", response.text());
    }

    pub(crate) fn begin(&self, name: &str, begin: Begin) {
        let response = self.control("POST", &format!("{name}/start"), &serde_json::to_string(&begin).unwrap());
        assert_eq!(response.status, 204, "{}", response.text());
    }

    pub(crate) fn audit(&self, name: &str) -> Audit {
        let response = self.control("GET", name, "");
        assert_eq!(response.status, 200, "{}", response.text());
        serde_json::from_slice(&response.body).unwrap()
    }

    /// The audit once it says so; the origin notes the end of a response or a connection a moment after the client.
    pub(crate) fn audit_when(&self, name: &str, settled: impl Fn(&Audit) -> bool) -> Audit {
        let start = Instant::now();
        loop {
            let audit = self.audit(name);
            if settled(&audit) || start.elapsed() > Duration::from_secs(2) {
                return audit;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn stop(mut self) -> io::Result<()> {
        self.stop.take();
        self.thread.take().unwrap().join().unwrap()
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(std::thread::panicking() || matches!(ended, Ok(Ok(()))), "{ended:?}");
        }
    }
}

pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body has the length that the head named.
    pub(crate) whole: bool,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Client {
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    pub(crate) fn get(&mut self, path: &str, headers: &str) -> io::Result<Response> {
        self.request("GET", path, headers, b"")
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> io::Result<Response> {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!("{method} {path} HTTP/1.1\r\nHost: origin\r\n{length}{headers}\r\n");
        self.stream.write_all(&[head.as_bytes(), body].concat())?;
        self.response(method == "HEAD")
    }

    /// The next response. An end of the stream within a body is shown by `whole`, anything else is an error.
    pub(crate) fn response(&mut self, head_only: bool) -> io::Result<Response> {
        let end = loop {
            if let Some(at) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if self.fill()? == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{:?}", self.read)));
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = if head_only { 0 } else { length.map_or(0, |(_, value)| value.parse().unwrap()) };
        while self.read.len() < length && self.fill()? > 0 {}
        let whole = self.read.len() >= length;
        let body = self.read.drain(..length.min(self.read.len())).collect();
        Ok(Response { status, headers, body, whole })
    }

    fn fill(&mut self) -> io::Result<usize> {
        let mut bytes = [0; 65_536];
        let length = self.stream.read(&mut bytes)?;
        self.read.extend_from_slice(&bytes[..length]);
        Ok(length)
    }

    /// Whether the stream has ended in order, with nothing more in it.
    pub(crate) fn has_ended(&mut self) -> bool {
        matches!(self.fill(), Ok(0)) && self.read.is_empty()
    }
}

/// Reads a histogram of the audit.
pub(crate) fn histogram(histogram: Option<Histogram>) -> hdrhistogram::Histogram<u64> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(histogram.unwrap().0).unwrap();
    hdrhistogram::serialization::Deserializer::new().deserialize(&mut bytes.as_slice()).unwrap()
}

pub(crate) fn now_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}
