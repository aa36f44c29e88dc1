//! A child and all that it starts: cargo's compilers, compose's plugin. They end together.

use std::io;
use std::process::{ExitStatus, Output};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// A child that leads a process group of its own, which a Ctrl-C at the terminal does not reach. Dropping it before its end kills the
/// whole group.
#[derive(Debug)]
pub struct Group {
    child: Child,
    /// Until its end is known: the number may be another group's afterwards.
    leader: Option<Pid>,
}

impl Group {
    /// Starts a command as the leader of a group.
    ///
    /// # Errors
    /// When it does not start.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.process_group(0).spawn()?;
        let leader = child.id().map(|pid| Pid::from_raw(pid.cast_signed()));
        Ok(Self { child, leader })
    }

    /// Its standard output, once, where it is a pipe.
    pub const fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard error, once, where it is a pipe.
    pub const fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// Waits for the leader's end. May be dropped at any time.
    ///
    /// # Errors
    /// When it is lost from sight.
    pub async fn wait(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await?;
        self.leader = None;
        Ok(status)
    }

    /// Waits for the leader's end, and takes what it printed.
    ///
    /// # Errors
    /// When it is lost from sight.
    pub async fn output(mut self) -> io::Result<Output> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let (out, err) = (self.stdout(), self.stderr());
        let read_out = async {
            match out {
                Some(mut out) => out.read_to_end(&mut stdout).await,
                None => Ok(0),
            }
        };
        let read_err = async {
            match err {
                Some(mut err) => err.read_to_end(&mut stderr).await,
                None => Ok(0),
            }
        };
        tokio::try_join!(read_out, read_err)?;
        let status = self.wait().await?;
        Ok(Output { status, stdout, stderr })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // Nothing is left to do about one that cannot be killed; tokio buries the leader.
            let _ = killpg(leader, Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Stdio;
    use std::time::Duration;

    use super::*;
    use crate::machine::process::stat_fields;

    /// Whether a process is there and not just waiting to be buried.
    fn runs(pid: u32) -> bool {
        stat_fields(pid).is_some_and(|fields| fields[0] != "Z")
    }

    #[tokio::test]
    async fn what_a_child_has_started_ends_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo $!; wait"]).stdout(Stdio::piped());
        let mut group = Group::spawn(&mut command).unwrap();
        let mut stdout = group.stdout().unwrap();
        let mut line = [0; 32];
        let read = stdout.read(&mut line).await.unwrap();
        let grandchild: u32 = String::from_utf8_lossy(&line[..read]).trim().parse().unwrap();
        assert!(runs(grandchild));
        drop(group);
        for _ in 0..100 {
            if !runs(grandchild) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the grandchild {grandchild} is left");
    }

    #[tokio::test]
    async fn both_streams_are_taken_to_their_ends() {
        let mut command = Command::new("sh");
        command.args(["-c", "yes | head -c 300000; yes no | head -c 300000 >&2; exit 3"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = Group::spawn(&mut command).unwrap().output().await.unwrap();
        assert_eq!((output.stdout.len(), output.stderr.len(), output.status.code()), (300_000, 300_000, Some(3)));
    }
}
