//! The functions of files, called directly: one test a function and errno, each in the host's file
//! system and in memory. Polling, sockets and archives, too.
#![cfg(all(feature = "std", any(unix, windows)))]

mod archive;
mod descriptors;
mod escape;
mod names;
mod paths;
mod permissions;
mod polling;
mod sockets;
#[cfg(unix)]
mod waiting;
mod world;
