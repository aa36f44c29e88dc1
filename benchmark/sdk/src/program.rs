//! The way of a replica: construct, verify, wait for `start`, run, report, wait for `bye`.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::{CoordinatorMessage, Object, ReplicaMessage, ReplicaResult};
use benchmark_protocol::operation::ByOperation;
use benchmark_protocol::tests::{Test, Trail, VERIFICATION};
use clap::{CommandFactory, FromArgMatches};

use crate::bare::Bare;
use crate::client::{AsyncClient, BlockingClient};
use crate::clock::{now_ns, sleep_until};
use crate::engine::Engine;
use crate::environment;
use crate::failure::Failure;
use crate::load::arrivals::Arrivals;
use crate::load::asynchronous::Asynchronous;
use crate::load::blocking::Blocking;
use crate::load::schedule::Schedule;
use crate::load::{Load, watch};
use crate::measured::Program;
use crate::options::Options;
use crate::request::Request;
use crate::resources;
use crate::response::Response;
use crate::session::Session;
use crate::summary;
use crate::workload::Workload;

/// How far ahead a replica on its own sets its start.
const START_LEAD: Duration = Duration::from_millis(15);

/// How long before the start a runtime is left alone: its timers are late by up to 2 ms.
const SETTLED_AHEAD: Duration = Duration::from_millis(5);

/// Runs a test of an async library: the whole of its `main`.
#[must_use]
pub fn run_async<C: AsyncClient>(program: Program) -> ExitCode {
    run::<Asynchronous<C>>(&program)
}

/// Runs a test of a blocking library: the whole of its `main`.
#[must_use]
pub fn run_blocking<C: BlockingClient>(program: Program) -> ExitCode {
    run::<Blocking<C>>(&program)
}

fn run<E: Engine>(program: &Program) -> ExitCode {
    if let Some(error) = environment::leave_proxies() {
        let _ = writeln!(io::stderr(), "error: {error}");
        return ExitCode::from(3);
    }
    let about = format!("The tests of {} {}", program.library, program.version);
    let tests = Test::all().map(|test| format!("\n  {:<14}{}", test.name(), test.summary()));
    let command = Options::command().name(program.library).about(about);
    let matches = command.after_help(format!("Tests:{}", tests.collect::<String>())).get_matches();
    let options = Options::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match perform::<E>(options, program) {
        Ok(1..) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(3),
        Err(reason) => {
            // Nobody may be there to read it.
            let _ = writeln!(io::stderr(), "error: {reason}");
            ExitCode::from(3)
        }
    }
}

/// Returns how many requests succeeded.
fn perform<E: Engine>(mut options: Options, program: &Program) -> Result<u64, String> {
    if options.coordinator.is_none() {
        options.read_ca(std::env::var_os("SSL_CERT_FILE").map(PathBuf::from))?;
    }
    if options.bare { run_bare::<E>(&options) } else { Ok(replicate::<E>(options, program)?.window.successes) }
}

fn replicate<E: Engine>(mut options: Options, program: &Program) -> Result<ReplicaResult, String> {
    let session = Session::connect(&options, program).map_err(|error| error.to_string())?;
    let welcome = welcomed(session.as_ref(), &options);
    let prepared = welcome.and_then(|welcome| {
        let Welcome { replica, seed, objects, ca } = welcome;
        options.ca = ca;
        prepare::<E>(&options, (seed, replica), &objects)
    });
    let options = &options;
    let Prepared { engine, workload, schedule, arrivals, verify, issued } = match prepared {
        Ok(prepared) => prepared,
        Err(Unprepared { reason, verify }) => {
            if let Some(session) = &session {
                // The coordinator may be the very one that refused.
                let _ = session.send(&ReplicaMessage::Failed { reason: reason.clone(), verify: *verify });
            }
            return Err(reason);
        }
    };
    let ready = resources::read(options.own_network);
    let start_ns = match &session {
        None => now_ns() + START_LEAD.as_nanos() as u64,
        Some(session) => {
            session.send(&ReplicaMessage::Ready { resources: ready }).map_err(|error| error.to_string())?;
            match session.receive().map_err(|error| error.to_string())? {
                CoordinatorMessage::Start { at_ns } => at_ns,
                CoordinatorMessage::Bye => return Err("sent away before the start".to_owned()),
                other => return Err(format!("expected `start`, got {other:?}")),
            }
        }
    };
    let threads = engine.threads();
    let load = Arc::new(Load::new(workload, schedule.after(start_ns), arrivals, engine.shape(options)));
    if let Some(session) = &session {
        session.stops(&load);
    }
    let ran = thread::scope(|scope| {
        scope.spawn(|| {
            watch::watch(&load, |tick| {
                if let Some(session) = &session {
                    // A coordinator that is gone ends the process from the listening thread.
                    let _ = session.send(&ReplicaMessage::Tick(tick));
                }
            });
        });
        engine.settle(start_ns.saturating_sub(SETTLED_AHEAD.as_nanos() as u64));
        sleep_until(start_ns);
        load.open_window_without_warm_up();
        engine.run(&load)
    });
    if let Err(reason) = ran {
        if let Some(session) = &session {
            // A coordinator that is gone needs no telling.
            let _ = session.send(&ReplicaMessage::Failed { reason: reason.clone(), verify });
        }
        return Err(reason);
    }
    let result = load.result(program.version, threads, (verify, issued), ready);
    match &session {
        Some(session) => hand_over(session, &result)?,
        None if io::stdout().is_terminal() => print(&summary::text(program, options, &result)),
        None => print(&(serde_json::to_string(&result).map_err(|error| error.to_string())? + "\n")),
    }
    Ok(result)
}

