//! Two servers of S3, each with a bucket that holds a stranger's objects: moto, in Python, and s3s-fs in this process.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;

use super::super::support::{eventually, free_port, needs, signal};

/// Keys of a stranger's, those beside a run's prefix among them.
const STRANGERS: [&str; 5] = ["stranger", "benchmark/stranger", "benchmark-x/y", "benchmark/not-a-run/x", "a/folder/b"];

/// As large as the largest range that tests ask for, and no content of ours.
fn content(key: &str) -> Vec<u8> {
    key.bytes().cycle().take(100_000).collect()
}

/// A server with the bucket `data`.
pub(super) trait Server {
    fn endpoint(&self) -> String;

    /// Whether it takes signed requests alone.
    fn is_signed(&self) -> bool;

    /// The keys of all objects, of a thousand at most.
    fn keys(&self) -> Vec<String>;

    fn get(&self, key: &str) -> Vec<u8>;

    /// Uploads that are neither completed nor aborted.
    fn pending_uploads(&self) -> usize;

    fn put(&self, key: &str, bytes: &[u8]);

    /// What lies there that is not the stranger's.
    fn ours(&self) -> Vec<String> {
        self.keys().into_iter().filter(|key| !STRANGERS.contains(&key.as_str())).collect()
    }

    /// That what lies there is the stranger's, as he put it, and nothing else.
    fn assert_untouched(&self) {
        self.assert_stranger_s();
        assert_eq!((self.ours(), self.pending_uploads()), (vec![], 0));
    }

    fn assert_stranger_s(&self) {
        for key in STRANGERS {
            assert!(self.get(key) == content(key), "{key} is not what it was");
        }
    }
}

/// What moto takes for one.
const SIGNATURE: &str = "authorization: AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, \
                         SignedHeaders=host, Signature=0";

/// moto: it takes any signature, and shows objects to nobody without.
pub(super) struct Moto {
    port: u16,
    process: Child,
}

impl Moto {
    /// `None` where it is not installed.
    pub(super) fn start() -> Option<Self> {
        let moto = std::env::var_os("BENCHMARK_TEST_MOTO").map(PathBuf::from).filter(|path| path.is_file());
        let moto = moto.or_else(|| needs("moto_server"))?;
        let port = free_port();
        let mut command = Command::new(moto);
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self { port, process: command.spawn().unwrap() };
        let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
        eventually(Duration::from_secs(20), "the server listens", listens);
        server.ask("PUT", "/data", b"");
        STRANGERS.iter().for_each(|key| server.put(key, &content(key)));
        Some(server)
    }

    fn ask(&self, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // Of version 1.0, which knows no chunks.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1:{}\r\ncontent-length: {}\r\n{SIGNATURE}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let status = String::from_utf8_lossy(&answer[..end]).into_owned();
        assert!(status.contains(" 200 "), "{method} {path}: {status}");
        answer.split_off(end + 4)
    }

    /// The texts of all elements of a name on a page of XML.
    fn texts(&self, path: &str, element: &str) -> Vec<String> {
        let page = String::from_utf8(self.ask("GET", path, b"")).unwrap();
        let open = format!("<{element}>");
        page.split(&open).skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        signal("TERM", self.process.id());
        self.process.wait().unwrap();
    }
}

impl Server for Moto {
    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn is_signed(&self) -> bool {
        true
    }

    fn keys(&self) -> Vec<String> {
        self.texts("/data?list-type=2", "Key")
    }

    fn get(&self, key: &str) -> Vec<u8> {
        self.ask("GET", &format!("/data/{key}"), b"")
    }

    fn pending_uploads(&self) -> usize {
        self.texts("/data?uploads", "UploadId").len()
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        self.ask("PUT", &format!("/data/{key}"), bytes);
    }
}

/// s3s-fs: it checks signatures, or knows no credentials.
pub(super) struct S3sFs {
    port: u16,
    path: &'static str,
    is_signed: bool,
    folder: TempDir,
    running: Option<(tokio::sync::oneshot::Sender<()>, JoinHandle<()>)>,
}

async fn serve(listener: TcpListener, service: S3Service, below: &'static str) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let http = hyper::server::conn::http1::Builder::new();
        let service = service.clone();
        let stripped = hyper::service::service_fn(move |mut request: hyper::Request<_>| {
            // What does not lie below that path is asked for at a place that no bucket has.
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let path = path.strip_prefix(below).map_or_else(|| "/not-here".to_owned(), str::to_owned);
            *request.uri_mut() = path.parse().unwrap();
            hyper::service::Service::call(&service, request)
        });
        // A client that leaves is no error of the server's.
        tokio::spawn(http.serve_connection(TokioIo::new(stream), stripped));
    }
}

impl S3sFs {
    pub(super) fn start(is_signed: bool) -> Self {
        Self::start_below("", is_signed)
    }

    /// Behind a gateway: its endpoint has this path.
    pub(super) fn start_below(path: &'static str, is_signed: bool) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
        if is_signed {
            builder.set_auth(SimpleAuth::from_single("key", "secret"));
        }
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, service, path) => {}
                    _ = stopped => {}
                }
            });
        });
        let server = Self { port, path, is_signed, folder, running: Some((stop, thread)) };
        STRANGERS.iter().for_each(|key| server.put(key, &content(key)));
        server
    }

    fn bucket(&self) -> PathBuf {
        self.folder.path().join("data")
    }
}

impl Drop for S3sFs {
    /// Before the folder is removed.
    fn drop(&mut self) {
        let (stop, thread) = self.running.take().unwrap();
        stop.send(()).unwrap();
        thread.join().unwrap();
    }
}

impl Server for S3sFs {
    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path)
    }

    fn is_signed(&self) -> bool {
        self.is_signed
    }

    /// Empty folders are no objects.
    fn keys(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(&self.bucket(), &self.bucket(), &mut found);
        found.sort();
        found
    }

    fn get(&self, key: &str) -> Vec<u8> {
        fs::read(self.bucket().join(key)).unwrap()
    }

    fn pending_uploads(&self) -> usize {
        let entries = fs::read_dir(self.folder.path()).unwrap().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".upload-")).count()
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.bucket().join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}
