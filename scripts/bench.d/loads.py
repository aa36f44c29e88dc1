"""Load generators: each gives requests a second and CPU microseconds a request, of good responses only."""

import json
import re

from machine import Failed, needs

CONCURRENCY = 32
WARMUP = 1


def load(rate, cpu_us):
    return {"rate": rate, "cpu_us": cpu_us}


def by_test(bench, program, url, *options, test="fetch_range"):
    """A test of ours on its own: CPU and requests of its window, recording on."""
    # Before a library had one program, it had one a test.
    asked = [program] if program.endswith(test) else [program, "--test", test]
    command = [*asked, "--target", url, "--concurrency", str(CONCURRENCY), "--duration", f"{bench.seconds}s"]
    command += ["--warmup", f"{WARMUP}s", *options]
    result = json.loads(bench.machine.measure(command)[0])
    window, edges = result["window"], result["resources"]
    if window["failures"] or window["censored"]:
        raise Failed(f"`{' '.join(command)}`: {window}")
    seconds = (result["window_end_ns"] - result["window_start_ns"]) / 1e9
    used = [edges["window_end"][name] - edges["window_start"][name] for name in ("cpu_user_us", "cpu_system_us")]
    number = window["successes"]
    return load(number / seconds, sum(used) / number)


def by_bare(bench, program, url):
    """The same client in a loop without the SDK: requests made beforehand, lengths added up."""
    command = [program, "--bare", "--test", "fetch_range", "--target", url, "--origin", "--concurrency", str(CONCURRENCY)]
    command += ["--warmup", f"{WARMUP}s", "--duration", f"{bench.seconds}s"]
    result = json.loads(bench.machine.measure(command)[0])
    if abs(result["bytes"] / result["requests"] - 16384) > 16:
        raise Failed(f"`{' '.join(command)}`: {result}")
    used, number = [result["cpu_user_us"], result["cpu_system_us"]], result["requests"]
    return load(number / result["seconds"], sum(used) / number)


def by_wrk(bench, url, *options):
    """wrk: the whole process's CPU over the requests it reports."""
    needs("wrk")
    command = ["wrk", "-t1", f"-c{CONCURRENCY}", f"-d{bench.seconds}s", "--timeout", "30s", *options, url]
    output, _, cpu, _ = bench.machine.measure(command)
    if "Non-2xx" in output or "Socket errors" in output:
        raise Failed(f"`{' '.join(command)}` says\n{output}")
    requests = int(re.search(r"(\d+) requests in", output)[1])
    return load(float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]), cpu * 1e6 / requests)


def by_oha(bench, url, *options):
    """oha on one worker thread: the whole process's CPU over its good responses."""
    needs("oha")
    command = ["oha", "--no-tui", "--output-format", "json", "--http-version", "1.1", "--worker-threads", "1"]
    command += ["-c", str(CONCURRENCY), "-z", f"{bench.seconds}s", *options, url]
    output, _, cpu, _ = bench.machine.measure(command)
    report = json.loads(output)
    good = sum(number for status, number in report["statusCodeDistribution"].items() if status.startswith("2"))
    return load(good / report["summary"]["total"], cpu * 1e6 / good)
