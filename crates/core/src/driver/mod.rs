//! The driver: it runs threads, and does what handlers leave to it. Calls between instances,
//! translation at the first call, growth, bulk instructions, allocation, collections, throws. The
//! API above starts, stops and resumes threads through [`ThreadHandle`]; below are `translate`,
//! `runtime` and `exec`, which know nothing of it.

mod calls;
mod collect;
mod frame_maps;
mod frames;
mod handle;
mod metering;
mod slow;
mod stack;
mod thread;
mod threads;
mod translation;
mod unwind;

pub(crate) use collect::{
    alloc_array, alloc_array_of, alloc_exception, alloc_struct, collect, collect_if_due, reserve,
};
pub(crate) use handle::ThreadHandle;
pub(crate) use thread::{Exit, Held};
pub(crate) use threads::{Threaded, Threads};
