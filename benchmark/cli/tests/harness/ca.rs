//! Certificates of one's own: nginx behind a throw-away authority, and every library that speaks TLS.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::support::{Ended, Harness, SHORT, ended, free_port, needs, text};
use super::targets::{Server, moto, put, wait_for};

/// The libraries that speak TLS, with the test that they all have.
pub(crate) const LIBRARIES: [&str; 10] = [
    "--library",
    "reqwest",
    "--library",
    "ureq",
    "--library",
    "object_store",
    "--library",
    "aws-sdk-s3",
    "--test",
    "fetch_range",
];

/// nginx that serves a file by a certificate which an authority of its own signed.
pub(crate) struct Signed {
    pub(crate) port: u16,
    /// The authority's certificate.
    pub(crate) ca: PathBuf,
    _server: Server,
}

impl Signed {
    /// Serves this host, also by another address of it; whatever is asked below `/data` that is no file of ours is `behind`'s to answer.
    pub(crate) fn start(folder: &Path, address: &str, behind: Option<u16>) -> Option<Self> {
        let (nginx, openssl) = (needs("nginx")?, needs("openssl")?);
        let port = free_port();
        std::fs::create_dir_all(folder.join("data")).unwrap();
        std::fs::write(folder.join("data/file.bin"), vec![7; 1 << 20]).unwrap();
        let run = |arguments: &str| {
            let mut command = Command::new(&openssl);
            let output = command.args(arguments.split(' ')).current_dir(folder).output().unwrap();
            assert!(output.status.success(), "{arguments}: {output:?}");
        };
        std::fs::write(folder.join("names"), format!("subjectAltName=IP:127.0.0.1,IP:{address}\n")).unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        run(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=authority"));
        run(&format!("req {key} -keyout server.key -out server.csr -subj /CN=server"));
        run("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names");
        let prefix = folder.display();
        let location = behind.map(|port| {
            format!("location /data {{ proxy_pass http://127.0.0.1:{port}; proxy_set_header Host $http_host; }}")
        });
        let configuration = format!(
            "daemon off; worker_processes 1; pid {prefix}/pid; error_log stderr; user root; events {{}} \
             http {{ access_log off; client_body_temp_path {prefix}/t1; proxy_temp_path {prefix}/t2; \
             fastcgi_temp_path {prefix}/t3; uwsgi_temp_path {prefix}/t4; scgi_temp_path {prefix}/t5; keepalive_requests 1000000; \
             server {{ listen 0.0.0.0:{port} ssl; root {prefix}; ssl_certificate {prefix}/server.pem; \
             ssl_certificate_key {prefix}/server.key; {} }} }}",
            location.unwrap_or_default()
        );
        std::fs::write(folder.join("nginx.conf"), configuration).unwrap();
        let mut command = Command::new(nginx);
        command
            .args(["-p", &prefix.to_string(), "-c", &format!("{prefix}/nginx.conf")])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Server(command.spawn().unwrap());
        wait_for(port);
        Some(Self { port, ca: folder.join("ca.pem"), _server: server })
    }
}

/// The kinds of failure that the replicas of the database's runs counted as they verified their target.
pub(crate) fn verified(harness: &Harness) -> String {
    let database = std::fs::read(harness.path("benchmark.db")).unwrap();
    String::from_utf8_lossy(&database).into_owned()
}

#[test]
fn every_library_trusts_the_authority_that_is_named_and_says_how_to_name_one() {
    let harness = Harness::new();
    let folder = harness.path("www");
    std::fs::create_dir(&folder).unwrap();
    let Some(nginx) = Signed::start(&folder, "127.0.0.1", None) else { return };
    let target = format!("https://127.0.0.1:{}/data/file.bin", nginx.port);
    let ca = nginx.ca.display().to_string();
    let arguments = |more: &[&str]| {
        let all = [&["run-all"], &LIBRARIES[..], &["--target", &target], more, &SHORT].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let command = |more: &[&str]| harness.command(&arguments(more).iter().map(String::as_str).collect::<Vec<_>>());

    let flag = ended(command(&["--ca", &ca]).output().unwrap());
    assert_eq!(flag.code, 0, "{flag:?}");
    let rows = harness.rows();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_eq!(text(row, "verdict"), "valid", "{row}");
        assert!(text(row, "ca").starts_with("ca.pem (") && text(row, "command").contains(&ca), "{row}");
    }
    // The same case, as other programs are told of it.
    let variable = ended(command(&[]).env("SSL_CERT_FILE", &ca).output().unwrap());
    assert_eq!(variable.code, 0, "{variable:?}");
    let again = harness.rows();
    assert!(again.iter().all(|row| row["ca"] == rows[0]["ca"]), "{again:?}");

    std::fs::remove_file(harness.path("benchmark.db")).unwrap();
    let without = ended(command(&[]).output().unwrap());
    assert_eq!(without.code, 3, "{without:?}");
    for row in harness.rows() {
        let reason = text(&row, "invalid_reason");
        assert!(reason.starts_with("verify: ") && reason.contains("`--ca FILE`"), "{row}");
    }
    assert_eq!(verified(&harness).matches("\"tls\":1").count(), 4);
    // A library by itself.
    let alone = |more: &[&str]| -> Ended {
        let mut command = Command::new(program("reqwest"));
        let options = ["--test", "fetch_range", "--duration", "100ms", "--warmup", "0s", "--target", &target];
        ended(command.args(options).args(more).env_remove("SSL_CERT_FILE").output().unwrap())
    };
    assert_eq!(alone(&["--ca", &ca]).code, 0);
    let refused = alone(&[]);
    assert!(refused.code == 3 && refused.stderr.contains("`--ca FILE`"), "{refused:?}");
    let absent = alone(&["--ca", "/no/such.pem"]);
    assert!(absent.code == 3 && absent.stderr.contains("`/no/such.pem`"), "{absent:?}");
}

/// The program of a library, as a run has built it.
fn program(library: &str) -> PathBuf {
    let entries = std::fs::read_dir(crate::harness::support::target().join("libraries")).unwrap().flatten();
    let mut programs = entries.map(|entry| entry.path().join("release").join(library));
    programs.find(|path| path.is_file()).unwrap()
}

#[test]
fn the_harness_lists_a_bucket_behind_the_same_authority() {
    let harness = Harness::new();
    let Some((_moto, behind)) = moto() else { return };
    let folder = harness.path("www");
    std::fs::create_dir(&folder).unwrap();
    let Some(nginx) = Signed::start(&folder, "127.0.0.1", Some(behind)) else { return };
    for path in ["/data", "/data/a", "/data/b"] {
        put(behind, path, if path == "/data" { &[] } else { &[7; 100_000] });
    }
    let (endpoint, ca) = (format!("https://127.0.0.1:{}", nginx.port), nginx.ca.display().to_string());
    let bucket = ["--target", "s3://data", "--endpoint", &endpoint, "--concurrency", "4"];
    let arguments = [&["run-test", "object_store", "fetch_range"], &bucket[..], &SHORT].concat();
    let signed = |more: &[&str]| {
        let keys = [("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1")];
        ended(harness.command(&[&arguments[..], more].concat()).envs(keys).output().unwrap())
    };
    let with = signed(&["--ca", &ca]);
    assert_eq!(with.code, 0, "{with:?}");
    std::fs::remove_file(harness.path("benchmark.db")).unwrap();
    let without = signed(&[]);
    assert_eq!(without.code, 3, "{without:?}");
    assert!(text(&harness.rows()[0], "invalid_reason").contains("bucket `data`"), "{}", harness.rows()[0]);
}

#[test]
fn a_file_that_holds_none_is_named_before_anything_runs() {
    let harness = Harness::new();
    std::fs::write(harness.path("empty.pem"), "").unwrap();
    let arguments = |target: &'static str| ["run-test", "reqwest", "fetch_range", "--target", target];
    let https = arguments("https://127.0.0.1:1/a/b");
    for (more, says) in
        [(["--ca", "absent.pem"], "`absent.pem`"), (["--ca", "empty.pem"], "`empty.pem`: it holds no certificate")]
    {
        let ran = harness.run(&[&https[..], &more].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
    let variable = harness.command(&https).env("SSL_CERT_FILE", "empty.pem").output().unwrap();
    let said = String::from_utf8_lossy(&variable.stderr).into_owned();
    assert!(variable.status.code() == Some(2) && said.contains("SSL_CERT_FILE: `empty.pem`"), "{said}");
    let good = concat!(env!("CARGO_MANIFEST_DIR"), "/src/case/testdata/ca.pem");
    for target in [&arguments("http://127.0.0.1:1/a/b")[..], &["run-test", "reqwest", "fetch_range"]] {
        let ran = harness.run(&[target, &["--ca", good]].concat());
        assert!(ran.code == 2 && ran.stderr.contains("goes with an https"), "{ran:?}");
    }
    assert!(!harness.path("benchmark.db").exists());
}
