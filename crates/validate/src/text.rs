//! [`Text`]: the words that describe a recursion group, by which it is found among others: in its
//! module, and in the registry. References into the group itself are written relative to it (3.0,
//! section 3.3, "closed" and "rolled up" types), others as numbers of types that are canonical
//! already.
//!
//! Builds without the feature `gc` have function types alone, without supertypes and clauses: what
//! else there is must not come here.

use crate::Error;
use crate::func::GC;
use crate::operand::{MAX_TYPES, Operand};
use crate::room::list;
use alloc::vec::Vec;
use windlass_decode::{CompositeType, FieldType, RefType, StorageType, SubType, ValType};

/// Marks a reference into the group itself: the low bits are the place in the group.
pub(crate) const RELATIVE: u32 = MAX_TYPES;

/// The words that describe a group. Two groups have the same text if and only if they are equal.
///
/// The hash comes first when texts are compared: it makes look-ups fast where many begin alike. It
/// is no secret; for texts that are made to have the same one, a look-up takes as many comparisons
/// as without it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text {
    hash: u64,
    words: Vec<u32>,
}

impl Text {
    /// The text of a group whose types refer to what `number` makes of their indices.
    pub(crate) fn new(
        group: &[SubType],
        number: &mut dyn FnMut(u32) -> u32,
    ) -> Result<Text, Error> {
        let mut words = Words(list(group.iter().map(len).sum())?);
        for ty in group {
            let (supertypes, clauses) = named(ty);
            let [describes, descriptor] = clauses.map(|clause| u32::from(clause.is_some()));
            words.add(u32::from(ty.is_final) | describes << 1 | descriptor << 2);
            words.add(supertypes.len() as u32);
            let named = supertypes.iter().copied().chain(clauses.into_iter().flatten());
            named.for_each(|index| words.add(number(index)));
            match &ty.composite {
                CompositeType::Func(func) => {
                    let counts = [0, func.params.len() as u32, func.results.len() as u32];
                    counts.into_iter().for_each(|n| words.add(n));
                    for types in [&func.params, &func.results] {
                        types.iter().for_each(|&ty| words.add(val(ty, number)));
                    }
                }
                _ if !GC => {}
                CompositeType::Struct(fields) => {
                    words.add(1);
                    words.add(fields.len() as u32);
                    fields.iter().for_each(|&ty| words.add_field(ty, number));
                }
                CompositeType::Array(element) => {
                    words.add(2);
                    words.add_field(*element, number);
                }
            }
        }
        let Words(words) = words;
        Ok(Text { hash: hash(&words), words })
    }
}

/// How many words describe a type.
fn len(ty: &SubType) -> usize {
    let composite = match &ty.composite {
        CompositeType::Func(func) => 3 + func.params.len() + func.results.len(),
        _ if !GC => 0,
        CompositeType::Struct(fields) => 2 + 2 * fields.len(),
        CompositeType::Array(_) => 3,
    };
    let (supertypes, clauses) = named(ty);
    2 + supertypes.len() + clauses.iter().flatten().count() + composite
}

/// The supertypes of a type, and the types that its clauses name.
fn named(ty: &SubType) -> (&[u32], [Option<u32>; 2]) {
    if GC { (&ty.supertypes, [ty.describes, ty.descriptor]) } else { (&[], [None; 2]) }
}

fn val(mut ty: ValType, number: &mut dyn FnMut(u32) -> u32) -> u32 {
    map_val(&mut ty, number);
    Operand::from(ty).bits()
}

/// The words of a text that is made: there is room for all.
struct Words(Vec<u32>);

impl Words {
    fn add(&mut self, word: u32) {
        self.0.push(word);
    }

    fn add_field(&mut self, ty: FieldType, number: &mut dyn FnMut(u32) -> u32) {
        self.add(u32::from(ty.mutable));
        self.add(match ty.storage {
            StorageType::I8 => 8,
            StorageType::I16 => 16,
            StorageType::Val(ty) => val(ty, number),
        });
    }
}

fn hash(words: &[u32]) -> u64 {
    let hash = words.iter().fold(0u64, |hash, &word| {
        (hash.rotate_left(5) ^ u64::from(word)).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    hash ^ hash >> 32
}

/// The indices of defined types in `ty`, but for those that its clauses name: they are of its own
/// group.
pub(crate) fn indices(ty: &SubType) -> impl Iterator<Item = u32> + '_ {
    let (params, results, fields): (&[ValType], &[ValType], &[FieldType]) = match &ty.composite {
        _ if !GC => (&[], &[], &[]),
        CompositeType::Func(func) => (&func.params, &func.results, &[]),
        CompositeType::Struct(fields) => (&[], &[], fields),
        CompositeType::Array(element) => (&[], &[], core::slice::from_ref(element)),
    };
    let fields = fields.iter().filter_map(|field| match field.storage {
        StorageType::Val(ty) => Some(ty),
        _ => None,
    });
    let vals = params.iter().chain(results).copied().chain(fields);
    let indices = vals.filter_map(|ty| match ty {
        ValType::Ref(ty) if GC => ty.heap.index(),
        _ => None,
    });
    named(ty).0.iter().copied().chain(indices)
}

/// Replaces every index of a defined type in `ty`.
pub(crate) fn map_indices(ty: &mut SubType, map: &mut dyn FnMut(u32) -> u32) {
    if !GC {
        return;
    }
    let clauses = ty.describes.iter_mut().chain(&mut ty.descriptor);
    for index in ty.supertypes.iter_mut().chain(clauses) {
        *index = map(*index);
    }
    match &mut ty.composite {
        CompositeType::Func(func) => {
            func.params.iter_mut().chain(&mut func.results).for_each(|ty| map_val(ty, map));
        }
        CompositeType::Struct(fields) => fields.iter_mut().for_each(|field| map_field(field, map)),
        CompositeType::Array(field) => map_field(field, map),
    }
}

fn map_field(field: &mut FieldType, map: &mut dyn FnMut(u32) -> u32) {
    if let StorageType::Val(ty) = &mut field.storage {
        map_val(ty, map);
    }
}

pub(crate) fn map_val(ty: &mut ValType, map: &mut dyn FnMut(u32) -> u32) {
    if let ValType::Ref(ty) = ty {
        map_ref(ty, map);
    }
}

pub(crate) fn map_ref(ty: &mut RefType, map: &mut dyn FnMut(u32) -> u32) {
    if GC {
        ty.heap = ty.heap.with_index(map);
    }
}
