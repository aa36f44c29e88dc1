//! rclone, as any provider's that is none of those it knows.

use std::process::Command;

use super::place::{FILES, Place, fail, needs, run, succeed};
use crate::client::{ACCESS_KEY, SECRET_KEY};

#[test]
fn rclone_does_a_round_trip() {
    let Some(rclone) = needs("rclone", "BENCHMARK_TEST_RCLONE") else { return };
    let place = Place::new("rclone");
    let config = place.folder.join("rclone.conf");
    let text = format!(
        "[origin]\ntype = s3\nprovider = Other\naccess_key_id = {ACCESS_KEY}\nsecret_access_key = {SECRET_KEY}\n\
         endpoint = http://{}\nupload_cutoff = 8M\nchunk_size = 5M\n",
        place.origin.address
    );
    std::fs::write(&config, text).unwrap();
    let command = |arguments: &[&str]| -> Command {
        let mut command = place.command(&rclone);
        // What is refused is refused again: once is enough to see it.
        command.env("RCLONE_CONFIG", &config).env("RCLONE_RETRIES", "1").env("RCLONE_LOW_LEVEL_RETRIES", "1");
        command.args(arguments);
        command
    };
    let rclone = |arguments: &[&str]| succeed(&mut command(arguments));

    assert!(rclone(&["lsd", "origin:"]).contains(" another\n"));
    rclone(&["mkdir", "origin:run"]);
    fail(&mut command(&["mkdir", "origin:nobody-announced-it"]), &["nobody-announced-it"]);

    // Files go out once, with their times.
    let moves_nothing = |text: &str| text.contains("There was nothing to transfer");
    assert!(!moves_nothing(&rclone(&["copy", "-v", "files", "origin:run/ours"])));
    for again in ["copy", "sync"] {
        let text = rclone(&[again, "-v", "files", "origin:run/ours"]);
        assert!(moves_nothing(&text), "{text}");
    }
    let listed = rclone(&["lsl", "origin:run/ours"]);
    let local = rclone(&["lsl", "files"]);
    for (name, length) in FILES {
        let line = local.lines().find(|line| line.ends_with(&format!(" {name}"))).unwrap();
        // A time of a file has nanoseconds, and so has the metadata that it travels in.
        assert!(line.trim_start().starts_with(&length.to_string()) && listed.contains(line.trim()), "{line}: {listed}");
    }
    rclone(&["check", "files", "origin:run/ours"]);
    rclone(&["check", "--download", "files", "origin:run/ours"]);

    // A change is seen, and a file that is gone goes there too.
    std::fs::write(place.folder.join("files/small.txt"), place.sent("small.txt").repeat(2)).unwrap();
    std::fs::write(place.folder.join("files/more"), "more").unwrap();
    assert!(!run(&mut command(&["check", "files", "origin:run/ours"])).success);
    rclone(&["sync", "files", "origin:run/ours"]);
    std::fs::remove_file(place.folder.join("files/more")).unwrap();
    rclone(&["sync", "files", "origin:run/ours"]);
    rclone(&["check", "files", "origin:run/ours"]);

    let part = rclone(&["cat", "--offset", "5", "--count", "0", "origin:run/ours/small.txt"]);
    assert_eq!(part, "");
    rclone(&["copy", "origin:run/ours", "received"]);
    place.assert_received("received");
    // An object of the run is no file whose MD5 its tag could be.
    rclone(&["copyto", "origin:run/object-000001", "own"]);
    assert_eq!(std::fs::metadata(place.folder.join("own")).unwrap().len(), 100_000);

    // Copies stay at the origin.
    let text = rclone(&["copy", "-v", "origin:run/ours", "origin:another/copies"]);
    assert!(text.contains("server-side copy"), "{text}");
    rclone(&["check", "origin:run/ours", "origin:another/copies"]);
    rclone(&["moveto", "origin:run/ours/small.txt", "origin:run/ours/moved.txt"]);
    rclone(&["cleanup", "origin:run"]);

    rclone(&["delete", "origin:run/ours"]);
    assert_eq!(rclone(&["lsf", "-R", "--files-only", "origin:run/ours"]), "");
    place.assert_untouched();
}
