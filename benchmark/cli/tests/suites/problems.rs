//! What is wrong with a suite is said at its line and column, all of it at once.

use super::{planned, problems};

/// The problem of a matrix with these lines, without the line that opens it.
fn of_matrix(lines: &str) -> Vec<String> {
    problems(&format!("[[matrix]]\n{lines}\n"))
}

#[test]
fn each_problem_is_named_with_its_place() {
    for (lines, says) in [
        ("concurency = 8", "2:1: unknown key `concurency` in [[matrix]]: did you mean `concurrency`?"),
        ("concurrency = \"8\"", "2:15: `\"8\"` is a string: `concurrency` takes a whole number, a list, or a range"),
        ("concurrency = 1.5", "2:15: `1.5` is a number with a fraction: `concurrency` takes a whole number"),
        ("concurrency = [8, 0]", "2:19: `0` is outside the range of `concurrency`, 1 to 65536"),
        ("concurrency = []", "2:15: `concurrency` is an empty list"),
        ("concurrency = [8, 16, 8]", "2:23: `8` is in the list of `concurrency` already"),
        ("concurrency = \"none\"", "2:15: `\"none\"` is a string"),
        ("keep_alive = \"yes\"", "2:14: `\"yes\"` is a string: `keep_alive` takes `true` or `false`, or a list"),
        ("keep_alive = { from = 1, to = 2, step = 1 }", "is a table"),
        ("timeout = 30", "2:11: `30` is a whole number: `timeout` takes a duration"),
        ("timeout = \"soon\"", "2:11: `soon` is not a duration"),
        ("duration = \"0s\"", "2:12: `0s` is too short"),
        ("rate = \"2000%\"", "2:8: `2000%` is no rate"),
        ("rate = 9\narrivals = \"posson\"", "3:12: `posson` is no value of `arrivals`: did you mean `poisson`?"),
        ("inject = [[\"latency=soup\"]]", "2:11: malformed injection `latency=soup`"),
        (
            "inject = [[\"reset=60%\", \"error=503:60%\"]]",
            "2:11: the shares of error, truncate and reset add up to 120%",
        ),
        ("library = \"reqwst\"", "2:11: unknown library `reqwst`: did you mean `reqwest`?"),
        ("test = [\"call_ap\"]", "2:9: unknown test `call_ap`: did you mean `call_api`?"),
        ("request_size = \"4KiB\"", "2:1: `request_size` is a parameter of fetch_range: write `params"),
        ("params = { reqest_size = 4 }", "2:12: unknown parameter `reqest_size`: did you mean `request_size`?"),
        (
            "params = { request_size = \"2GiB\" }",
            "2:27: parameter `request_size`: `2GiB` is outside its range, 1 to 1GiB",
        ),
        ("params = 3", "2:10: `3` is no table"),
        ("trials = 5", "2:1: `trials` is one for the whole campaign: it goes into [suite]"),
        ("runner = [\"process\", \"swarm\"]", "2:22: `swarm` is no value of `runner` (known: auto, process, compose)"),
        ("requests = 5\nduration = \"5s\"", "2:1: `requests` and `duration` both end the window"),
        ("skip_unsupported = 1", "2:20: `1`: `skip_unsupported` takes `true` or `false`"),
        ("cpus = 0", "2:8: `0` is no number of CPUs"),
        ("memory = \"1MiB\"", "2:10: `1MiB` is too little"),
        ("memory = \"8MiB\"", "2:10: `--cpus` and `--memory` are limits of containers"),
        // Ranges.
        ("concurrency = { from = 9, to = 8, step = 1 }", "2:15: `{ from = 9, to = 8, step = 1 }`: the range is empty"),
        ("concurrency = { from = 1, to = 8 }", "2:15: `{ from = 1, to = 8 }` is no range"),
        ("concurrency = { from = 1, to = 8, factor = 2, step = 1 }", "either `factor` or `step`"),
        ("concurrency = { from = 1, to = 8, by = 2 }", "2:35: unknown part `by` of a range"),
        ("concurrency = { from = 1, to = 8, factor = 1 }", "`factor` must be above 1"),
        ("concurrency = { from = 0, to = 8, factor = 2 }", "2:24: `0` is outside the range"),
        ("concurrency = { from = 1, to = 60000, step = 1 }", "more than 10000 values"),
        ("rate = { from = \"10%\", to = 50, step = 10 }", "2:8: a range is either of rates or of percentages"),
        ("rate = { from = \"none\", to = 50, step = 10 }", "2:17: `from` of a range must be a rate"),
        // What only a case shows.
        (
            "params = { request_size = [1, \"128MiB\"] }",
            "2:31: parameter `request_size`: 134217728 bytes are more than",
        ),
        ("library = \"reqwest\"\nuse_dns_cache = true", "3:17: `reqwest` does not support `use_dns_cache`"),
        ("test = \"call_api\"\nlibrary = [\"hyper\", \"aws-sdk-s3\"]", "3:21: `aws-sdk-s3` has no test `call_api`"),
        ("test = \"fetch_range\"\nparams = { delay = \"1ms\" }", "3:12: parameter `delay` is none of fetch_range"),
        ("arrivals = \"poisson\"", "2:1: `arrivals` has no effect without a `rate`"),
        ("endpoint = \"http://h:1\"", "2:1: `endpoint` has no effect without a `target`"),
        ("target = \"localhost\"", "2:10: target `localhost` is neither"),
        ("target = \"http://h:1/a/b\"\ninject = \"reset=1%\"", "3:10: `--inject reset=1%` is done by our origin"),
    ] {
        let found = of_matrix(lines);
        assert!(!found.is_empty() && found.iter().all(|problem| problem.starts_with("trial.toml:")), "{found:?}");
        assert!(found.iter().any(|problem| problem.contains(says)), "{lines}\nis said to be {found:#?}\nnot {says}");
    }
}

