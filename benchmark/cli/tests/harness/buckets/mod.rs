//! Buckets that are not ours, at two servers of S3: what runs put there is removed, whatever becomes of them, and a stranger's objects are
//! none of their business.

mod endpoints;
mod every_test;
mod interruption;
mod leave;
mod leftovers;
mod servers;

use std::process::Command;

use self::servers::Server;
use super::support::Harness;

/// The command against a server's bucket, with credentials where the server wants some.
fn command(harness: &Harness, server: &dyn Server, arguments: &[&str]) -> Command {
    let endpoint = server.endpoint();
    let at = ["--target", "s3://data", "--endpoint", &endpoint];
    let mut command = harness.command(&[arguments, &at[..]].concat());
    credentials(&mut command, server);
    command
}

fn credentials(command: &mut Command, server: &dyn Server) {
    if server.is_signed() {
        command.envs([("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", "us-east-1")]);
    }
}
