//! Metrics as they are served, asked for and read: over real sockets, from recorded cgroups, and against a real Prometheus.

mod cgroup;
mod client;
mod live;
mod real;
mod support;
