//! Who says too much, comes too often or does not listen holds up nobody.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use super::{Replica, Scene, tick};

/// Strangers who connect without end and say nothing, until this is dropped.
struct Flood {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Flood {
    fn of(address: SocketAddr) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let connect = |over: Arc<AtomicBool>| {
            move || {
                while !over.load(Ordering::Relaxed) {
                    // The run may be over first.
                    drop(TcpStream::connect(address));
                }
            }
        };
        // More than there are CPUs: whoever accepts them never comes to an end of them.
        let threads = (0..16).map(|_| thread::spawn(connect(Arc::clone(&over)))).collect();
        Self { over, threads }
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}

#[test]
fn a_replica_that_ticks_without_end_is_lost() {
    let (ended, ()) = Scene::of(1).play(|address| {
        let (mut replica, _) = Replica::started(address, &json!({}));
        let tick = format!("{}\n", tick("window")).repeat(64);
        while replica.writer.write_all(tick.as_bytes()).is_ok() {}
    });
    let reasons = ended.reasons();
    assert!(reasons[0].starts_with("replica 0 lost: it sent 65 messages in 0."), "{reasons:?}");
    assert!(ended.conducted.replicas[0].ticks.len() < 65);
}

#[test]
fn a_signal_is_heard_under_a_flood() {
    let mut scene = Scene::of(1);
    scene.interrupt = Some(Duration::from_millis(300));
    let (ended, ()) = scene.play(|address| {
        let (_replica, _) = Replica::hello(address, &json!({}));
        let _flood = Flood::of(address);
        thread::sleep(Duration::from_secs(3));
    });
    assert!(ended.conducted.interrupted);
    assert!(ended.took < Duration::from_secs(2), "{:?}", ended.took);
}

#[test]
fn a_deadline_is_kept_under_a_flood() {
    let (ended, ()) = Scene::of(1).play(|address| {
        let replica = Replica::hello(address, &json!({}));
        let _flood = Flood::of(address);
        // What became of it is waited for 2 s.
        drop(replica);
        thread::sleep(Duration::from_secs(5));
    });
    assert_eq!(ended.reasons(), ["replica 0 lost: it closed its connection"]);
    assert!(ended.took < Duration::from_secs(4), "{:?}", ended.took);
}

#[test]
fn a_replica_that_does_not_read_holds_up_nobody_but_itself() {
    // More than the sockets' buffers take.
    let (ended, took) = Scene::of(2).with_objects(1_200).play(|address| {
        let deaf = Replica::greet(address, &json!({"replica": 0}));
        let since = Instant::now();
        let mut other = Replica::greet(address, &json!({"replica": 1}));
        let mut welcome = [0; 32];
        other.reader.read_exact(&mut welcome).unwrap();
        assert_eq!(&welcome, br#"{"type":"welcome","replica":1,"s"#);
        let took = since.elapsed();
        let _ = std::io::copy(&mut other.reader, &mut std::io::sink());
        drop(deaf);
        took
    });
    assert_eq!(ended.reasons(), ["replica 0 lost: it read nothing for 5 s"]);
    assert!(took + Duration::from_secs(2) < ended.took, "welcomed after {took:?} of {:?}", ended.took);
}
