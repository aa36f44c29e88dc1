//! The table of options, and whoever must agree with it: the compose file, the test programs, the keys of stored cases, the environment.

mod environment;
mod headers;
mod keys;
mod typed;
