//! What instructions compute, as functions of numbers and vectors. Handlers, constant folding and
//! constant expressions call them. Nothing here knows of machines, cells or stores.

pub(crate) mod native;
pub(crate) mod num;
#[allow(dead_code)] // Where `native` has better, only tests call the meaning.
pub(crate) mod simd;
pub(crate) mod v128;
