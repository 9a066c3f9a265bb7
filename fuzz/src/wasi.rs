//! Calls of WASI with arbitrary arguments, by a guest, over files of the host and files in memory:
//! nothing panics, and both answer with the same error number and have the same files afterwards.
//!
//! `calls` says what functions take, `world` is a guest with its files.

mod calls;
mod world;

use arbitrary::{Result, Unstructured};
use world::World;

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let mut worlds = [World::on_host(), World::in_memory()];
    let count = input.int_in_range(1..=60)?;
    let mut told = String::new();
    for _ in 0..count {
        if input.is_empty() {
            break;
        }
        let (name, args) = calls::arbitrary(input)?;
        let [host, memory] = worlds.each_mut().map(|world| world.call(name, &args));
        assert_eq!(host, memory, "{name}({args:x?}): on the host, in memory; after {told}");
        told += &format!("{name}{args:x?} = {host:?} ");
    }
    let [host, memory] = worlds.each_mut().map(|world| world.tree());
    assert_eq!(host, memory, "on the host, in memory; after {told}");
    Ok(crate::digest(&told))
}
