"""What containers cost, and what watches them: the figures of `scripts/bench --only watched|up|container|asked`."""

import datetime
import json
import os
import statistics
import subprocess
import time
import urllib.error
import urllib.request

from machine import ROOT, Failed, Missing

PROMETHEUS = os.environ.get("BENCHMARK_PROMETHEUS", "http://127.0.0.1:9090")


def run_test(bench, *arguments, per_replica=False):
    """`benchmark run-test` into a database of its own: its rows, the wall clock as it began, and the seconds it took."""
    database = str(bench.machine.folder / f"{time.monotonic_ns()}.db")
    command = [bench.machine.harness(), "run-test", *arguments, "--db", database]
    began = time.time()
    wall = bench.machine.measure(command, bench.machine.origin_cpus | bench.machine.client_cpus)[1]
    results = [command[0], "get-results", "-", "--format", "json", "--db", database]
    rows = bench.machine.measure(results + ["--per-replica"] * per_replica)[0]
    return json.loads(rows), began, wall


def needs_prometheus():
    try:
        urllib.request.urlopen(f"{PROMETHEUS}/-/ready", timeout=2).read()
    except (urllib.error.URLError, OSError) as error:
        start = "docker compose -f docker-compose.monitoring.yml up -d"
        raise Missing(f"no Prometheus at {PROMETHEUS} ({error}): `{start}`") from error


def instant(text):
    return datetime.datetime.fromisoformat(text).timestamp()


def watched(bench):
    """Prometheus's totals against the replicas' own counters, and what a dashboard would have said."""
    needs_prometheus()
    arguments = ["baseline", "fetch_range", "--runner", "compose", "--prometheus", PROMETHEUS, "--replicas", "4"]
    rows = run_test(bench, *arguments, "--concurrency", "4", "--trials", "10", per_replica=True)[0]
    runs = {}
    for row in rows:
        runs.setdefault(row["run_id"], []).append(row)
    differences, reached = {"cpu": [], "recv_bytes": []}, {"cpu": 0, "recv_bytes": 0}
    for run_id, replicas in runs.items():
        if any(row["prometheus_cpu_seconds"] is None for row in replicas):
            print(f"  {run_id}: no totals: {replicas[0]['prometheus_refusal']}")
            continue
        said = []
        for name, column, slack in (("cpu", "prometheus_cpu_seconds", 0.05), ("recv_bytes", "prometheus_recv_bytes", 0)):
            seen = sum(row[column] for row in replicas)
            own = sum(row[column] / (1 + row[f"{name}_difference_percent"] / 100) for row in replicas)
            differences[name].append((seen / own - 1) * 100)
            reached[name] += abs(seen - own) <= 0.02 * own + slack
            said.append(f"{seen:.6g} of {own:.6g} {'CPU s' if name == 'cpu' else 'bytes'}")
        window = [str(round(instant(replicas[0][edge]) * 1e6)) for edge in ("start_time", "end_time")]
        naive = bench.machine.measure([bench.machine.example("naive"), PROMETHEUS, run_id, *window])[0].strip()
        truth = sum(row["cpu_user_seconds"] + row["cpu_system_seconds"] for row in replicas)
        said.append(f"in the window {truth:.2f} CPU s, by mean(rate(x[5s])) at a scrape of 5 s {naive}")
        print(f"  {run_id}: {', '.join(said)}", flush=True)
    for name, what in (("cpu", "CPU time"), ("recv_bytes", "received bytes")):
        if differences[name]:
            bench.figure("watched", f"{what}: Prometheus against the replicas' own", differences[name], None, "%")
        within = f"{what}: runs within 2 %{' + 0.05 s' if name == 'cpu' else ''}"
        bench.figure("watched", within, [reached[name]], len(runs), "runs", least=True)


def up(bench):
    """From the command to the start of the warm-up with 8 containers, beside compose alone; and their skew."""
    arguments = ["baseline", "fetch_range", "--runner", "compose", "--replicas", "8", "--concurrency", "4"]
    arguments += ["--warmup", "500ms", "--duration", "1s"]
    # The first one packs the image.
    run_test(bench, *arguments, "--prometheus", "off")
    seconds = {"alone": [], "off": [], "monitoring": []}
    skews, fixed = [], []
    monitoring = ["off"]
    try:
        needs_prometheus()
        monitoring.append(PROMETHEUS)
    except Missing as error:
        print(f"  without monitoring only: {error}")
    for _ in range(bench.repeats):
        seconds["alone"].append(compose_alone(bench))
        for prometheus in monitoring:
            (row,), began, wall = run_test(bench, *arguments, "--prometheus", prometheus)
            kind = "off" if prometheus == "off" else "monitoring"
            seconds[kind].append(instant(row["start_time"]) - 0.5 - began)
            if kind == "off":
                skews.append(row["start_skew_ms"])
                fixed.append(wall - 1.5)
    alone = statistics.median(seconds["alone"])
    bench.figure("up", "`compose up -d` of 8 containers alone", seconds["alone"], None, "s")
    bench.figure("up", "from the command to the warm-up, no monitoring", seconds["off"], 1.1 * alone + 1, "s")
    if seconds["monitoring"]:
        what = "from the command to the warm-up, monitoring (two idle samples)"
        bench.figure("up", what, seconds["monitoring"], 1.1 * alone + 4, "s")
    bench.figure("up", "command beyond warm-up and window, removal included", fixed, None, "s")
    cores = len(bench.machine.client_cpus)
    what = f"first requests of 8 containers on {cores} core{'s' * (cores > 1)}"
    bench.figure("up", what, skews, 5.0 if cores >= 8 else None, "ms")


