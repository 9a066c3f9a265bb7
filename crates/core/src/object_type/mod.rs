//! [`ObjectType`]: how structures and arrays of a type lie in the heap of a store. The translator
//! takes offsets from here, handlers and the heap rely on them. It depends on the type alone, never
//! on a store.
//!
//! An object begins with a header word: the type's id in the lower half, with [`ARRAY`] set for an
//! array. In the upper half is the length of an array; of a structure its descriptor, by the word
//! where that lies, or 0 if its type has none. Fields follow in order, each aligned by its
//! size but for vectors, which are aligned as words. A field that is smaller than a word goes into
//! the first gap that earlier ones left, so the fields of a type lie in its subtypes where they lie
//! in it.

pub(crate) mod known;

use alloc::{boxed::Box, collections::TryReserveError, vec::Vec};
use windlass_decode::{
    AbsHeapType, CompositeType, FieldType, HeapType, RefType, StorageType, ValType,
};
use windlass_validate::{TypeId, TypeRegistry, sort_numbers};

/// The bytes of an object's header. Fields and elements begin behind it.
pub(crate) const HEADER: u32 = 8;
/// Set in the lower half of the header of an array. Ids of types are smaller.
pub(crate) const ARRAY: u32 = 1 << 28;
/// The lower half of the header of an array that is being made, by words: no type has this id.
pub(crate) const UNFINISHED: u32 = 2 * ARRAY - 1;
/// The least size of an object: a free place must have room for its size and a link.
pub(crate) const MIN_OBJECT: u32 = 16;

/// How a field or an element is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
    V128,
    /// A reference of the hierarchy of `any` or `extern`.
    Any,
    /// A reference to a function: no object.
    Func,
    /// A reference to an exception.
    Exn,
}

impl Storage {
    fn new(ty: StorageType, is_func: impl FnOnce(TypeId) -> bool) -> Storage {
        match ty {
            StorageType::I8 => Storage::I8,
            StorageType::I16 => Storage::I16,
            StorageType::Val(ValType::I32) => Storage::I32,
            StorageType::Val(ValType::I64) => Storage::I64,
            StorageType::Val(ValType::F32) => Storage::F32,
            StorageType::Val(ValType::F64) => Storage::F64,
            StorageType::Val(ValType::V128) => Storage::V128,
            StorageType::Val(ValType::Ref(ty)) => Storage::of(ty, is_func),
        }
    }

    /// How a reference of a canonical type is stored.
    pub(crate) fn of_ref(types: &TypeRegistry, ty: RefType) -> Storage {
        Storage::of(ty, |id| types.func(id).is_some())
    }

    /// As `of_ref`, with what tells whether a type is a function's.
    pub(crate) fn of(ty: RefType, is_func: impl FnOnce(TypeId) -> bool) -> Storage {
        use AbsHeapType::{Exn, Func, NoExn, NoFunc};
        match ty.heap {
            HeapType::Abs(Func | NoFunc) => Storage::Func,
            HeapType::Abs(Exn | NoExn) => Storage::Exn,
            HeapType::Abs(_) => Storage::Any,
            HeapType::Concrete(id) | HeapType::Exact(id) => match is_func(TypeId(id)) {
                true => Storage::Func,
                false => Storage::Any,
            },
        }
    }

    /// How many bytes it takes.
    pub(crate) fn size(self) -> u32 {
        match self {
            Storage::I8 => 1,
            Storage::I16 => 2,
            Storage::I32 | Storage::F32 => 4,
            Storage::I64 | Storage::F64 | Storage::Any | Storage::Func | Storage::Exn => 8,
            Storage::V128 => 16,
        }
    }

    /// How many slots its value takes on a stack.
    pub(crate) fn slots(self) -> usize {
        if self == Storage::V128 { 2 } else { 1 }
    }
}

/// What a reference that is traced leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// An object, a host value, an `i31`.
    Any,
    /// An exception.
    Exn,
}

