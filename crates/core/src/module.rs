//! [`Module`]: a decoded, validated module and its translated code.

use crate::{Engine, exec::CodeTable};
use alloc::{boxed::Box, sync::Arc};

/// A WebAssembly module, ready to be instantiated. Cheap to clone.
#[derive(Clone)]
pub struct Module(pub(crate) Arc<ModuleInner>);

pub(crate) struct ModuleInner {
    pub(crate) engine: Engine,
    pub(crate) bytes: Box<[u8]>,
    pub(crate) decoded: windlass_decode::Module,
    /// Resolved types and index spaces.
    pub(crate) context: windlass_validate::Context,
    /// Translated code of the functions that the module defines.
    pub(crate) code: CodeTable,
}
