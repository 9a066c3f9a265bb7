//! The type section (3.0, section 3.2): equal recursion groups become one, and declared subtypes
//! must match. Types are numbered by their first index in the module: [`Context::enter`] gives them
//! their numbers in a registry. Called by `module`.

use crate::context::at;
use crate::func::{DESCRIPTORS, GC};
use crate::hierarchy::Hierarchy;
use crate::room::{grow_to, list};
use crate::subtype;
use crate::text::{RELATIVE, Text, indices, map_indices};
use crate::{Context, Error, InvalidKind, Ordered, TypeId};
use alloc::vec::Vec;
use windlass_decode::limits::SUBTYPING_DEPTH;
use windlass_decode::{CompositeType, Features, HeapType, RecGroup, SubType};

/// What describes a type and what it describes are structures of its group and name each other;
/// what is described comes first, so that nothing describes itself.
fn check_clauses(ty: &SubType, index: u32, group: &RecGroup) -> Result<(), Error> {
    let fail = |rule| Err(InvalidKind::Descriptor { rule, index }.into());
    let in_group = |named: u32| group.types.get(named.checked_sub(group.first)? as usize);
    let is_struct = matches!(ty.composite, CompositeType::Struct(_));
    if let Some(named) = ty.describes {
        match in_group(named) {
            None => return fail("described type is outside rec group"),
            Some(_) if named >= index => return fail("forward use of described type"),
            Some(_) if !is_struct => return fail("described type must be a struct"),
            Some(other) if other.descriptor != Some(index) => {
                return fail("described type is not described by descriptor");
            }
            Some(_) => {}
        }
    }
    if let Some(named) = ty.descriptor {
        match in_group(named) {
            None => return fail("descriptor type is outside rec group"),
            Some(_) if !is_struct => return fail("descriptor type must be a struct"),
            Some(other) if other.describes != Some(index) => {
                return fail("type is not described by its descriptor");
            }
            Some(_) => {}
        }
    }
    Ok(())
}

impl Context {
    /// Adds all types of a module, which are not copied.
    #[inline(never)]
    pub(crate) fn add_types(&mut self, groups: Vec<RecGroup>) -> Result<(), Error> {
        let offset = groups.first().map_or(0, |group| group.offset);
        self.reserve_types(&groups).map_err(|error| error.at(offset))?;
        let mut known = Ordered::default();
        for group in groups {
            let offset = group.offset;
            self.add_group(group, &mut known).map_err(|error| error.at(offset))?;
        }
        Ok(())
    }

    fn reserve_types(&mut self, groups: &[RecGroup]) -> Result<(), Error> {
        let types = groups.iter().map(|group| group.types.len()).sum();
        self.types = list(types)?;
        self.type_ids = list(types)?;
        self.groups = list(groups.len())?;
        grow_to(&mut self.hierarchy, if GC { types } else { 0 })?;
        let all = groups.iter().flat_map(|group| &group.types);
        self.lists.reserve(types, all.map(|ty| &ty.composite))
    }

