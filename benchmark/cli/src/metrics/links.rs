//! The graphs of a campaign, and the link that opens them in Prometheus's own interface.

use reqwest::Url;

use super::prometheus::string;

/// Where CPU, memory and bytes of the replicas are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// By the replicas themselves, as the harness exposes it.
    Processes,
    /// By cAdvisor.
    Containers,
}

/// A graph: what it shows, and the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph {
    /// What it shows, with its unit.
    pub title: &'static str,
    /// PromQL.
    pub query: String,
}

/// Requests, bytes, CPU and memory of a campaign, a line for each library and test. Ranges of five seconds fit a scrape
/// each second.
#[must_use]
pub fn graphs(campaign_id: &str, watched: Watched) -> [Graph; 4] {
    let id = string(campaign_id);
    let requests = format!("sum by (library, test) (rate(benchmark_successes_total{{campaign_id={id}}}[5s]))");
    let [bytes, cpu, memory] = match watched {
        Watched::Processes => {
            let by = "sum by (library, test)";
            [
                format!("{by} (rate(benchmark_received_bytes_total{{campaign_id={id}}}[5s])) / 1e6"),
                format!("{by} (sum without (mode) (rate(benchmark_cpu_seconds_total{{campaign_id={id}}}[5s])))"),
                format!("{by} (benchmark_resident_memory_bytes{{campaign_id={id}}}) / 1e6"),
            ]
        }
        Watched::Containers => {
            let by = "sum by (container_label_benchmark_library, container_label_benchmark_test)";
            let of = format!("container_label_benchmark_campaign_id={id}");
            [
                format!("{by} (rate(container_network_receive_bytes_total{{{of},interface!=\"lo\"}}[5s])) / 1e6"),
                format!("{by} (sum without (cpu) (rate(container_cpu_usage_seconds_total{{{of}}}[5s])))"),
                format!("{by} (container_memory_usage_bytes{{{of}}}) / 1e6"),
            ]
        }
    };
    [
        Graph { title: "requests/s", query: requests },
        Graph { title: "MB/s", query: bytes },
        Graph { title: "CPU (cores)", query: cpu },
        Graph { title: "memory (MB)", query: memory },
    ]
}

/// The link that opens these graphs, a panel each. `/graph` is the address up to version 2; version 3 redirects it.
/// Credentials of the URL are left out.
#[must_use]
pub fn link(prometheus: &str, graphs: &[Graph]) -> String {
    let mut base = prometheus.trim().trim_end_matches('/').to_owned();
    if let Ok(mut url) = Url::parse(&base) {
        let _ = (url.set_username(""), url.set_password(None));
        base = url.as_str().trim_end_matches('/').to_owned();
    }
    let panels: Vec<String> = graphs.iter().enumerate().map(|(number, graph)| panel(number, graph)).collect();
    format!("{base}/graph?{}", panels.join("&"))
}

fn panel(number: usize, graph: &Graph) -> String {
    let expr = percent_encode(&graph.query);
    format!("g{number}.expr={expr}&g{number}.tab=0&g{number}.stacked=0&g{number}.range_input=15m")
}

/// Encodes what is not unreserved (RFC 3986), so that the link survives terminals and both versions of the interface.
fn percent_encode(text: &str) -> String {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
