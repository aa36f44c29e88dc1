//! Servers that misbehave, as a client of bytes sees them: each does its one thing wrong, and counts what it was asked.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use benchmark_origin::misbehave::{Counters, OBJECT_SIZE, manners, named, serve};
use benchmark_protocol::content;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::client::takes_time;

const RANGE: &str = "GET /bucket/object HTTP/1.1\r\nhost: x\r\nrange: bytes=10-29\r\n\r\n";

struct Server {
    address: SocketAddr,
    counters: Arc<Counters>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    fn start(manner: &str) -> Self {
        let manner = named(manner).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let counters = Arc::<Counters>::default();
        let (stop, stopped) = oneshot::channel();
        let counting = Arc::clone(&counters);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                serve(listener, manner, None, counting, async { drop(stopped.await) }).await.unwrap();
            });
        });
        Self { address, counters, stop: Some(stop), thread: Some(thread) }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream
    }

    /// What is sent for this, to the end of the connection or to a pause.
    fn says(&self, request: &str) -> String {
        let mut stream = self.connect();
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut all = Vec::new();
        let mut piece = [0; 65_536];
        while let Ok(read @ 1..) = stream.read(&mut piece) {
            all.extend_from_slice(&piece[..read]);
            if all.len() > 2_000_000 {
                break;
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn an_honest_server_serves_objects_documents_listings_and_what_was_put() {
    let server = Server::start("honest");
    let mut stream = server.connect();
    stream.write_all(RANGE.as_bytes()).unwrap();
    let mut answer = vec![0; 4096];
    let mut read = 0;
    while !answer[..read].windows(4).any(|end| end == b"\r\n\r\n") || read < 20 {
        read += stream.read(&mut answer[read..]).unwrap();
    }
    let head = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(head.starts_with("HTTP/1.1 206 Partial Content\r\ncontent-length: 20\r\n"), "{head}");
    assert!(head.contains(&format!("content-range: bytes 10-29/{OBJECT_SIZE}\r\n")), "{head}");
    assert!(content::matches(content::origin_of("object"), 10, &answer[read - 20..read]));

    let document = server.says("GET /bucket/api/7 HTTP/1.1\r\n\r\n");
    assert!(document.ends_with(&content::document(7)), "{document}");
    let put = server.says("PUT /bucket/k%20y HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello");
    assert!(put.starts_with("HTTP/1.1 200 OK") && put.contains("etag: "), "{put}");
    let list = |query: &str| server.says(&format!("GET /bucket?list-type=2{query} HTTP/1.1\r\n\r\n"));
    assert!(list("&prefix=k").contains("<Key>k y</Key>") && list("&prefix=k").contains("<Size>5</Size>"));
    assert!(list("&prefix=k&encoding-type=url").contains("<Key>k%20y</Key>"));
    let gone = server.says("DELETE /bucket/k%20y HTTP/1.1\r\nconnection: close\r\n\r\n");
    assert_eq!(gone, "HTTP/1.1 204 No Content\r\n\r\n");
    assert!(!list("&prefix=k").contains("<Key>"));
    assert_eq!((server.counters.requests(), server.counters.ended_by_server()), (8, 1));
}

#[test]
fn each_manner_answers_or_ends_within_moments_and_goes_on_with_the_next_connection() {
    let _quiet = takes_time();
    std::thread::scope(|scope| {
        for manner in manners() {
            scope.spawn(|| {
                let server = Server::start(manner.name);
                for _ in 0..2 {
                    let begun = Instant::now();
                    server.says(RANGE);
                    assert!(begun.elapsed() < Duration::from_secs(20), "{}: {:?}", manner.name, begun.elapsed());
                }
                assert_eq!(server.counters.connections(), 2, "{}", manner.name);
            });
        }
    });
}

#[test]
fn what_is_wrong_is_what_the_manner_says() {
    for (manner, signs) in [
        ("redirects-302", &["HTTP/1.1 302 ", "location: /real/bucket/object\r\n"][..]),
        ("whole-with-range", &["HTTP/1.1 200 OK", "content-range: bytes 10-29/"]),
        ("another-range", &["HTTP/1.1 206 ", "content-range: bytes 11-30/"]),
        ("size-unsaid", &["content-range: bytes 10-29/*"]),
        ("hints", &["HTTP/1.1 103 Early Hints\r\n", "HTTP/1.1 206 "]),
        ("chunks-of-a-byte", &["transfer-encoding: chunked\r\n", "\r\n1\r\n", "\r\n0\r\n\r\n"]),
        ("chunks-with-trailers", &["\r\n0\r\nx-checksum: abc\r\n"]),
        ("until-the-end-1.0", &["HTTP/1.0 206 "]),
        ("two-lengths", &["content-length: 20\r\n", "content-length: 7\r\n"]),
        ("length-and-chunks", &["content-length: 20\r\n", "transfer-encoding: chunked\r\n"]),
        ("upper-case-names", &["CONTENT-LENGTH: 20\r\n"]),
        ("bare-line-feeds", &["206 Partial Content\ncontent-length: 20\n"]),
        ("no-reason", &["HTTP/1.1 206\r\n"]),
        ("compresses", &["content-encoding: gzip\r\n"]),
        ("bytes-too-many", &["and more"]),
        ("says-408", &["HTTP/1.1 206 ", "HTTP/1.1 408 "]),
        ("empty-object", &["HTTP/1.1 416 ", "content-range: bytes */0"]),
    ] {
        let said = Server::start(manner).says(RANGE);
        assert!(signs.iter().all(|sign| said.contains(sign)), "{manner}: {said}");
    }
    let headers = Server::start("headers-100").says(RANGE);
    let (head, _) = headers.split_once("\r\n\r\n").unwrap();
    assert_eq!(head.lines().count(), 101, "{head}");
}

#[test]
fn the_harness_is_served_as_it_should_be_and_counted_nowhere() {
    let server = Server::start("redirects-puts");
    let put =
        |agent: &str| server.says(&format!("PUT /b/k HTTP/1.1\r\nuser-agent: {agent}\r\ncontent-length: 1\r\n\r\nx"));
    assert!(put("benchmark/0.1").starts_with("HTTP/1.1 200 "));
    assert_eq!(server.counters.requests(), 0);
    assert!(put("library/0.1").starts_with("HTTP/1.1 307 "));
    assert_eq!(server.counters.requests(), 1);
}

#[test]
fn whoever_ends_a_connection_first_is_counted() {
    let ends = |server: &Server| (server.counters.ended_by_client(), server.counters.ended_by_server());
    let server = Server::start("honest");
    server.says(RANGE);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(ends(&server), (1, 0));
    server.says(&RANGE.replace("host: x", "connection: close"));
    assert_eq!(ends(&server), (1, 1));
    let server = Server::start("ends-on-request");
    server.says(&RANGE.repeat(3));
    assert_eq!((ends(&server), server.counters.requests()), ((0, 1), 3));
}

#[test]
fn an_early_answer_comes_before_the_body() {
    let head = "PUT /b/k HTTP/1.1\r\ncontent-length: 1000\r\n\r\n";
    assert!(Server::start("refuses-early").says(head).starts_with("HTTP/1.1 403 "));
    assert!(Server::start("takes-early").says(head).starts_with("HTTP/1.1 200 "));
    assert_eq!(Server::start("redirects-puts").says(head), "");
    let waits = "PUT /b/k HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 1000\r\n\r\n";
    assert_eq!(Server::start("honest").says(waits), "HTTP/1.1 100 Continue\r\n\r\n");
    assert_eq!(Server::start("never-continues").says(waits), "");
}
