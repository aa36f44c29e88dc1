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

/// Asked of our origin, as it checks signatures.
const fn signed(name: &'static str, about: &'static str) -> Mode {
    Mode {
        why: "a signature is of the host and the path that are sent, however these were written",
        server: Server::Origin,
        environment: &[("AWS_ACCESS_KEY_ID", "{access_key}"), ("AWS_SECRET_ACCESS_KEY", "{secret_key}")],
        on_compose: false,
        ..at(name, about, READ)
    }
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
        flags: &[("--target", "s3://bucket"), ("--endpoint", "http://{address}"), ("--param", "signed=true")],
        ..signed("signed", "requests are signed")
    },
    Mode {
        flags: &[("--target", "s3://bucket"), ("--endpoint", "http://LOCALHOST:{port}"), ("--param", "signed=true")],
        ..signed("signed-upper-case", "requests are signed for an endpoint whose name is written in upper case")
    },
    Mode {
        flags: &[("--target", "s3://bucket"), ("--endpoint", "http://127.1:{port}"), ("--param", "signed=true")],
        ..signed("signed-short-address", "requests are signed for an endpoint whose address is written `127.1`")
    },
    Mode {
        flags: &[
            ("--target", "s3://bucket"),
            ("--endpoint", "http://[::ffff:127.0.0.1]:{port}"),
            ("--param", "signed=true"),
        ],
        ..signed(
            "signed-mapped-address",
            "requests are signed for an endpoint whose address is written `[::ffff:127.0.0.1]`",
        )
    },
    Mode {
        right: "verify: tls",
        why: "nobody knows who signed its certificate",
        server: Server::Tls("honest"),
        flags: &[("--target", "https://{address}/bucket/object")],
        needs: &["tls"],
        contained: true,
        ..at("unknown-authority", "speaks TLS, with a certificate of an authority that nobody knows", READ)
    },
    Mode {
        why: "the authority of its certificate was named",
        server: Server::Tls("honest"),
        flags: &[("--target", "https://{address}/bucket/object"), ("--ca", "{ca}")],
        needs: &["tls"],
        contained: true,
        ..at("named-authority", "speaks TLS, with a certificate of an authority that --ca names", READ)
    },
    Mode {
        why: "the authority of its certificate was named",
        server: Server::Tls("honest"),
        flags: &[("--target", "s3://bucket"), ("--endpoint", "https://{address}"), ("--ca", "{ca}")],
        needs: &["tls"],
        ..at(
            "named-authority-bucket",
            "speaks TLS, with a certificate of an authority that --ca names, and a bucket is listed",
            READ,
        )
    },
    Mode {
        right: "verify: other",
        why: "what comes by TLS is no HTTP",
        server: Server::Tls("honest"),
        ..at("plain-on-tls", "speaks TLS, and is asked without", READ)
    },
    Mode {
        right: "verify: tls",
        why: "what comes without TLS is none",
        flags: &[("--target", "https://{address}/bucket/object")],
        needs: &["tls"],
        ..at("tls-on-plain", "speaks no TLS, and is asked by it", READ)
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
        why: "some libraries resolve dots before they ask: the harness refuses the path and says so",
        flags: &[("--target", "http://{address}/bucket//a/./b")],
        right: "refused",
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
