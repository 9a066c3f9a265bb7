//! [`Context::enter`]: the types of a module, which are numbered by the module itself until then,
//! get their numbers in the registry of an engine. It comes after all validation, so that nothing
//! of a module that is refused enters, and it asks for the registry for one recursion group at a
//! time, so that others wait for no module.

use crate::registry::NewGroup;
use crate::room::{copy_type, list};
use crate::sort::sort;
use crate::text::{RELATIVE, Text, map_indices, map_ref, map_val};
use crate::{Context, TypeId, TypeRegistry};
use alloc::vec::Vec;

/// A registry that others use at the same time.
pub trait SharedTypes {
    /// Looks at it.
    fn read<R>(&mut self, f: impl FnOnce(&TypeRegistry) -> R) -> R;

    /// Changes it.
    fn write<R>(&mut self, f: impl FnOnce(&mut TypeRegistry) -> R) -> R;
}

impl SharedTypes for TypeRegistry {
    fn read<R>(&mut self, f: impl FnOnce(&TypeRegistry) -> R) -> R {
        f(self)
    }

    fn write<R>(&mut self, f: impl FnOnce(&mut TypeRegistry) -> R) -> R {
        f(self)
    }
}

impl Context {
    /// Enters the module's types into a registry; their numbers and all types of the
    /// context are the registry's from then on. Adds to `counted` a type of each group, which is
    /// counted once for it.
    ///
    /// None if the registry is full or the host has no memory: then the context is as it was.
    #[inline(never)]
    pub fn enter(
        &mut self,
        registry: &mut impl SharedTypes,
        counted: &mut Vec<TypeId>,
    ) -> Option<()> {
        let mut ids: Vec<TypeId> = Vec::new();
        ids.try_reserve_exact(self.types.len()).ok()?;
        counted.try_reserve_exact(self.groups.len()).ok()?;
        for &len in &self.groups {
            let len = len as usize;
            if len == 0 {
                continue;
            }
            let start = ids.len();
            let Some(first) = self.type_ids.get(start) else { continue };
            match first.0 as usize {
                // The same group as one before it.
                first if first < start => ids.extend_from_within(first..first + len),
                _ => counted.push(self.enter_group(len, registry, &mut ids)?),
            }
        }
        self.renumber(&ids)
    }

    /// Enters the group of so many types that comes after those with `ids`.
    fn enter_group(
        &self,
        len: usize,
        registry: &mut impl SharedTypes,
        ids: &mut Vec<TypeId>,
    ) -> Option<TypeId> {
        let start = ids.len();
        let types = &self.types[start..start + len];
        let mut number = |index: u32| match ids.get(index as usize) {
            Some(id) => id.0,
            None => RELATIVE | (index - start as u32),
        };
        let text = Text::new(types, &mut number).ok()?;
        let known = registry.read(|registry| registry.find(&text));
        let first = match known {
            Some(first) => first,
            None => {
                let mut copies = list(len).ok()?;
                for ty in types {
                    let mut ty = copy_type(ty).ok()?;
                    map_indices(&mut ty, &mut number);
                    copies.push(ty);
                }
                registry.write(|registry| registry.enter(NewGroup { text, types: copies }))?
            }
        };
        registry.read(|registry| ids.extend(registry.group_from(first)));
        Some(first)
    }

    /// Replaces the module's own numbers of types.
    fn renumber(&mut self, ids: &[TypeId]) -> Option<()> {
        let mut by_id = Vec::new();
        by_id.try_reserve_exact(ids.len()).ok()?;
        by_id.extend(ids.iter().copied().zip(0..));
        sort(&mut by_id, Ord::cmp);
        self.by_id = Some(by_id);
        self.type_ids.copy_from_slice(ids);
        let number = &mut |index: u32| ids[index as usize].0;
        self.types.iter_mut().for_each(|ty| map_indices(ty, number));
        self.tables.iter_mut().for_each(|table| map_ref(&mut table.element, number));
        self.globals.iter_mut().for_each(|global| map_val(&mut global.val, number));
        self.elements.iter_mut().for_each(|ty| map_ref(ty, number));
        self.lists.renumber(number);
        Some(())
    }
}