impl Class {
    /// What references stored so lead to; none if nothing that is collected.
    pub(crate) fn of(storage: Storage) -> Option<Class> {
        match storage {
            Storage::Any => Some(Class::Any),
            Storage::Exn => Some(Class::Exn),
            _ => None,
        }
    }
}

/// Where a field lies: its distance from the object's first byte. Of an array, the first element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FieldLayout {
    pub(crate) offset: u32,
    pub(crate) storage: Storage,
}

/// How objects of a type lie in the heap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectType {
    /// The lower half of the header.
    pub(crate) header: u32,
    /// Of a structure: its size in bytes, header included, a multiple of 8.
    pub(crate) size: u32,
    /// The fields; of an array the one element.
    pub(crate) fields: Box<[FieldLayout]>,
    /// If there are more than [`FEW_FIELDS`]: the fields in the order of their offsets.
    in_order: Box<[u32]>,
}

/// So many fields are searched one by one.
pub(crate) const FEW_FIELDS: usize = 16;

impl ObjectType {
    /// The layout of a type of the registry; none if it is a function type.
    pub(crate) fn new(
        types: &TypeRegistry,
        id: TypeId,
    ) -> Result<Option<ObjectType>, TryReserveError> {
        let is_func = |id| types.func(id).is_some();
        ObjectType::of(&types.get(id).composite, id, is_func)
    }

    /// As `new`, with what tells whether a type is a function's.
    pub(crate) fn of(
        composite: &CompositeType,
        id: TypeId,
        is_func: impl Fn(TypeId) -> bool,
    ) -> Result<Option<ObjectType>, TryReserveError> {
        let place = |field: FieldType| Storage::new(field.storage, &is_func);
        Ok(match composite {
            CompositeType::Func(_) => None,
            CompositeType::Array(element) => {
                let fields = [FieldLayout { offset: HEADER, storage: place(*element) }];
                let (header, fields) = (id.0 | ARRAY, fields.into());
                Some(ObjectType { header, size: 0, fields, in_order: Box::default() })
            }
            CompositeType::Struct(fields) => {
                let (fields, size) = lay_out(fields.iter().copied().map(place))?;
                let in_order = in_order(&fields)?;
                Some(ObjectType { header: id.0, size, fields, in_order })
            }
        })
    }

    /// The field with this offset.
    pub(crate) fn field_at(&self, offset: u32) -> Option<usize> {
        if self.in_order.is_empty() {
            return self.fields.iter().position(|field| field.offset == offset);
        }
        let offset_of = |&field: &u32| self.fields[field as usize].offset;
        let place = self.in_order.binary_search_by_key(&offset, offset_of).ok()?;
        Some(self.in_order[place] as usize)
    }

    pub(crate) fn is_array(&self) -> bool {
        self.header & ARRAY != 0
    }

    /// The element of an array; of a structure the first field.
    pub(crate) fn element(&self) -> Storage {
        self.fields.first().map_or(Storage::I8, |place| place.storage)
    }

    /// How many bytes an array of so many elements takes; none if no heap can be that large.
    pub(crate) fn array_size(&self, len: u64) -> Option<usize> {
        let bytes = u64::from(self.element().size()).checked_mul(len)?;
        let size = bytes.checked_add(u64::from(HEADER) + 7)? & !7;
        usize::try_from(size.max(MIN_OBJECT.into())).ok()
    }
}

/// Places fields one after the other; returns them and the size of the object.
fn lay_out(
    fields: impl ExactSizeIterator<Item = Storage>,
) -> Result<(Box<[FieldLayout]>, u32), TryReserveError> {
    let mut places = Vec::new();
    places.try_reserve_exact(fields.len())?;
    let mut end = HEADER;
    // The gaps of 1, 2 and 4 bytes in words that are begun: a word leaves at most one of each.
    let mut gaps: [Option<u32>; 3] = [None; 3];
    places.extend(fields.map(|storage| {
        let size = storage.size();
        if size >= 8 {
            end += size;
            return FieldLayout { offset: end - size, storage };
        }
        let first = size.trailing_zeros() as usize;
        let gap = (first..3).find(|&gap| gaps[gap].is_some());
        let offset = match gap.and_then(|gap| gaps[gap].take()) {
            Some(offset) => offset,
            None => {
                end += 8;
                end - 8
            }
        };
        for (half, gap) in gaps.iter_mut().enumerate().take(gap.unwrap_or(3)).skip(first) {
            *gap = Some(offset + (1 << half));
        }
        FieldLayout { offset, storage }
    }));
    Ok((places.into(), end.max(MIN_OBJECT)))
}

