//! Targets that are not ours: nginx serving a file, moto speaking S3, a server that knows no ranges.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::support::{Harness, SHORT, eventually, free_port, needs, signal, text};

/// A server that ends with the test.
pub(super) struct Server(pub(super) Child);

impl Drop for Server {
    /// A polite signal: nginx ends its workers then, and a killed one leaves them.
    fn drop(&mut self) {
        signal("TERM", self.0.id());
        self.0.wait().unwrap();
    }
}

/// What opens the locked part of the server.
const KEY: &str = "s3cr3t=abc, def";

pub(super) fn wait_for(port: u16) {
    eventually(Duration::from_secs(20), "the server listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
}

#[test]
fn nginx_serving_a_file_is_measured_without_an_audit() {
    let harness = Harness::new();
    let Some(nginx) = needs("nginx") else { return };
    let (port, folder) = (free_port(), harness.path("www"));
    std::fs::create_dir_all(folder.join("data")).unwrap();
    std::fs::write(folder.join("data/file.bin"), vec![7; 1 << 20]).unwrap();
    std::fs::write(folder.join("data/document.json"), "{\"id\": 7}").unwrap();
    let prefix = folder.display();
    let configuration = format!(
        "daemon off; worker_processes 1; pid {prefix}/pid; error_log stderr; user root; events {{}} \
         http {{ access_log off; client_body_temp_path {prefix}/t1; proxy_temp_path {prefix}/t2; \
         fastcgi_temp_path {prefix}/t3; uwsgi_temp_path {prefix}/t4; scgi_temp_path {prefix}/t5; keepalive_requests 1000000; \
         server {{ listen 127.0.0.1:{port}; root {prefix}; \
         location /locked/ {{ alias {prefix}/data/; if ($http_x_api_key != \"{KEY}\") {{ return 403; }} }} }} }}"
    );
    std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new(nginx);
    command
        .args(["-p", &prefix.to_string(), "-c", &format!("{prefix}/nginx.conf")])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _server = Server(command.spawn().unwrap());
    wait_for(port);

    let file = format!("http://127.0.0.1:{port}/data/file.bin");
    let ended = harness.run(&[&["run-all", "--test", "fetch_range", "--target", &file], &SHORT[..]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let document = format!("http://127.0.0.1:{port}/data/document.json");
    let ended = harness.run(&[&["run-all", "--test", "call_api", "--target", &document], &SHORT[..]].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    // The same, for whoever has the key: it reaches the server from every library.
    let locked =
        ["--target", &format!("http://127.0.0.1:{port}/locked/file.bin"), "--header", &format!("X-Api-Key: {KEY}")];
    let ended = harness.run(&[&["run-all", "--test", "fetch_range"], &locked[..], &SHORT].concat());
    assert_eq!(ended.code, 0, "{ended:?}");
    let said = format!("{ended:?}");
    let database = String::from_utf8_lossy(&std::fs::read(harness.path("benchmark.db")).unwrap()).into_owned();
    assert!(
        database.contains("x-api-key: ***") && ![said, database].iter().any(|text| text.contains(KEY)),
        "{ended:?}"
    );
    let rows = harness.rows();
    assert!(rows.len() >= 15);
    let without = harness.run(&[&["run-test", "hyper", "fetch_range"], &locked[..2], &SHORT].concat());
    assert_eq!(without.code, 3, "{without:?}");
    assert!(without.stdout.contains("status 403"), "{without:?}");
    for row in &rows {
        assert_eq!(text(row, "verdict"), "valid", "{row}");
        assert!(text(row, "marks").contains("no_audit"), "{row}");
        assert!(row["origin_requests"].is_null() && row["origin_cpu_share"].is_null(), "{row}");
        assert!(text(row, "target").starts_with("http://127.0.0.1:"), "{row}");
    }
}

#[test]
fn an_s3_bucket_is_listed_and_measured_with_the_usual_credentials() {
    let harness = Harness::new();
    let Some((_server, port)) = moto() else { return };
    for path in ["/data", "/data/a%20key", "/data/folder/b"] {
        let body = if path == "/data" { vec![] } else { vec![7; 100_000] };
        put(port, path, &body);
    }
    put(port, "/data/small", b"less than a range");
    put(port, "/empty", b"");

    let endpoint = format!("http://127.0.0.1:{port}");
    let credentials = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1")];
    let arguments =
        ["run-all", "--test", "fetch_range", "--target", "s3://data", "--endpoint", &endpoint, "--concurrency", "4"];
    let mut command = harness.command(&[&arguments[..], &SHORT[..]].concat());
    let output = command.envs(credentials).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    for row in harness.rows() {
        assert_eq!(text(&row, "verdict"), "valid", "{row}");
        assert!(
            text(&row, "marks").contains("no_audit") && text(&row, "test_params").contains("\"signed\":\"true\""),
            "{row}"
        );
    }
    std::fs::remove_file(harness.path("benchmark.db")).unwrap();
    let arguments = ["run-test", "baseline", "fetch_range", "--target", "s3://empty", "--endpoint", &endpoint];
    let output = harness.command(&arguments).envs(credentials).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&harness.rows()[0], "invalid_reason").contains("bucket `empty`"), "{}", harness.rows()[0]);
}

/// A server of S3 that is not ours, and its port.
pub(super) fn moto() -> Option<(Server, u16)> {
    let moto = std::env::var_os("BENCHMARK_TEST_MOTO").map(PathBuf::from).filter(|path| path.is_file());
    let mut command = Command::new(moto.or_else(|| needs("moto_server"))?);
    let port = free_port();
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
    let server = Server(command.spawn().unwrap());
    wait_for(port);
    Some((server, port))
}

/// An unsigned PUT, as moto accepts it.
pub(super) fn put(port: u16, path: &str, body: &[u8]) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-length: {}\r\nconnection: close\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_server_that_answers_a_range_with_200_fails_verification() {
    let harness = Harness::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("http://{}/folder/file.bin", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let _ = stream.read(&mut head);
            let body = [0; 20_000];
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(&body);
        }
    });
    let ended = harness.run(&[&["run-all", "--test", "fetch_range", "--target", &target], &SHORT[..]].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    for row in harness.rows() {
        assert!(text(&row, "invalid_reason").starts_with("verify: "), "{row}");
        assert!(row["requests_per_second"].is_null(), "{row}");
    }
}