    /// Adds a group. `known` has the first type of each group before it, by the group's text.
    #[inline(never)]
    fn add_group(
        &mut self,
        group: RecGroup,
        known: &mut Ordered<(Text, u32)>,
    ) -> Result<(), Error> {
        // Modules have at most a million types.
        let start = self.types.len() as u32;
        let end = start + group.types.len() as u32;
        for (ty, index) in group.types.iter().zip(start..) {
            if DESCRIPTORS {
                check_clauses(ty, index, &group)?;
            }
            if let Some(index) = indices(ty).find(|&index| index >= end) {
                return Err(InvalidKind::Unknown { space: "type", index }.into());
            }
            if GC {
                self.check_supertype(ty, index, start, &group)?;
            }
            self.check_features(ty)?;
        }
        let text = Text::new(&group.types, &mut |index| match self.type_ids.get(index as usize) {
            Some(id) => id.0,
            None => RELATIVE | (index - start),
        })?;
        let first = match known.find(|(other, _)| other.cmp(&text)) {
            Some(&(_, first)) => first,
            None => {
                known.reserve().map_err(|_| Error::from(InvalidKind::OutOfMemory))?;
                known.insert((text, start), |(a, _), (b, _)| a.cmp(b));
                start
            }
        };
        self.type_ids.extend((first..).map(TypeId).take(group.types.len()));
        self.groups.push(end - start);
        let mut declared = list(if GC { group.types.len() } else { 0 })?;
        for mut ty in group.types {
            if GC {
                declared.push(ty.supertypes.first().copied());
            }
            map_indices(&mut ty, &mut |index| self.type_ids[index as usize].0);
            self.lists.push(&ty.composite);
            self.types.push(ty);
        }
        for (sup, sub) in declared.into_iter().zip(start..) {
            let Some(sup) = sup.filter(|_| GC) else { continue };
            let [ty, parent] = [sub, sup].map(|index| &self.types[index as usize]);
            if !subtype::composite(self, &ty.composite, &parent.composite) {
                return Err(InvalidKind::SubType { sub, sup }.into());
            }
            if DESCRIPTORS {
                self.match_clauses(ty, parent)?.ok_or(InvalidKind::SubType { sub, sup })?;
            }
        }
        Ok(())
    }

    /// What a type describes and what describes it must match what its supertype has there. None if
    /// one of them has nothing there, and may not. All are canonical.
    fn match_clauses(&self, ty: &SubType, parent: &SubType) -> Result<Option<()>, Error> {
        let matches = |clause: &'static str, sub, sup| {
            let [a, b] = [sub, sup].map(HeapType::Concrete);
            let error = InvalidKind::ClauseMismatch { clause, sub, sup };
            if subtype::heap(self, a, b) { Ok(Some(())) } else { Err(error) }
        };
        let described = match (ty.describes, parent.describes) {
            (Some(sub), Some(sup)) => matches("described", sub, sup)?,
            (None, None) => Some(()),
            _ => None,
        };
        // What has a descriptor may be below what has none.
        let descriptor = match (ty.descriptor, parent.descriptor) {
            (Some(sub), Some(sup)) => matches("descriptor", sub, sup)?,
            (None, Some(_)) => None,
            (_, None) => Some(()),
        };
        Ok(described.and(descriptor))
    }

    /// There is at most one supertype; it is defined before and not final. `start` is the first
    /// index of the group.
    fn check_supertype(
        &mut self,
        ty: &SubType,
        index: u32,
        start: u32,
        group: &RecGroup,
    ) -> Result<(), Error> {
        if ty.supertypes.len() > 1 {
            return Err(InvalidKind::SuperTypes(index).into());
        }
        let sup = ty.supertypes.first().copied();
        if let Some(sup) = sup {
            if sup >= index {
                return Err(InvalidKind::Unknown { space: "type", index: sup }.into());
            }
            let is_final = match sup.checked_sub(start) {
                Some(place) => group.types[place as usize].is_final,
                None => self.types[sup as usize].is_final,
            };
            if is_final {
                return Err(InvalidKind::SubType { sub: index, sup }.into());
            }
        }
        self.hierarchy.push(self.hierarchy.below(index, sup));
        if self.hierarchy.depth(index) > SUBTYPING_DEPTH {
            return Err(InvalidKind::SubtypingDepth { index, limit: SUBTYPING_DEPTH }.into());
        }
        Ok(())
    }

    fn check_features(&self, ty: &SubType) -> Result<(), Error> {
        match &ty.composite {
            CompositeType::Func(ty)
                if ty.results.len() > 1 && !self.features.contains(Features::MULTI_VALUE) =>
            {
                let what = "a function with several results";
                Err(InvalidKind::FeatureDisabled { what, feature: "multi-value" }.into())
            }
            _ => Ok(()),
        }
    }

    /// The index of a function type, checked.
    pub(crate) fn check_func_type(&self, index: u32) -> Result<u32, Error> {
        at(&self.type_ids, index, "type")?;
        match self.type_func(index) {
            Some(_) => Ok(index),
            None => Err(InvalidKind::WrongComposite { index, expected: "a function type" }.into()),
        }
    }
}
