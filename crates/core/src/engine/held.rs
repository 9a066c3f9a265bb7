//! [`HeldType`] and [`HeldTypes`]: who keeps numbers of types keeps one of these, so that the
//! engine does not give the numbers to other types. They are held by modules, by stores and by the
//! types of the embedding API. What is dropped asks for the engine's types for a piece at a time.
//! Never dropped while the types are locked.

use super::Engine;
use alloc::vec::Vec;
use windlass_validate::{SharedTypes, TypeId, TypeRegistry};

/// How many types are released or removed while others wait.
const PIECE: usize = 256;

/// A type of an engine that is counted.
pub(crate) struct HeldType {
    engine: Engine,
    id: TypeId,
}

impl HeldType {
    /// Takes over a count.
    pub(crate) fn counted(engine: &Engine, id: TypeId) -> HeldType {
        HeldType { engine: engine.clone(), id }
    }

    /// Counts a type that somebody holds.
    pub(crate) fn new(engine: &Engine, id: TypeId) -> HeldType {
        engine.types(|types| types.retain(id));
        HeldType::counted(engine, id)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn id(&self) -> TypeId {
        self.id
    }
}

impl Drop for HeldType {
    fn drop(&mut self) {
        self.engine.release(&[self.id]);
    }
}

/// Types of an engine, each counted as often as it is here.
pub(crate) struct HeldTypes {
    engine: Engine,
    /// What is added here must have been counted.
    pub(crate) ids: Vec<TypeId>,
}

impl HeldTypes {
    pub(crate) fn new(engine: &Engine) -> HeldTypes {
        HeldTypes { engine: engine.clone(), ids: Vec::new() }
    }
}

impl Drop for HeldTypes {
    fn drop(&mut self) {
        self.engine.release(&self.ids);
    }
}

impl Engine {
    fn release(&self, ids: &[TypeId]) {
        for piece in ids.chunks(PIECE) {
            self.0.types.write(|types| piece.iter().for_each(|&id| types.release(id)));
        }
        while self.0.types.write(|types| types.sweep(PIECE)) {}
    }
}

impl SharedTypes for &Engine {
    fn read<R>(&mut self, f: impl FnOnce(&TypeRegistry) -> R) -> R {
        self.0.types.read(f)
    }

    fn write<R>(&mut self, f: impl FnOnce(&mut TypeRegistry) -> R) -> R {
        self.0.types.write(f)
    }
}
