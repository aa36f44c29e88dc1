//! What a replica's container may do, and who can reach the harness.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};

use serde_json::{Value, json};

use super::support::{Containers, LONG, docker, inspect};
use crate::harness::support::signal;

#[test]
fn a_replica_has_no_rights_and_the_limits_it_was_given() {
    let Some(containers) = Containers::new() else { return };
    let started = containers.start(&[&LONG[..], &["1", "--cpus", "0.5", "--memory", "64MiB"]].concat());
    let replicas = started.containers();
    let network = docker(&["network", "inspect", "--format", "{{.Name}}", &started.networks()[0]]);
    let replica = inspect(&replicas[0]);
    let host = &replica["HostConfig"];
    assert_eq!(replica["Config"]["User"], "65534:65534");
    assert_eq!(host["ReadonlyRootfs"], true);
    assert_eq!(host["Privileged"], false);
    assert_eq!(host["CapDrop"], json!(["ALL"]));
    assert!(host["CapAdd"].as_array().is_none_or(Vec::is_empty), "{}", host["CapAdd"]);
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges:true"]));
    // Not even the Engine's socket.
    assert_eq!(replica["Mounts"], json!([]));
    for of_the_host in ["PidMode", "UsernsMode", "UTSMode"] {
        assert_eq!(host[of_the_host], "", "{of_the_host}");
    }
    assert!(["", "private"].contains(&host["IpcMode"].as_str().unwrap_or_default()), "{}", host["IpcMode"]);
    let networks = replica["NetworkSettings"]["Networks"].as_object().unwrap();
    assert_eq!(networks.keys().collect::<Vec<_>>(), [network.trim()]);
    assert_eq!(host["PortBindings"].as_object().map(serde_json::Map::len), Some(0));
    assert_eq!((&host["NanoCpus"], &host["Memory"]), (&json!(500_000_000), &json!(64 << 20)));
    let cpuset = host["CpusetCpus"].as_str().unwrap_or_default().to_owned();

    let labels = replica["Config"]["Labels"].clone();
    signal("INT", started.pid());
    let ended = started.wait();
    assert!(!cpuset.is_empty() && ended.stderr.contains(&format!("replicas on CPU {cpuset}\n")), "{cpuset}: {ended:?}");
    assert_eq!((&labels["benchmark.library"], &labels["benchmark.test"]), (&json!("baseline"), &json!("fetch_range")));
    let campaign = labels["benchmark.campaign_id"].as_str().unwrap();
    assert!(ended.stderr.contains(&format!("campaign {campaign}:")), "{campaign}: {ended:?}");
    assert_eq!(network.trim(), format!("benchmark-{campaign}"));
    let run = uuid::Uuid::parse_str(labels["benchmark.run_id"].as_str().unwrap()).unwrap();
    assert_eq!(run.get_version_num(), 7);
}

#[test]
fn the_harness_listens_where_its_containers_are_and_on_the_loopback_alone() {
    let Some(containers) = Containers::new() else { return };
    let started = containers.start(&[&LONG[..], &["1"]].concat());
    let network: Value = serde_json::from_str(&docker(&["network", "inspect", &started.networks()[0]])).unwrap();
    let gateway: Ipv4Addr = network[0]["IPAM"]["Config"][0]["Gateway"].as_str().unwrap().parse().unwrap();
    let mut heard = BTreeSet::new();
    for pid in [started.pid(), started.origin()] {
        heard.extend(listeners(pid).iter().map(|address| *address.ip()));
    }
    let docker0 = docker0();
    assert!(heard.contains(&gateway) && heard.contains(&Ipv4Addr::LOCALHOST), "{heard:?}");
    let allowed = BTreeSet::from([gateway, Ipv4Addr::LOCALHOST, docker0]);
    assert!(heard.is_subset(&allowed), "{heard:?} is more than {allowed:?}");
    signal("INT", started.pid());
    started.wait();
}

/// The address of docker0 as the kernel's routes have it.
fn docker0() -> Ipv4Addr {
    let bridge: Value = serde_json::from_str(&docker(&["network", "inspect", "bridge"])).unwrap();
    let config = &bridge[0]["IPAM"]["Config"][0];
    config["Gateway"].as_str().map_or_else(
        || {
            // An Engine that chose the address itself may leave it out: it is the first of the subnet.
            let subnet = config["Subnet"].as_str().unwrap().split_once('/').unwrap().0;
            Ipv4Addr::from(u32::from(subnet.parse::<Ipv4Addr>().unwrap()) + 1)
        },
        |gateway| gateway.parse().unwrap(),
    )
}

/// Where a process listens. None of it is IPv6.
fn listeners(pid: u32) -> Vec<SocketAddrV4> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let links = files.filter_map(|file| fs::read_link(file.path()).ok()?.to_str().map(str::to_owned));
    let sockets: BTreeSet<String> =
        links.filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect();
    let listening = |table: &str| {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        let rows = table.lines().skip(1).map(|row| row.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        // Local address, state (0A is LISTEN) and inode.
        rows.filter(|row| row[3] == "0A" && sockets.contains(&row[9])).map(|row| row[1].clone()).collect::<Vec<_>>()
    };
    assert_eq!(listening("tcp6"), Vec::<String>::new());
    let address = |text: &String| {
        let (address, port) = text.split_once(':').unwrap();
        let address = u32::from_str_radix(address, 16).unwrap().to_le_bytes();
        SocketAddrV4::new(address.into(), u16::from_str_radix(port, 16).unwrap())
    };
    listening("tcp").iter().map(address).collect()
}
