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
        // cAdvisor's series have timestamps of their own and so no marker of their end: a plain selector would go on counting
        // the memory of removed containers for five minutes.
        Watched::Containers => {
            let by = "sum by (container_label_benchmark_library, container_label_benchmark_test)";
            let of = format!("container_label_benchmark_campaign_id={id}");
            [
                format!("{by} (rate(container_network_receive_bytes_total{{{of},interface!=\"lo\"}}[5s])) / 1e6"),
                format!("{by} (sum without (cpu) (rate(container_cpu_usage_seconds_total{{{of}}}[5s])))"),
                format!("{by} (last_over_time(container_memory_usage_bytes{{{of}}}[5s])) / 1e6"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_a_panel_for_each_graph() {
        let graphs = [
            Graph { title: "one", query: r#"sum without (cpu) (rate(x{id="a/b"}[5s])) / 1e6"#.to_owned() },
            Graph { title: "two", query: "y + ü".to_owned() },
        ];
        let expected = "http://127.0.0.1:9090/graph\
            ?g0.expr=sum%20without%20%28cpu%29%20%28rate%28x%7Bid%3D%22a%2Fb%22%7D%5B5s%5D%29%29%20%2F%201e6\
            &g0.tab=0&g0.stacked=0&g0.range_input=15m\
            &g1.expr=y%20%2B%20%C3%BC&g1.tab=0&g1.stacked=0&g1.range_input=15m";
        assert_eq!(link("http://127.0.0.1:9090", &graphs), expected);
        assert_eq!(link("http://127.0.0.1:9090/", &graphs), expected);
        let behind_a_path = link("https://me:secret@host/prometheus/", &[]);
        assert_eq!(behind_a_path, "https://host/prometheus/graph?");
    }

    #[test]
    fn a_link_reads_back_as_its_queries() {
        let graphs = graphs("0198-\"odd\"", Watched::Containers);
        let link = Url::parse(&link("http://127.0.0.1:9090", &graphs)).unwrap();
        let queries: Vec<String> = link
            .query_pairs()
            .filter(|(name, _)| name.ends_with(".expr"))
            .map(|(_, value)| value.into_owned())
            .collect();
        assert_eq!(queries, graphs.map(|graph| graph.query));
    }

    #[test]
    fn every_graph_is_of_this_campaign_alone() {
        for watched in [Watched::Processes, Watched::Containers] {
            for graph in graphs("c1", watched) {
                assert!(graph.query.contains(r#"campaign_id="c1""#), "{}", graph.query);
            }
        }
        let [_, bytes, cpu, memory] = graphs("c1", Watched::Containers).map(|graph| graph.query);
        assert_eq!(
            cpu,
            "sum by (container_label_benchmark_library, container_label_benchmark_test) \
             (sum without (cpu) (rate(container_cpu_usage_seconds_total{container_label_benchmark_campaign_id=\"c1\"}[5s])))"
        );
        assert!(bytes.contains("interface!=\"lo\""), "{bytes}");
        assert!(!memory.contains("rate("), "memory is a gauge: {memory}");
        assert!(memory.contains("last_over_time("), "a removed container uses no memory: {memory}");
    }
}
