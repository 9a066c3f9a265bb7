//! [`TagType`]: the type of a tag.

use crate::FuncType;
use core::fmt;

/// The type of a tag: a function type whose parameters are the fields of its exceptions.
///
/// ```
/// use windlass::{Engine, FuncType, TagType, ValType};
/// let ty = TagType::new(FuncType::new(&Engine::default(), [ValType::I32], []));
/// assert_eq!(ty.ty().params().len(), 1);
/// assert_eq!(ty.to_string(), "(i32)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagType(FuncType);

impl TagType {
    /// The type of tags whose exceptions have these fields. A type with results is for control
    /// tags, which throw nothing.
    pub fn new(ty: FuncType) -> TagType {
        TagType(ty)
    }

    /// The function type.
    pub fn ty(&self) -> &FuncType {
        &self.0
    }
}

impl fmt::Display for TagType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        super::func::write_types(f, self.0.param_types())
    }
}
