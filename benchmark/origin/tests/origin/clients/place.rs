//! Where a client works: a run that must be signed for, files to send, and a home that holds nothing of this machine's user.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::RwLockWriteGuard;
use std::time::{Duration, Instant};

use benchmark_protocol::content::split_mix;

use crate::client::{ACCESS_KEY, Origin, SECRET_KEY, takes_cpus};
use crate::s3::S3;

/// What every client is sent out with, below `files`.
pub(super) const FILES: [(&str, usize); 4] =
    [("small.txt", 10_000), ("empty", 0), ("large.bin", 20 << 20), ("a folder/with space, ünïcode & ✓.txt", 100)];

/// The key of an object that was there before, and is none of a client's business.
const KEPT: &str = "others/kept";

/// How long one command may take. They take a second or two; one that waits for an answer of ours gives up, and asks again, after
/// a minute.
const PATIENCE: Duration = Duration::from_secs(50);

pub(super) struct Place {
    pub(super) origin: Origin,
    pub(super) folder: PathBuf,
    _cpus: RwLockWriteGuard<'static, ()>,
}

/// What a command came to.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) success: bool,
    /// Both of its streams.
    pub(super) text: String,
}

/// The program that the variable names, or that is on the path. Elsewhere the test is skipped visibly, and fails in CI.
pub(super) fn needs(program: &str, variable: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        named.or_else(|| std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.is_file()));
    let found = found.filter(|path| path.is_file());
    if found.is_none() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{program} is needed in CI (scripts/test sees to it)");
        eprintln!("skipped: needs {program} (on the PATH, or named with {variable})");
    }
    found
}

impl Place {
    pub(super) fn new(client: &str) -> Self {
        let cpus = takes_cpus();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("client-{client}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let mut state = 1;
        for (name, length) in FILES {
            let path = folder.join("files").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut bytes = Vec::with_capacity(length + 8);
            while bytes.len() < length {
                bytes.extend_from_slice(&split_mix(&mut state).to_le_bytes());
            }
            bytes.truncate(length);
            fs::write(path, bytes).unwrap();
        }
        let origin = Origin::start();
        origin.announce("run", |contract| contract.signed = true, &[]);
        origin.announce("another", |contract| contract.signed = true, &[]);
        assert_eq!(S3::new(&origin, "run", SECRET_KEY).put(KEPT, b"kept").status, 200);
        Self { origin, folder, _cpus: cpus }
    }

    /// A command at this place, with no environment but what is said here.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(&self.folder).env("HOME", &self.folder).env("LANG", "C.UTF-8");
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
    }

    /// The environment that aws and boto3 are configured by.
    pub(super) fn aws_environment(&self, command: &mut Command) {
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.origin.address))
            .env("AWS_CONFIG_FILE", self.folder.join("aws-config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", self.folder.join("no-credentials"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("PYTHONDONTWRITEBYTECODE", "1");
        fs::write(self.folder.join("aws-config"), "[default]\ns3 =\n  addressing_style = path\n").unwrap();
    }

    pub(super) fn sent(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join("files").join(name)).unwrap()
    }

    /// Whether a folder has every file as it was sent.
    pub(super) fn assert_received(&self, folder: &str) {
        for (name, _) in FILES {
            let path = self.folder.join(folder).join(name);
            let received = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(received == self.sent(name), "{name} came back with other bytes, {} of them", received.len());
        }
    }

    /// Whether nothing is left of `ours/`, and everything else is what it was.
    pub(super) fn assert_untouched(&self) {
        let s3 = S3::new(&self.origin, "run", SECRET_KEY);
        let keys: Vec<_> = s3.list(|_| {}).contents.into_iter().map(|object| object.key).collect();
        let mut expected: Vec<_> = (0..8).map(benchmark_protocol::content::key).collect();
        expected.push(KEPT.to_owned());
        assert_eq!(keys, expected);
        assert_eq!(s3.get(KEPT, "").text(), "kept");
        assert_eq!(s3.get("object-000001", "").body.len(), 100_000);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// Runs a command to its end.
pub(super) fn run(command: &mut Command) -> Ended {
    let (mut read, write) = std::io::pipe().unwrap();
    command.stdin(Stdio::null()).stdout(write.try_clone().unwrap()).stderr(write);
    let mut child = command.spawn().unwrap();
    // It keeps the other end of the pipe otherwise.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let text = std::thread::spawn(move || {
        let mut text = Vec::new();
        read.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned())
    });
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let text = text.join().unwrap().unwrap();
    assert!(status.is_some(), "not within {PATIENCE:?}: {command:?}\n{text}");
    Ended { success: status.is_some_and(|status| status.success()), text }
}

/// Runs a command that must succeed, and returns what it said.
pub(super) fn succeed(command: &mut Command) -> String {
    let ended = run(command);
    assert!(ended.success, "{command:?}\n{}", ended.text);
    ended.text
}

/// Runs a command that must fail with all of these in what it says.
pub(super) fn fail(command: &mut Command, with: &[&str]) {
    let ended = run(command);
    assert!(!ended.success && with.iter().all(|part| ended.text.contains(part)), "{command:?}\n{}", ended.text);
}