/// The fields in the order of their offsets, if there are many.
fn in_order(fields: &[FieldLayout]) -> Result<Box<[u32]>, TryReserveError> {
    if fields.len() <= FEW_FIELDS {
        return Ok(Box::default());
    }
    let mut in_order = Vec::new();
    in_order.try_reserve_exact(fields.len())?;
    // There are some thousands at most.
    in_order.extend((0_u32..).zip(fields).map(|(number, _)| number));
    let offset = |number: u32| fields[number as usize].offset;
    sort_numbers(&mut in_order, &mut |a, b| offset(a).cmp(&offset(b)));
    Ok(in_order.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Small fields fill gaps: offsets are not in the order of fields.
    #[test]
    fn fields_are_found_by_their_offsets() {
        let sizes = [StorageType::I8, StorageType::Val(ValType::I64), StorageType::I16];
        for count in [0, 3, FEW_FIELDS, FEW_FIELDS + 1, 500] {
            let storage = sizes.into_iter().cycle().take(count);
            let fields = storage.map(|storage| FieldType { mutable: false, storage });
            let ty = CompositeType::Struct(fields.collect());
            let ty = ObjectType::of(&ty, TypeId(3), |_| false).expect("there is memory");
            let ty = ty.expect("it is no function's");
            let mut found = 0;
            for offset in 0..ty.size + 9 {
                let wanted = ty.fields.iter().position(|field| field.offset == offset);
                assert_eq!(ty.field_at(offset), wanted, "{count} fields, {offset}");
                found += usize::from(wanted.is_some());
            }
            assert_eq!(found, count);
        }
    }

    fn offsets(fields: &[Storage]) -> (Vec<u32>, u32) {
        let (places, size) = lay_out(fields.iter().copied()).unwrap();
        (places.iter().map(|place| place.offset).collect(), size)
    }

    #[test]
    fn small_fields_fill_gaps() {
        use Storage::*;
        assert_eq!(offsets(&[]), (alloc::vec![], 16));
        assert_eq!(offsets(&[I32, Any, I32]), (alloc::vec![8, 16, 12], 24));
        assert_eq!(offsets(&[I8, I64, I16, I8, I32]), (alloc::vec![8, 16, 10, 9, 12], 24));
        assert_eq!(offsets(&[V128, I8, V128, I32]), (alloc::vec![8, 24, 32, 28], 48));
    }

    #[test]
    fn fields_do_not_overlap_and_prefixes_agree() {
        use Storage::*;
        let all = [I8, I16, I32, I64, F32, F64, V128, Any, Func, Exn];
        let mut state = 1u32;
        for _ in 0..500 {
            let mut fields = Vec::new();
            for _ in 0..state >> 27 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                fields.push(all[(state >> 8) as usize % all.len()]);
            }
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (places, size) = lay_out(fields.iter().copied()).unwrap();
            let mut taken = alloc::vec![false; size as usize];
            for place in &places {
                assert_eq!(place.offset % place.storage.size().min(8), 0);
                for byte in place.offset..place.offset + place.storage.size() {
                    assert!(byte >= HEADER && !core::mem::replace(&mut taken[byte as usize], true));
                }
            }
            for len in 0..fields.len() {
                let (prefix, shorter) = lay_out(fields[..len].iter().copied()).unwrap();
                assert!(prefix[..] == places[..len] && shorter <= size);
            }
        }
    }
}