/// Runs the loop without the SDK, and prints what it came to. Returns how many requests that were.
fn run_bare<E: Engine>(options: &Options) -> Result<u64, String> {
    if options.test.ruler().is_none() {
        return Err(format!("there is no bare loop of `{}`: its calls are not one request each", options.test));
    }
    let Prepared { engine, workload, .. } =
        prepare::<E>(options, (options.seed, 0), &[]).map_err(|unprepared| unprepared.reason)?;
    let measured = engine.run_bare(&Bare::new(workload, options.concurrency), options)?;
    print(&(serde_json::to_string(&measured).map_err(|error| error.to_string())? + "\n"));
    Ok(measured.requests)
}

/// A client that is verified against its target.
struct Prepared<E> {
    engine: E,
    workload: Workload,
    /// As if it started at 0.
    schedule: Schedule,
    arrivals: Option<Arrivals>,
    verify: Counts,
    /// The request that verified it.
    issued: ByOperation,
}

/// Why there is none, and the request that was made to find out.
struct Unprepared {
    reason: String,
    verify: Box<Counts>,
}

impl From<String> for Unprepared {
    fn from(reason: String) -> Self {
        Self { reason, verify: Box::default() }
    }
}

/// What a replica is told of the run.
struct Welcome {
    replica: u32,
    seed: u64,
    objects: Vec<Object>,
    ca: Option<String>,
}

/// From the coordinator where there is one.
fn welcomed(session: Option<&Session>, options: &Options) -> Result<Welcome, Unprepared> {
    let Some(session) = session else {
        return Ok(Welcome { replica: 0, seed: options.seed, objects: Vec::new(), ca: options.ca.clone() });
    };
    match session.receive().map_err(|error| error.to_string())? {
        CoordinatorMessage::Welcome { replica, seed, objects, ca } => Ok(Welcome { replica, seed, objects, ca }),
        CoordinatorMessage::Reject { reason } => Err(format!("refused by the coordinator: {reason}").into()),
        other => Err(format!("expected `welcome`, got {other:?}").into()),
    }
}

fn prepare<E: Engine>(
    options: &Options,
    (seed, replica): (u64, u32),
    objects: &[Object],
) -> Result<Prepared<E>, Unprepared> {
    resources::raise_open_files(u64::from(options.pool_size()));
    let mut workload = Workload::new(options, (seed, replica), objects, E::CLIENT_SIGNS)?;
    let arrivals = options.arrivals(seed, replica);
    let engine = E::new(options).map_err(|error| format!("construct: {error}"))?;
    let mut verification =
        Verification { counts: Counts { attempts: 1, ..Counts::default() }, ..Verification::default() };
    if let Err(failure) = verification.call(options, &engine, &mut workload) {
        let mut verify = verification.counts;
        verify.failures.add(failure.kind);
        return Err(Unprepared { reason: format!("verify: {}", failure.text), verify: Box::new(verify) });
    }
    let Verification { counts: mut verify, issued } = verification;
    verify.successes = 1;
    let schedule = Schedule::of(options, arrivals);
    Ok(Prepared { engine, workload, schedule, arrivals, verify, issued })
}

/// The call that is made before `ready`, and what came of it.
#[derive(Default)]
struct Verification {
    counts: Counts,
    /// The requests of the call.
    issued: ByOperation,
}

impl Verification {
    fn call<E: Engine>(&mut self, options: &Options, engine: &E, workload: &mut Workload) -> Result<(), Failure> {
        let (mut response, mut trail) = (Response::default(), Trail::default());
        let first = self.request(options, engine, &workload.verification(), &mut response);
        // A range beyond the object's end is cut short by the server: say that, rather than that bytes are missing.
        let sized = workload.learn(&response);
        first.map_err(|failure| Failure { text: sized.err().unwrap_or(failure.text), kind: failure.kind })?;
        while let Some(next) = workload.next(VERIFICATION, &mut trail, response.answer()) {
            if let Err(failure) = self.request(options, engine, &next, &mut response) {
                if let Some(undo) = workload.undo(VERIFICATION, &trail) {
                    // What cannot be undone stays at the target: the reason is the failure.
                    let _ = self.request(options, engine, &undo, &mut response);
                }
                return Err(failure);
            }
        }
        Ok(())
    }

    fn request<E: Engine>(
        &mut self,
        options: &Options,
        engine: &E,
        request: &Request<'_>,
        response: &mut Response,
    ) -> Result<(), Failure> {
        self.issued[request.operation()] += 1;
        response.expect(request, false);
        // The first request has a connection that has carried nothing yet.
        let carried = options.keep_alive && self.issued.total() > 1;
        engine.verify(options, request, response).map_err(|failure| {
            let mut failure = failure.after(request, response, carried);
            failure.explain();
            failure
        })?;
        response.close();
        request.judge(response.answer())?;
        self.counts.success_bytes += response.answer().length();
        self.counts.sent_bytes += request.sent_bytes();
        Ok(())
    }
}

/// A reader that closed the pipe early has seen what it wanted.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Sends the result and stays until the coordinator says bye: a container that leaves at once is gone from every metric.
fn hand_over(session: &Session, result: &ReplicaResult) -> Result<(), String> {
    let send = || -> io::Result<()> {
        session.send(&ReplicaMessage::Result(Box::new(result.clone())))?;
        while session.receive()? != CoordinatorMessage::Bye {}
        Ok(())
    };
    send().map_err(|error| format!("could not hand over the result: {error}"))
}
