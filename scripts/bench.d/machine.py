"""What `scripts/bench` measures with: builds programs, starts them on their cores, and ends every one of them."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
# Debian keeps nginx where only root looks.
os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))
HOW_TO_GET = {
    "wrk": "apt-get install wrk",
    "nginx": "apt-get install nginx-light",
    "oha": "cargo install oha --locked",
    "cargo": "https://rustup.rs",
}


class Missing(Exception):
    """A program that a figure needs is not installed."""


class Failed(Exception):
    """Something did not do what a figure needs it to do."""


class Machine:
    """Starts programs on their cores, and ends every one of them."""

    def __init__(self, options):
        self.origin_cpus, self.client_cpus = options.origin_cpus, options.client_cpus
        self.running, self.homes = [], []
        self.built = set()
        needs("cargo")
        self.triple = re.search(r"host: (\S+)", run(["rustc", "-vV"], cwd=ROOT).stdout)[1]
        # The checkout's configuration of cargo names the target.
        self.release = TARGET / self.triple / "release"
        # Last, so that nothing fails between making it and whoever removes it.
        self.folder = Path(tempfile.mkdtemp(prefix="benchmark-bench-"))

    def build(self, *arguments, library=None, checkout=ROOT, target=TARGET):
        """`cargo build --release`; a library as the harness builds it (benchmark/cli/src/library/rust.rs)."""
        if (library, arguments, checkout) in self.built:
            return
        command, environment = ["cargo", "build", "--release", "--locked", *arguments], dict(os.environ)
        if library:
            command += ["--package", f"benchmark-test-{library}"]
            command += ["--target", self.triple, "--target-dir", str(target / "libraries")]
            environment["RUSTFLAGS"] = "-C target-feature=+crt-static" if "linux" in self.triple else ""
            environment.pop("CARGO_ENCODED_RUSTFLAGS", None)
        print(f"building {library or 'the harness'} {' '.join(arguments)}", file=sys.stderr)
        run(command, cwd=checkout, env=environment)
        self.built.add((library, arguments, checkout))

    def harness(self):
        self.build("--package", "benchmark", "--bin", "benchmark")
        return str(self.release / "benchmark")

    def example(self, name):
        """A program of benchmark/cli/examples."""
        self.build("--package", "benchmark", "--example", name)
        return str(self.release / "examples" / name)

    def program(self, library):
        """A library's program, of all its tests."""
        self.build(library=library)
        return str(TARGET / "libraries" / self.triple / "release" / library)

    def program_before(self, commit, library, test):
        """A library's program as it was at another commit, in a copy that is kept."""
        found = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}"], capture_output=True, text=True, cwd=ROOT)
        if found.returncode:
            raise Failed(f"--before `{commit}` names no commit: `git log --oneline` lists them")
        target = TARGET / "before" / found.stdout.strip()[:12]
        checkout = target / "checkout"
        if not checkout.exists():
            checkout.mkdir(parents=True)
            run(["sh", "-c", f"git archive {found.stdout.strip()} | tar -x -C '{checkout}'"], cwd=ROOT)
        self.build(library=library, checkout=checkout, target=target)
        release = target / "libraries" / self.triple / "release"
        programs = [release / library, release / f"{library}-{test}"]
        return next((str(program) for program in programs if program.is_file()), None)

    def start(self, command, cpus, **options):
        """Starts a program on these CPUs, in a process group of its own."""
        pin = lambda: os.sched_setaffinity(0, cpus)
        options = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True, "cwd": ROOT} | options
        process = subprocess.Popen(command, preexec_fn=pin, start_new_session=True, **options)
        self.running.append(process)
        return process

    def measure(self, command, cpus=None):
        """Runs a program to its end: its output, wall seconds, CPU seconds and peak memory."""
        with tempfile.TemporaryFile("w+", dir=self.folder) as errors:
            began = time.monotonic()
            process = self.start(command, cpus or self.client_cpus, stderr=errors)
            output = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.monotonic() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            self.running.remove(process)
            if process.returncode:
                errors.seek(0)
                text = f"{output}{errors.read()}"[-3000:]
                raise Failed(f"`{' '.join(command)}` ended with {process.returncode}\n{text}")
        return output, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024

    def end(self, process):
        """Asks first: the harness takes its replicas and its origin with it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, number)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(5)
        self.running.remove(process)

    def clean(self):
        for process in list(self.running):
            self.end(process)
        for folder in (self.folder, *self.homes):
            shutil.rmtree(folder, ignore_errors=True)

    def origin(self, object_size="64MiB", environment=None):
        """Our origin: its process, and the URL of a bucket."""
        command = [self.harness(), "origin", "--listen", "127.0.0.1:0", "--object-size", object_size]
        variables = os.environ | (environment or {})
        process = self.start(command, self.origin_cpus, stderr=subprocess.DEVNULL, env=variables)
        return process, f"http://{json.loads(process.stdout.readline())['listening']}/bench"

    def nginx(self, size, dav=False):
        """nginx at its best: one worker, no log, one file in the page cache; with `dav` its files are in memory, and may be put. Its
        process, and the file's URL."""
        needs("nginx")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        home = Path(tempfile.mkdtemp(dir="/dev/shm" if dav else self.folder, prefix="benchmark-bench-"))
        self.homes.append(home)
        (home / "object").write_bytes(os.urandom(1 << 20) * (size >> 20))
        (home / "nginx.conf").write_text(NGINX.format(home=home, port=port, dav=DAV if dav else ""))
        command = ["nginx", "-p", str(home), "-e", "stderr", "-c", str(home / "nginx.conf")]
        process = self.start(command, self.origin_cpus)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return process, f"http://127.0.0.1:{port}/object"
            time.sleep(0.02)
        raise Failed("nginx does not listen")


# tcp_nopush sends the head with the body: without it 16 KiB ranges cost nginx and its clients a third more.
NGINX = """daemon off; master_process off; worker_processes 1; pid {home}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 600s;
    open_file_cache max=16 inactive=600s; open_file_cache_valid 600s;
    client_body_temp_path {home}; proxy_temp_path {home}; fastcgi_temp_path {home}; uwsgi_temp_path {home};
    scgi_temp_path {home};
    {dav}
    server {{ listen 127.0.0.1:{port}; root {home}; }}
}}
"""


# A body of up to 2 MiB is taken in one piece; it is written to a file next to its place, and moved there.
DAV = "dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 0; client_body_buffer_size 2m;"


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise Failed(f"`{' '.join(command)}` ended with {done.returncode}\n{done.stderr[-3000:]}")
    return done


def missing(program):
    """How to get a program that is not there; nothing of one that is."""
    return None if shutil.which(program) else f"`{program}` is needed: {HOW_TO_GET[program]}"


def needs(program):
    """Says how to get a program that is not there."""
    if how := missing(program):
        raise Missing(how)


def cpu_seconds(process):
    """User and system CPU time of a running process: fields 14 and 15 of its stat, in ticks of some 10 ms."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
