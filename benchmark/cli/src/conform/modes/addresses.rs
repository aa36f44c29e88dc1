//! How a target is named, and what the environment says of the way there.

use super::{BUCKET, DOCUMENT, FROM_BUCKET, Kind, Mode, READ, Server};

const PROXIES: &[(&str, &str)] = &[
    ("HTTP_PROXY", "http://{proxy}"),
    ("http_proxy", "http://{proxy}"),
    ("HTTPS_PROXY", "http://{proxy}"),
    ("https_proxy", "http://{proxy}"),
    ("ALL_PROXY", "http://{proxy}"),
    ("all_proxy", "http://{proxy}"),
];

const NO_PROXY: &str = "a proxy of the shell would be measured with the library, and with some libraries only";
const AS_TYPED: &str = "a target is asked for as it was typed, byte by byte";
const RESOLVES: &str = "every way to write an address is one of the server";

const fn at(name: &'static str, about: &'static str, base: Mode) -> Mode {
    Mode { name, kind: Kind::Addresses, about: Some(about), ..base }
}

pub(super) const MODES: &[Mode] = &[
    Mode { why: "what nobody disturbs is valid", contained: true, ..at("honest", "nothing is wrong", READ) },
    Mode {
        why: "what nobody disturbs is valid",
        contained: true,
        ..at("honest-document", "nothing is wrong, and a document is asked for", DOCUMENT)
    },
    Mode {
        why: "what nobody disturbs is valid",
        contained: true,
        ..at("honest-bucket", "nothing is wrong, and a bucket is listed", BUCKET)
    },
    Mode {
        why: "with a request for each connection the server, asked to, ends it: whoever ends a connection keeps its port",
        flags: &[("--target", "http://{address}/bucket/object"), ("--keep-alive", "false")],
        watches_ends: true,
        ..at("without-keep-alive", "nothing is wrong, and a connection carries one request", READ)
    },
    Mode {
        why: NO_PROXY,
        environment: PROXIES,
        ..at("proxies", "the environment names a proxy, in all six variables", READ)
    },
    Mode {
        why: NO_PROXY,
        environment: PROXIES,
        ..at("proxies-bucket", "the environment names a proxy, and a bucket is listed", BUCKET)
    },
    Mode {
        why: NO_PROXY,
        environment: &[("DOCKER_CONFIG", "{docker_config}")],
        on_process: false,
        contained: true,
        ..at("docker-proxies", "docker's configuration names a proxy for all containers", READ)
    },
    Mode {
        right: "verify: connect",
        why: "nobody listens",
        server: Server::Nobody,
        contained: true,
        ..at("refused", "nobody listens at the target's port", READ)
    },
    Mode {
        right: "verify: dns",
        why: "the name is nobody's",
        flags: &[("--target", "http://nobody.invalid:{port}/bucket/object")],
        contained: true,
        ..at("unknown-name", "the target's name is nobody's", READ)
    },
    Mode {
        why: RESOLVES,
        flags: &[("--target", "http://localhost:{port}/bucket/object")],
        on_compose: false,
        ..at("two-addresses", "the target is `localhost`, and the server listens at its IPv4 address alone", READ)
    },
    Mode {
        why: RESOLVES,
        flags: &[("--target", "http://LOCALHOST:{port}/bucket/object")],
        on_compose: false,
        ..at("upper-case-host", "the target's name is written in upper case", READ)
    },
    Mode {
        why: RESOLVES,
        flags: &[("--target", "s3://bucket"), ("--endpoint", "http://LOCALHOST:{port}")],
        on_compose: false,
        ..at("upper-case-endpoint", "the endpoint's name is written in upper case", BUCKET)
    },
    Mode {
        why: RESOLVES,
        flags: &[("--target", "http://127.1:{port}/bucket/object")],
        on_compose: false,
        ..at("short-address", "the target's address is written `127.1`", READ)
    },
    Mode {
        why: RESOLVES,
        flags: &[("--target", "http://[::ffff:127.0.0.1]:{port}/bucket/object")],
        on_compose: false,
        ..at("mapped-address", "the target's address is written `[::ffff:127.0.0.1]`", READ)
    },
    Mode {
        why: RESOLVES,
        flags: &[("--target", "s3://bucket"), ("--endpoint", "http://{address}/storage/v1/s3")],
        ..at("path-in-endpoint", "the endpoint has a path, as those of some S3 services", BUCKET)
    },
    Mode {
        why: AS_TYPED,
        flags: &[("--target", "http://{address}/bucket/object?version=2&x=%20")],
        needs: &["query"],
        ..at("query", "the target has a query", READ)
    },
    Mode {
        why: AS_TYPED,
        flags: &[("--target", "http://{address}/a%20b/%C3%BC")],
        needs: &["encoded_path"],
        ..at("encoded-path", "the target's path has encoded characters", READ)
    },
    Mode {
        why: AS_TYPED,
        flags: &[("--target", "http://{address}/bucket//a/./b")],
        needs: &["encoded_path"],
        ..at("unusual-path", "the target's path has empty segments and dots", READ)
    },
    Mode {
        why: "settings of the AWS SDK in the environment are those of programs that were written for it",
        flags: FROM_BUCKET,
        environment: &[
            ("AWS_ENDPOINT_URL", "http://{proxy}"),
            ("AWS_ENDPOINT_URL_S3", "http://{proxy}"),
            ("AWS_MAX_ATTEMPTS", "5"),
            ("AWS_RETRY_MODE", "adaptive"),
            ("AWS_PROFILE", "nobody"),
            ("AWS_ALLOW_HTTP", "false"),
        ],
        ..at(
            "aws-variables",
            "the environment names another endpoint, retries and a profile, as for the AWS tools",
            BUCKET,
        )
    },
];
