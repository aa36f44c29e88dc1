//! Keys of stored cases: a text that once was written is written again, or what a database holds is equal to nothing any more.

use benchmark::case::{Arrivals, Case, Rate, case_key, workload_key};
use benchmark_protocol::parameter::Values;
use benchmark_protocol::tests::Test;

use crate::fixture;

/// As databases have them from before there was a table.
const LIMITED: &str = r#"[["test","fetch_range"],["params","{\"object_size\":\"64MiB\",\"objects\":\"8\",\"request_size\":\"16KiB\",\"signed\":\"false\"}"],["inject","latency=constant:20ms; error=503:1%"],["replicas",2],["runner","process"],["target",null],["endpoint",null],["concurrency",32],["duration_us",2500000],["requests",null],["warm_up_us",400000],["drain_us",5000000],["pool_size",16],["keep_alive",true],["keep_alive_timeout_us",1500000],["use_dns_cache",false],["timeout_us",30000000],["threads",1],["cpu_limit",1.5],["memory_limit_bytes",67108864]]"#;
const OPEN: &str = r#"[["test","call_api"],["params","{\"delay\":\"0s\"}"],["inject",""],["replicas",1],["runner","auto"],["target","http://127.0.0.1:1/a/b"],["endpoint",null],["concurrency",32],["duration_us",10000000],["requests",null],["warm_up_us",2000000],["drain_us",5000000],["pool_size",32],["keep_alive",true],["keep_alive_timeout_us",90000000],["use_dns_cache",false],["timeout_us",30000000],["threads",1],["rate","12.5%","poisson"]]"#;

fn open() -> Case {
    let params = Values::new(Test::named("call_api").unwrap().parameters(), []).unwrap();
    let mut case = Case::new("hyper", "1.12.0", Test::named("call_api").unwrap(), params);
    case.target = Some("http://127.0.0.1:1/a/b".to_owned());
    (case.load.rate, case.load.arrivals) = (Some(Rate::OfCapacity(0.125)), Arrivals::Poisson);
    case
}

#[test]
fn keys_are_those_of_the_databases_that_there_are() {
    assert_eq!(workload_key(&fixture::case("reqwest", "0.13.5")), LIMITED);
    assert_eq!(workload_key(&open()), OPEN);
    let key = case_key(&Case { twin: true, ..open() });
    assert_eq!(key, serde_json::json!(["hyper", "1.12.0", OPEN, "twin"]).to_string());
}
