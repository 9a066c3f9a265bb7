//! The type section (3.0, section 3.2): recursion groups enter the registry, and declared subtypes
//! must match. Called by `module`.

use crate::context::at;
use crate::operand::MAX_TYPES;
use crate::registry::map_indices;
use crate::subtype;
use crate::{Context, Error, InvalidKind, TypeId, TypeRegistry};
use windlass_decode::limits::SUBTYPING_DEPTH;
use windlass_decode::{CompositeType, Features, RecGroup, SubType};

impl Context {
    pub(crate) fn add_types(
        &mut self,
        groups: &[RecGroup],
        registry: &mut TypeRegistry,
    ) -> Result<(), Error> {
        for group in groups {
            self.add_group(group, registry).map_err(|kind| Error::new(kind, group.offset))?;
        }
        let ids = self.type_ids.iter().copied();
        self.by_id = ids.zip(0..).collect();
        self.by_id.sort_unstable();
        Ok(())
    }

    fn add_group(
        &mut self,
        group: &RecGroup,
        registry: &mut TypeRegistry,
    ) -> Result<(), InvalidKind> {
        let start = self.types.len() as u32;
        let end = start + group.types.len() as u32;
        for (ty, index) in group.types.iter().zip(start..) {
            self.check_indices(ty, end)?;
            self.check_supertype(ty, index, start, group)?;
            self.check_features(ty)?;
        }
        let first =
            registry.intern(&group.types, &self.type_ids).ok_or(InvalidKind::LimitExceeded {
                what: "number of types",
                limit: MAX_TYPES.into(),
            })?;
        for id in (first.0..).map(TypeId).take(group.types.len()) {
            self.type_ids.push(id);
            let ty = registry.get(id).clone();
            self.lists.push(&ty.composite);
            self.types.push(ty);
        }
        for (ty, sub) in group.types.iter().zip(start..) {
            let Some(&sup) = ty.supertypes.first() else { continue };
            let [a, b] = [sub, sup].map(|index| &self.types[index as usize].composite);
            if !subtype::composite(registry, a, b) {
                return Err(InvalidKind::SubType { sub, sup });
            }
        }
        Ok(())
    }

    /// Every index must be that of a type before the group or in it.
    fn check_indices(&self, ty: &SubType, end: u32) -> Result<(), InvalidKind> {
        let mut unknown = None;
        map_indices(&mut ty.clone(), &mut |index| {
            if index >= end {
                unknown.get_or_insert(index);
            }
            index
        });
        match unknown {
            Some(index) => Err(InvalidKind::Unknown { space: "type", index }),
            None => Ok(()),
        }
    }

    /// There is at most one supertype; it is defined before and not final. `start` is the first
    /// index of the group.
    fn check_supertype(
        &mut self,
        ty: &SubType,
        index: u32,
        start: u32,
        group: &RecGroup,
    ) -> Result<(), InvalidKind> {
        if ty.supertypes.len() > 1 {
            return Err(InvalidKind::SuperTypes(index));
        }
        let sup = ty.supertypes.first().copied();
        if let Some(sup) = sup {
            if sup >= index {
                return Err(InvalidKind::Unknown { space: "type", index: sup });
            }
            let is_final = match sup.checked_sub(start) {
                Some(place) => group.types[place as usize].is_final,
                None => self.types[sup as usize].is_final,
            };
            if is_final {
                return Err(InvalidKind::SubType { sub: index, sup });
            }
        }
        self.hierarchy.push(sup);
        if self.hierarchy.depth(index) > SUBTYPING_DEPTH {
            return Err(InvalidKind::SubtypingDepth { index, limit: SUBTYPING_DEPTH });
        }
        Ok(())
    }

    fn check_features(&self, ty: &SubType) -> Result<(), InvalidKind> {
        match &ty.composite {
            CompositeType::Func(ty)
                if ty.results.len() > 1 && !self.features.contains(Features::MULTI_VALUE) =>
            {
                let what = "a function with several results";
                Err(InvalidKind::FeatureDisabled { what, feature: "multi-value" })
            }
            _ => Ok(()),
        }
    }

    /// The index of a function type, checked.
    pub(crate) fn check_func_type(&self, index: u32) -> Result<u32, InvalidKind> {
        at(&self.type_ids, index, "type")?;
        match self.type_func(index) {
            Some(_) => Ok(index),
            None => Err(InvalidKind::WrongComposite { index, expected: "a function type" }),
        }
    }
}
