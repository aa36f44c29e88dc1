//! The server of the live metrics.

use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};

use benchmark::metrics::{CONNECTIONS, FIRST_PORT, LAST_PORT, Labels, LiveMetrics, ServeError, serve};
use benchmark_protocol::counts::Counts;
use benchmark_protocol::message::{Phase, Tick};
use benchmark_protocol::resources::Resources;
use tokio::net::TcpStream;

use super::support::{eventually, own_loopback};

/// An address for documentation (RFC 5737): no host has it.
const NOWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn a_run() -> LiveMetrics {
    let live = LiveMetrics::default();
    live.run_started(&Labels { run_id: "r1".to_owned(), ..Labels::default() });
    let counts = Counts { successes: 7, ..Counts::default() };
    let resources = Resources::default();
    live.ticked(0, &Tick { phase: Phase::Window, elapsed_ns: 0, counts, received_bytes: 0, in_flight: 0, resources });
    live
}

async fn get(address: IpAddr, port: u16, path: &str) -> reqwest::Result<reqwest::Response> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    client.get(format!("http://{address}:{port}{path}")).send().await
}

#[tokio::test]
async fn metrics_are_served_as_text_and_nothing_else_is() {
    let address = own_loopback(0);
    let server = serve(a_run(), &[address]).unwrap();
    assert_eq!((server.port(), server.addresses(), server.skipped()), (FIRST_PORT, &[address][..], &[][..]));
    let response = get(address, server.port(), "/metrics?type=all").await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4");
    let text = response.text().await.unwrap();
    assert!(text.contains("# TYPE benchmark_successes_total counter\nbenchmark_successes_total{"), "{text}");
    assert_eq!(get(address, server.port(), "/").await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_port_is_the_first_that_is_free_on_every_address() {
    let [one, other] = [own_loopback(1), own_loopback(2)];
    let _taken = TcpListener::bind((one, FIRST_PORT)).unwrap();
    let _taken_too = TcpListener::bind((other, FIRST_PORT + 1)).unwrap();
    let server = serve(a_run(), &[one, other, one, NOWHERE]).unwrap();
    assert_eq!(
        (server.port(), server.addresses(), server.skipped()),
        (FIRST_PORT + 2, &[one, other][..], &[NOWHERE][..])
    );
    for address in [one, other] {
        assert_eq!(get(address, server.port(), "/metrics").await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn four_harnesses_side_by_side_are_served_and_a_fifth_is_told_why_not() {
    let address = own_loopback(3);
    let servers: Vec<_> = (0..4).map(|_| serve(a_run(), &[address]).unwrap()).collect();
    let ports: Vec<u16> = servers.iter().map(benchmark::metrics::MetricsServer::port).collect();
    assert_eq!(ports, (FIRST_PORT..=LAST_PORT).collect::<Vec<_>>());
    let refused = serve(a_run(), &[address]).unwrap_err();
    assert!(matches!(refused, ServeError::AllTaken { .. }), "{refused:?}");
    let expected = format!("no live metrics: the ports 9464 to 9467 are all taken on {address}");
    assert!(refused.to_string().starts_with(&expected), "{refused}");
}

#[tokio::test]
async fn an_address_may_be_added_on_the_same_port() {
    let [first, later] = [own_loopback(4), own_loopback(5)];
    let mut server = serve(a_run(), &[first]).unwrap();
    server.also_listen(later).unwrap();
    server.also_listen(later).unwrap();
    assert_eq!(server.addresses(), [first, later]);
    assert_eq!(get(later, server.port(), "/metrics").await.unwrap().status(), 200);
    let nowhere = server.also_listen(NOWHERE).unwrap_err();
    assert_eq!(nowhere.to_string(), "no live metrics: this host has none of the addresses 192.0.2.1");
    assert!(matches!(serve(a_run(), &[NOWHERE]), Err(ServeError::NoAddress { .. })));
}

#[tokio::test]
async fn a_dropped_server_gives_its_port_back_and_closes_its_connections() {
    let address = own_loopback(6);
    let server = serve(a_run(), &[address]).unwrap();
    let port = server.port();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async || client.get(format!("http://{address}:{port}/metrics")).send().await;
    assert!(ask().await.is_ok());
    drop(server);
    eventually("the kept connection is closed", async || ask().await.is_err()).await;
    assert_eq!(serve(a_run(), &[address]).unwrap().port(), port);
}

#[tokio::test]
async fn a_flood_of_connections_is_turned_away_and_passes() {
    let address = own_loopback(7);
    let server = serve(a_run(), &[address]).unwrap();
    let mut flood = Vec::new();
    for _ in 0..CONNECTIONS + 40 {
        flood.push(TcpStream::connect((address, server.port())).await.unwrap());
    }
    // Nobody writes: what can be read is the end.
    let closed = |stream: &TcpStream| match stream.try_read(&mut [0]) {
        Ok(read) => read == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    };
    eventually("those beyond the limit are closed", async || flood[CONNECTIONS..].iter().all(closed)).await;
    assert!(!flood[..CONNECTIONS].iter().any(closed), "those within it are not");
    drop(flood);
    eventually("others are served again", async || get(address, server.port(), "/metrics").await.is_ok()).await;
}