#[test]
fn the_parts_of_a_file_are_known_too() {
    for (text, says) in [
        ("[[matrix]]\n[suit]\n", "trial.toml:2:2: unknown table or key `suit`: did you mean `suite`?"),
        (
            "[[matrix]]\n[suite]\ntrials = [1]\n",
            "3:10: `trials` is one for the whole campaign: a whole number, not `[1]`",
        ),
        ("[[matrix]]\n[suite]\nseed = true\n", "3:8: `true` is a boolean: `seed` takes a whole number"),
        (
            "[[matrix]]\n[suite]\nconcurrency = 8\n",
            "3:1: `concurrency` shapes the load: it goes into [defaults] or [[matrix]]",
        ),
        ("[[matrix]]\n[suite]\nlibrary = 8\n", "3:1: `library` goes into"),
        ("[[matrix]]\n[suite]\nuntil = \"0%\"\n", "3:9: `0%` is no width of an interval"),
        ("[[matrix]]\n[suite]\nrunner = \"process\"\n", "3:1: `runner` shapes the load: it goes into"),
        ("[[matrix]]\n[suite]\ndescription = 1\n", "3:15: `1`: `description` takes a text"),
        ("[matrix]\n", "write `[[matrix]]` with two brackets"),
        ("matrix = 3\n", "trial.toml:1:10: `matrix` must be a table"),
        ("suite = 3\n[[matrix]]\n", "1:9: `3` is no table: write [suite]"),
        ("[suite]\n", "a suite has at least one `[[matrix]]`"),
        ("", "a suite has at least one `[[matrix]]`"),
        ("[[matrix]]\nconcurrency = [1,\n", "not TOML"),
        ("[[matrix]]\nconcurrency = 1\nconcurrency = 2\n", "trial.toml:3:1: not TOML: duplicate key"),
    ] {
        let found = problems(text);
        assert!(found.iter().any(|problem| problem.contains(says)), "{text}\nis said to be {found:#?}\nnot {says}");
    }
}

#[test]
fn several_problems_are_listed_in_the_order_of_the_file() {
    let text = "[suite]\ndescripton = \"x\"\n[defaults]\nlibrary = [\"reqwst\", \"ureq\"]\nthreads = 2\n[[matrix]]\n\
                concurrency = 0\nuse_dns_cache = true\n[[matrix]]\nrate = []\n";
    let refused = planned(text).unwrap_err();
    let mut lines = refused.lines();
    assert_eq!(lines.next(), Some("5 problems in suite `trial`, so nothing was run"));
    let places: Vec<&str> = lines.map(|line| line.split(": ").next().unwrap()).collect();
    // The library is unknown; none at all; ureq, which caches no names; an empty list.
    assert_eq!(places, ["2:1", "4:12", "7:15", "8:17", "10:8"].map(|place| format!("trial.toml:{place}")));
}

#[test]
fn what_follows_from_a_bad_value_is_not_made_up() {
    // Without the bad rate there is none, and yet `arrivals` is no second problem.
    assert_eq!(of_matrix("rate = \"fast\"\narrivals = \"poisson\"").len(), 1);
    // The default request_size is above the object_size; what was asked for is not known.
    assert_eq!(of_matrix("params = { object_size = \"1KiB\", request_size = \"small\" }").len(), 1);
}

#[test]
fn an_early_end_that_cannot_come_is_refused() {
    let refused = planned("[suite]\nuntil = \"2%\"\ntrials = 3\n[[matrix]]\n").unwrap_err();
    assert!(refused.contains("`--until 2%` can never be met with `--trials 3`"), "{refused}");
}

#[test]
fn more_cases_than_anybody_can_run_are_refused_before_they_are_made() {
    let lines = "concurrency = { from = 1, to = 5000, step = 1 }\nreplicas = { from = 1, to = 1000, step = 1 }";
    let found = of_matrix(lines);
    assert_eq!(found, ["trial.toml:1:1: the suite has 50000000 cases up to here: 10000 are the most"]);
}
