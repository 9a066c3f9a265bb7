//! Structured programs, which compilers could have made: every way of executing them does the same.

use crate::ways;
use arbitrary::{Result, Unstructured};
use windlass_differential::program;

pub(crate) fn run(input: &mut Unstructured<'_>) -> Result<u64> {
    let seed = input.arbitrary()?;
    let text = program::text(seed);
    let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    // It makes NaNs canonical before their bits can be seen.
    Ok(ways::same_in_all(&wasm, seed, true, input.arbitrary()?))
}
