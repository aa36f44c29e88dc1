"""Figures of what is not a GET: puts against nginx, listings beside moto, and a mix whose memory stays flat."""

import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import time
import urllib.request
from pathlib import Path

from loads import CONCURRENCY, WARMUP, load
from machine import ROOT, Failed, Missing, cpu_seconds

TOKEN = "bench"
KEYS = 1000


def announced(bench, test, **params):
    """Our origin with a run `bench` of a test: its process, and the run's URL."""
    process, url = bench.machine.origin(environment={"BENCHMARK_ORIGIN_TOKEN": TOKEN})
    base, _, run = url.rpartition("/")
    objects = int(params.get("objects", 64)) if test in ("list_objects", "mixed") else 0
    size = {"16KiB": 16 << 10, "64KiB": 64 << 10, "1MiB": 1 << 20, "1": 1}[params.get("object_size", "1")]
    contract = {"objects": objects, "object_size": size if objects else 0, "test": test, "params": params}
    body = json.dumps({"seed": 1, "contract": contract}).encode()
    headers = {"x-benchmark-token": TOKEN}
    request = urllib.request.Request(f"{base}/-/runs/{run}", body, headers, method="PUT")
    with urllib.request.urlopen(request, timeout=10) as response:
        if response.status != 201:
            raise Failed(f"the origin announces no run: {response.status}")
    return process, url


def served(bench, server, test, target, *options, **params):
    """A run of the baseline: requests a second, and the server's CPU for each of all its requests."""
    given = [word for name, value in params.items() for word in ("--param", f"{name}={value}")]
    command = [bench.machine.program("baseline"), "--test", test, "--target", target, *options, *given]
    command += ["--concurrency", str(CONCURRENCY), "--duration", f"{bench.seconds}s", "--warmup", f"{WARMUP}s"]
    before = cpu_seconds(server)
    result = json.loads(bench.machine.measure(command)[0])
    used = cpu_seconds(server) - before
    phases = [result[name] for name in ("verify", "warm_up", "window")]
    if any(phase["failures"] or phase["censored"] for phase in phases):
        raise Failed(f"`{' '.join(command)}`: {phases}")
    number = sum(phase["successes"] for phase in phases)
    seconds = (result["window_end_ns"] - result["window_start_ns"]) / 1e9
    return load(result["window"]["successes"] / seconds, used * 1e6 / number)


def put(bench):
    for size in ("16KiB", "1MiB"):
        ours, bucket = announced(bench, "put_object", object_size=size, objects="64", signed="false")
        nginx, url = bench.machine.nginx(1 << 20, dav=True)
        theirs = url.rpartition("/")[0] + "/bench"
        got = bench.alternate(
            {
                "origin": lambda: served(bench, ours, "put_object", bucket, "--origin", object_size=size),
                "nginx": lambda: served(bench, nginx, "put_object", theirs, "--origin", object_size=size),
            }
        )
        bench.machine.end(ours)
        bench.machine.end(nginx)
        bench.show_loads(f"PUT {size}", got)
        bench.ratio("put", f"PUT {size}: server's CPU/request, origin / nginx", got, "cpu_us", "origin", "nginx", 1.2)


def moto(bench):
    """moto with a bucket of keys: its process, and its address."""
    program = Path(os.environ.get("BENCHMARK_TEST_MOTO", ROOT / "target/test-venv/bin/moto_server"))
    if not program.exists():
        raise Missing("moto is needed: CI=true scripts/test --no-run installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = bench.machine.start([str(program), "-H", "127.0.0.1", "-p", str(port)], bench.machine.origin_cpus, **quiet)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path, body in [("/bench", b""), *((f"/bench/benchmark/bench/object-{key:06}", b"x") for key in range(KEYS))]:
        connection.request("PUT", path, body)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise Failed(f"moto answers {response.status} to PUT {path}")
    return process, f"http://127.0.0.1:{port}"


def listing(bench):
    ours, bucket = announced(bench, "list_objects", objects=str(KEYS), page_size="1000", object_size="1", signed="false")
    theirs, endpoint = moto(bench)
    foreign = ["--endpoint", endpoint, "--prefix", "benchmark/bench/"]
    got = bench.alternate(
        {
            "origin": lambda: served(bench, ours, "list_objects", bucket, "--origin", objects=KEYS),
            "moto": lambda: served(bench, theirs, "list_objects", "s3://bench", *foreign, objects=KEYS),
        }
    )
    bench.machine.end(ours)
    bench.machine.end(theirs)
    bench.show_loads("1,000 keys", got)
    bench.ratio("listing", "a page of 1,000 keys: server's CPU, origin / moto", got, "cpu_us", "origin", "moto", None)


def resident(process):
    text = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) * 1024


def mixed(bench):
    origin, bucket = announced(bench, "mixed", object_size="64KiB", objects="64", signed="false")
    command = [bench.machine.program("baseline"), "--test", "mixed", "--target", bucket, "--origin"]
    command += ["--concurrency", str(CONCURRENCY), "--duration", f"{bench.mixed_seconds}s", "--warmup", "2s"]
    replica = bench.machine.start(command, bench.machine.client_cpus)
    looks = []
    began = time.monotonic()
    while time.monotonic() - began < bench.mixed_seconds:
        time.sleep(max(bench.mixed_seconds / 12, 0.5))
        looks.append({"origin": resident(origin), "replica": resident(replica)})
    result = json.loads(replica.stdout.read())
    bench.machine.end(replica)
    bench.machine.end(origin)
    window = result["window"]
    if window["failures"] or not window["successes"]:
        raise Failed(f"`{' '.join(command)}`: {window}")
    by_operation = ", ".join(f"{one['operation']} {one['counts']['successes']:,}" for one in result["operations"])
    print(f"  {window['successes']:,} calls ({by_operation})")
    for name in ("origin", "replica"):
        sizes = [look[name] for look in looks]
        print(f"  {name}: " + " ".join(f"{size / 1e6:.1f}" for size in sizes) + " MB")
        # The first looks are those of a process that still warms up.
        early, late = statistics.median(sizes[1:4] or sizes), statistics.median(sizes[-3:])
        what = f"mixed for {bench.mixed_seconds} s: resident set of the {name}, end / begin"
        bench.figure("mixed", what, [late / early], 1.05, "x")
