//! Modules by wasm-smith, with every feature: every way of executing them does the same.

use crate::{modules, ways};
use arbitrary::{Result, Unstructured};

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let seed = input.arbitrary()?;
    let module = modules::executable(input)?;
    Ok(ways::same_in_all(&module.wasm, seed, module.ends, !module.canonical))
}
