//! The machine: its facts, its CPUs and how they are shared out, what makes it noisy, and who runs on it.

mod cgroup;
mod cpu_time;
mod cpus;
mod group;
mod host;
mod noise;
mod process;
mod shares;

pub use cgroup::{Cgroup, CgroupError};
pub use cpu_time::{busy_seconds, cpu_seconds_of};
pub use cpus::{CpuSplit, Cpus};
pub use group::Group;
pub use host::{Host, host};
pub(crate) use noise::is_cheap;
pub use noise::sources as noise_sources;
pub use process::{ProcessIdentity, is_dead, is_in_sight, this_process};
pub use shares::Shares;
