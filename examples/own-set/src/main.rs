//! An engine that is built for one program: hot parts of its code have a handler each, made by the
//! compiler. With the feature `profile`, this writes the file that says so; see README.md.

use std::time::Instant;
use windlass::{Engine, Instance, Module, Result, Store};

const GUEST: &str = include_str!("../guest.wat");

fn main() -> Result<()> {
    let engine = Engine::default();
    let module = Module::new(&engine, GUEST)?;
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let run = instance.get_typed_func::<i32, i32>(&store, "run")?;
    // Counting is slow: a small run is enough to see what is hot.
    let end = if cfg!(feature = "profile") { 20_000 } else { 1_000_000 };
    let start = Instant::now();
    let result = run.call(&mut store, end)?;
    println!("{result}, in {} ms", start.elapsed().as_millis());
    if end == 1_000_000 {
        assert_eq!(result, 78_498 * 1000 + 350);
    }
    println!("the largest handler in use executes {} cells", largest(&module));

    #[cfg(feature = "profile")]
    std::fs::write("own-set.txt", windlass::take_profile().instruction_set())?;
    Ok(())
}

/// How many cells of the translated code the handler executes that executes most.
fn largest(module: &Module) -> usize {
    let listings = (0..3).filter_map(|func| module.listing(func));
    let largest = |listing: windlass::Listing| listing.cells().map(|cell| cell.sequence).max();
    listings.filter_map(largest).max().unwrap_or(0)
}
