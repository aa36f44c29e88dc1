//! A container is removed or killed, cannot start, or the Engine goes away. Each row says which, and nothing is left behind.

use std::fs;
use std::io::{self, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::support::{Containers, LONG, assert_valid, docker, engine_socket};
use crate::harness::support::{SHORT, text};

#[test]
fn a_removed_container_ends_its_run_with_that_reason() {
    let Some(containers) = Containers::new() else { return };
    let started = containers.start(&[&LONG[..], &["2"]].concat());
    let replicas = started.containers();
    assert_eq!(replicas.len(), 2);
    docker(&["rm", "-f", &replicas[0]]);
    let ended = started.wait();
    assert_eq!(ended.code, 3, "{ended:?}");
    let row = containers.row();
    let reason = text(&row, "invalid_reason");
    assert!(reason.starts_with("replica ") && reason.contains(" lost: "), "{reason}");
    // Which of the two is seen first is the Engine's affair.
    assert!(reason.contains("its container was removed") || reason.contains("killed by signal 9"), "{reason}");
}

#[test]
fn a_container_that_needs_more_memory_than_it_may_have_is_out_of_memory() {
    let Some(containers) = Containers::new() else { return };
    let ended = containers.run(&[&LONG[..], &["2", "--memory", "6MiB", "--concurrency", "2000"]].concat());
    assert_eq!(ended.code, 3, "{ended:?}");
    let row = containers.row();
    let reason = text(&row, "invalid_reason");
    assert!(reason.contains("lost: out of memory") && reason.contains("limit of 6 MiB"), "{reason}");
    assert_eq!(row["memory_limit_bytes"], 6 << 20, "{row}");
}

#[test]
fn an_image_that_cannot_start_is_named_and_the_next_run_is_fine() {
    let Some(containers) = Containers::new() else { return };
    let arguments = [&["run-test", "baseline", "call_api", "--replicas", "2"], &SHORT[..]].concat();
    let images = containers.run(&["images", "baseline"]);
    assert_eq!(images.code, 0, "{images:?}");
    let image = images.stdout.lines().find(|line| line.starts_with("benchmark/baseline:")).unwrap();
    let broken = Broken::take_the_place_of(image);
    let ended = containers.run(&arguments);
    assert_eq!(ended.code, 3, "{ended:?}");
    let row = containers.row();
    let reason = text(&row, "invalid_reason");
    assert!(reason.contains("could not start the containers"), "{reason}");
    assert!(reason.contains("/baseline") && reason.contains("no such file or directory"), "{reason}");
    drop(broken);
    fs::remove_file(containers.harness.path("benchmark.db")).unwrap();
    let ended = containers.run(&arguments);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_valid(&containers.row());
}

#[test]
fn an_engine_that_goes_away_ends_the_run_and_the_next_command_cleans_up() {
    let Some(containers) = Containers::new() else { return };
    let engine = Relay::to(&engine_socket(), containers.harness.path("engine.sock"));
    let mut command = containers.command(&[&LONG[..], &["2"]].concat());
    command.env("DOCKER_HOST", format!("unix://{}", engine.path.display()));
    let started = containers.start_command(command);
    let left = started.left();
    assert_eq!(left.len(), 3, "two containers and their network: {left:?}");
    engine.cut();
    let ended = started.end();
    assert_eq!(ended.code, 3, "{ended:?}");
    let row = containers.row();
    let reason = text(&row, "invalid_reason");
    assert!(reason.contains("the Docker Engine was lost from sight"), "{reason}");
    assert!(ended.stderr.contains("docker network rm benchmark-"), "what is left is named: {}", ended.stderr);
    let doctor = containers.run(&["doctor"]);
    assert_eq!(doctor.code, 0, "{doctor:?}");
    let gone = |thing: &String| !Command::new("docker").args(["inspect", thing]).output().unwrap().status.success();
    assert!(left.iter().all(gone), "{left:?} after {doctor:?}");
}

/// An image without any program under another one's name, until this is dropped.
struct Broken {
    image: String,
    good: String,
}

impl Broken {
    fn take_the_place_of(image: &str) -> Self {
        let good = docker(&["image", "inspect", "--format", "{{.Id}}", image]).trim().to_owned();
        let broken = Self { image: image.to_owned(), good };
        let mut import = Command::new("docker");
        let mut import =
            import.args(["import", "-", image]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        // Two blocks of zeros are an archive of nothing.
        import.stdin.take().unwrap().write_all(&[0; 1024]).unwrap();
        assert!(import.wait().unwrap().success());
        broken
    }
}

impl Drop for Broken {
    fn drop(&mut self) {
        let broken = docker(&["image", "inspect", "--format", "{{.Id}}", &self.image]);
        let (name, _) = self.image.split_once(':').unwrap();
        docker(&["tag", &self.good, &self.image]);
        docker(&["tag", &self.good, &format!("{name}:latest")]);
        docker(&["rmi", broken.trim()]);
    }
}

/// Stands between the command and the Engine, until it is cut.
pub(super) struct Relay {
    pub(super) path: PathBuf,
    /// `None` once it is cut.
    open: Arc<Mutex<Option<Vec<UnixStream>>>>,
}

impl Relay {
    pub(super) fn to(engine: &Path, path: PathBuf) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        let (engine, open) = (engine.to_owned(), Arc::new(Mutex::new(Some(Vec::new()))));
        let streams = Arc::clone(&open);
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(streams) = streams.as_mut() else { return };
                let far = UnixStream::connect(&engine).unwrap();
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    thread::spawn(move || {
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
                streams.extend([near, far]);
            }
        });
        Self { path, open }
    }

    fn cut(&self) {
        fs::remove_file(&self.path).unwrap();
        let streams = self.open.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
        for stream in streams {
            // One that is over already cannot be shut down.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}
