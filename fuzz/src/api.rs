//! Sequences of calls of the engine's interface, beside a model of what they must do: stores of two
//! engines, instances that share memories, tables and globals, growth by guest and host, executions
//! that are paused, run on or dropped, collections, limiters that refuse, fail or panic when they
//! are asked for the n-th time, host functions that fail, panic, come back later or call the guest.
//!
//! `world` has the guest and the embedder's side, `model` what must be so, `steps` what is done.

mod model;
mod steps;
mod world;

use arbitrary::{Result, Unstructured};

/// How many steps a sequence has at most.
const STEPS: usize = 80;

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let mut world = world::World::new();
    let count = input.int_in_range(4..=STEPS)?;
    for _ in 0..count {
        if input.is_empty() {
            break;
        }
        world.step(input)?;
        world.check();
    }
    world.end();
    Ok(count as u64)
}