def compose_alone(bench):
    """`compose up -d` of the same 8 containers, without us."""
    tool = os.environ.get("BENCHMARK_COMPOSE", "").split() or compose_tool()
    command = [*tool, "--project-name", "benchmark-bench", "--file", "docker-compose.yaml"]
    environment = os.environ | {"BENCHMARK_LIBRARY": "baseline", "BENCHMARK_TARGET": "http://127.0.0.1:1/nobody"}
    quiet = {"cwd": ROOT, "env": environment, "capture_output": True, "text": True}
    # The network is there before: the harness's is, too, as its runs begin.
    subprocess.run([*command, "up", "--detach", "--no-deps", "--scale", "benchmark-runner=1", "benchmark-runner"], **quiet)
    try:
        began = time.monotonic()
        up = ["up", "--detach", "--no-deps", "--force-recreate", "--scale", "benchmark-runner=8", "benchmark-runner"]
        done = subprocess.run([*command, *up], **quiet)
        seconds = time.monotonic() - began
        if done.returncode:
            raise Failed(f"compose failed: {done.stderr[-2000:]}")
        return seconds
    finally:
        subprocess.run([*command, "down", "--timeout", "0"], **quiet)


def compose_tool():
    for tool in (["docker", "compose"], ["docker-compose"]):
        try:
            if subprocess.run([*tool, "version"], capture_output=True).returncode == 0:
                return tool
        except FileNotFoundError:
            continue
    raise Missing("`docker compose` is needed: apt-get install docker-compose")


# Both runners in one campaign, a block of each after the other in random order.
BOTH_RUNNERS = """[suite]
trials = {trials}
prometheus = "off"
[[matrix]]
library = ["baseline", "reqwest"]
test = "fetch_range"
runner = ["process", "compose"]
warmup = "1s"
duration = "{seconds}s"
"""


def container(bench):
    """The same binary in a container and as a process, in turns: what the container costs, as `compare` says it."""
    suite, database = bench.machine.folder / "runners.toml", str(bench.machine.folder / "runners.db")
    suite.write_text(BOTH_RUNNERS.format(trials=max(bench.repeats, 5), seconds=bench.seconds))
    cpus = bench.machine.origin_cpus | bench.machine.client_cpus
    bench.machine.measure([bench.machine.harness(), "run", str(suite), "--db", database], cpus)
    for library in ("baseline", "reqwest"):
        compare = [bench.machine.harness(), "compare", "runner=process", "runner=compose", "--library", library]
        compare += ["--by", "rate", "--by", "cpu", "--format", "json", "--db", database]
        done = subprocess.run(compare, capture_output=True, text=True)
        if done.returncode not in (0, 5):
            raise Failed(f"`{' '.join(compare)}` ended with {done.returncode}\n{done.stderr[-2000:]}")
        for row in json.loads(done.stdout)["comparisons"]:
            what = {"rate": "ok requests/s", "cpu": "CPU/request"}[row["metric"]]
            spread = [row["ratio_low"], row["ratio"], row["ratio_high"]]
            bench.figure("container", f"{library}: {what}, container / process, at 99 %", spread, None, "x")
    print("  the same file on the same CPUs; the way of the bytes differs: veth and bridge instead of the loopback")


def asked(bench):
    """get-results over 1,000 containerised runs with Prometheus up, asked again about all of them."""
    needs_prometheus()
    database, out = str(bench.machine.folder / "containers.db"), str(bench.machine.folder / "containers.csv")
    size = ["--runs", "1000", "--replicas", "4", "--containers"]
    bench.machine.measure([bench.machine.example("generate"), "fill", database, *size])
    command = [bench.machine.harness(), "get-results", out, "--db", database]
    plain = [bench.machine.measure(command)[1] for _ in range(bench.repeats)]
    bench.figure("asked", "get-results on 1,000 runs of containers", plain, 5.0, "s")
    again = [*command, "--refresh", "--prometheus", PROMETHEUS]
    refreshed = [bench.machine.measure(again)[1] for _ in range(bench.repeats)]
    bench.figure("asked", "the same with --refresh: all of them asked for again", refreshed, 5.0, "s")
