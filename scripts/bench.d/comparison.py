"""Figures of what is said with confidence: the open loop, calibration, A/A pairs and a planted slowdown."""

import json
import os
import shutil
import subprocess
import time

from machine import ROOT, TARGET, Failed, run

SHORT = ["--warmup", "200ms", "--duration", "1s"]

# What is copied: a library that keeps its own core busy and not the origin's, as the baseline would.
COPIED = "reqwest"
FIRST_LINE = "        let asked = request.headers()"

# A trial is six short runs by turns: what a machine's speed does within seconds is the same for both.
TURNS = ["--passes", "6", "--warmup", "100ms", "--duration", "300ms"]

# Turns of the loop that tell what a turn costs: as much CPU as some requests, far beyond the noise.
MANY_TURNS = 20_000

# Before each request of the planted copy: so many steps of a loop that the compiler must keep.
SPIN = """
        let mut turns = 0_u32;
        while turns < {turns} {{
            turns = std::hint::black_box(turns + 1);
        }}
"""


def names(cpus):
    return ",".join(map(str, sorted(cpus)))


def command(bench, *arguments, environment=None, accepted=(0,)):
    """The harness as a process of its own on all CPUs: its standard output."""
    split = ["--origin-cpus", names(bench.machine.origin_cpus), "--client-cpus", names(bench.machine.client_cpus)]
    runs = arguments[0] in ("run", "run-test", "run-all")
    whole = [bench.machine.harness(), *arguments, *(["--runner", "process", "--prometheus", "off", *split] if runs else [])]
    done = subprocess.run(whole, capture_output=True, text=True, cwd=ROOT, env=os.environ | (environment or {}))
    if done.returncode not in accepted:
        raise Failed(f"`{' '.join(whole)}` ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def rows(bench, database):
    """Of the database's last campaign, those of wholes."""
    every = json.loads(command(bench, "get-results", "-", "--campaign", "last", "--format", "json", "--db", database))
    return [row for row in every if row["operation"] is None]


def fresh(bench):
    return str(bench.machine.folder / f"{time.monotonic_ns()}.db")


def open_loop(bench):
    for library in bench.libraries:
        database = fresh(bench)
        command(bench, "run-test", library, "fetch_range", "--rate", "50%", "--trials", str(bench.repeats), "--warmup", "1s",
                "--duration", f"{bench.seconds}s", "--db", database)
        closed, opened = sorted(rows(bench, database), key=lambda row: row["rate"] or "")
        bench.figure("open_loop", f"{library}: share of 50 % achieved", [opened["rate_achieved_share"]], 0.999, "", least=True)
        delay = [opened["scheduling_delay_p99_ms"]]
        bench.figure("open_loop", f"{library}: scheduling delay p99 at 50 %", delay, 0.2, "ms")
        ratio = opened["cpu_us_per_request"] / closed["cpu_us_per_request"]
        bench.figure("open_loop", f"{library}: CPU/request at 50 % / closed loop", [ratio], None, "x")


def littles_law(bench):
    database = fresh(bench)
    command(bench, "run-all", "--trials", "1", "--warmup", "1s", "--duration", f"{bench.seconds}s", "--db", database)
    for row in rows(bench, database):
        residual = row["latency_mean_ms"] / 1e3 * row["requests_per_second"] / row["concurrency"] / row["replica_count"] - 1
        what = f"{row['library_name']} {row['test_name']}: |mean latency x rate / concurrency - 1|"
        bench.figure("littles_law", what, [abs(residual) * 100], 2.0, "%")


def calibrate(bench):
    output = command(bench, "calibrate", accepted=(0, 3))
    print(output)
    summary = output.strip().splitlines()[-1]
    inside, _, total = summary.split()[:3]
    bench.figure("calibrate", "cases outside their bands", [int(total) - int(inside)], 0, "")


def aa(bench):
    # One database: what the harness itself costs is measured once.
    noisy, database = 0, fresh(bench)
    for seed in range(1, 21):
        command(bench, "run-all", "--library", "baseline", "--test", "fetch_range", "--trials", "5", "--seed", str(seed),
                *SHORT, "--db", database)
        noisy += any("noisy" in (row["marks"] or "") for row in rows(bench, database))
    bench.figure("aa", "of 20 campaigns of 5 trials, those in which A differs from A", [noisy], 1, "")


def planted(bench):
    """Copies of a test in a checkout of their own: one with nothing more, one with a busy loop of 5 % of its CPU."""
    checkout = bench.machine.folder / "checkout"
    for name in run(["git", "ls-files", "-z"], cwd=ROOT).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    environment = {"BENCHMARK_ROOT": str(checkout), "CARGO_TARGET_DIR": str(TARGET)}
    plant(bench, checkout, "same", 0)
    plant(bench, checkout, "slower", MANY_TURNS)

    def cpu(library):
        database = fresh(bench)
        command(bench, "run-all", "--library", library, "--library", COPIED, "--test", "fetch_range", "--trials", "3",
                *TURNS, "--db", database, environment=environment)
        by_name = {row["library_name"]: row["cpu_us_per_request"] for row in rows(bench, database) if not row["twin"]}
        return by_name[library] / by_name[COPIED] - 1

    turns = max(1, round(MANY_TURNS * 0.05 / cpu("slower")))
    plant(bench, checkout, "slower", turns)
    found = {"same": 0, "slower": 0}
    sizes, database = [], fresh(bench)
    for seed in range(1, bench.campaigns + 1):
        command(bench, "run-all", "--library", "same", "--library", "slower", "--library", COPIED, "--test", "fetch_range",
                "--trials", "10", "--seed", str(seed), *TURNS, "--db", database, environment=environment)
        for library in found:
            said = command(bench, "compare", COPIED, library, "--campaign", "last", "--by", "cpu", "--format", "json",
                           "--db", database, accepted=(0, 5))
            (row,) = json.loads(said)["comparisons"]
            found[library] += row["verdict"] == "slower"
            sizes += [row["ratio"] - 1] if library == "slower" else []
    bench.figure("planted", f"size of the planted slowdown ({turns} turns)", [size * 100 for size in sizes], None, "%")
    bench.figure("planted", f"share of {bench.campaigns} campaigns of 10 trials that find 5 % slower", [found["slower"] / bench.campaigns], 0.9, "", least=True)
    bench.figure("planted", "those that find 0 % slower", [found["same"]], 0, "")


def plant(bench, checkout, library, turns):
    """A copy of a library by `benchmark new`, with a loop of so many turns before each request."""
    folder = checkout / "benchmark/tests" / library
    if not folder.exists():
        command(bench, "new", library, "--from", COPIED, environment={"BENCHMARK_ROOT": str(checkout)})
    text = (checkout / "benchmark/tests" / COPIED / "client.rs").read_text().replace(f'"{COPIED}"', f'"{library}"')
    if FIRST_LINE not in text:
        raise Failed(f"{COPIED}'s client.rs has no line `{FIRST_LINE.strip()}` to plant a loop before")
    loop = SPIN.format(turns=turns) if turns else ""
    (folder / "client.rs").write_text(text.replace(FIRST_LINE, loop + FIRST_LINE))
