//! What a generated module imports, made by its types, and arguments. `ways` asks for them.

use windlass::{
    AnyRef, Error, Extern, ExternRef, ExternType, Func, Global, HeapType, I31, Memory, Module, Ref,
    RefType, Store, StoreLimits, Table, Tag, Val, ValType,
};

/// All imports; none if there is no value of some type.
pub(crate) fn all(store: &mut Store<StoreLimits>, module: &Module) -> Option<Vec<Extern>> {
    module.imports().map(|import| one(store, import.ty())).collect()
}

fn one(store: &mut Store<StoreLimits>, ty: ExternType) -> Option<Extern> {
    Some(match ty {
        ExternType::Func(ty) => {
            let results: Vec<ValType> = ty.results().collect();
            if results.iter().any(|ty| Val::default_for_ty(*ty).is_none()) {
                return None;
            }
            let answer = move |_: windlass::Caller<'_, StoreLimits>,
                               args: &[Val],
                               values: &mut [Val]|
                  -> Result<(), Error> {
                // Something that depends on the arguments.
                let bits = args
                    .iter()
                    .fold(7, |bits: u64, arg| bits.wrapping_mul(31).wrapping_add(number(arg)));
                for (value, ty) in values.iter_mut().zip(&results) {
                    *value = simple(ty, bits).ok_or_else(|| Error::msg("no such value"))?;
                }
                Ok(())
            };
            Func::new(&mut *store, ty, answer).into()
        }
        ExternType::Global(ty) => {
            let value = value(store, &ty.content(), 0x1234_5678)?;
            Global::new(&mut *store, ty, value).ok()?.into()
        }
        ExternType::Table(ty) => {
            let null = Ref::null(ty.element().heap_type());
            Table::new(&mut *store, ty, null).ok()?.into()
        }
        ExternType::Memory(ty) => Memory::new(&mut *store, ty).ok()?.into(),
        ExternType::Tag(ty) => Tag::new(&mut *store, &ty).ok()?.into(),
        _ => return None,
    })
}

/// A number that stands for a value.
fn number(value: &Val) -> u64 {
    match value {
        Val::I32(value) => u64::from(value.cast_unsigned()),
        Val::I64(value) => value.cast_unsigned(),
        Val::F32(bits) if f32::from_bits(*bits).is_nan() => 1,
        Val::F64(bits) if f64::from_bits(*bits).is_nan() => 1,
        Val::F32(bits) => u64::from(*bits),
        Val::F64(bits) => *bits,
        other => other.as_ref().map_or(2, |reference| u64::from(reference.is_null())),
    }
}

/// The value of these bits, of a type that has a default.
fn simple(ty: &ValType, bits: u64) -> Option<Val> {
    let low = (bits & 0xffff_ffff) as u32;
    Some(match ty {
        ValType::I32 => Val::I32(low.cast_signed()),
        ValType::I64 => Val::I64(bits.cast_signed()),
        ValType::F32 => Val::F32(low),
        ValType::F64 => Val::F64(bits),
        ValType::V128 => {
            let half = u128::from(bits);
            Val::V128((half << 64 | half.rotate_left(13)).into())
        }
        ty => return Val::default_for_ty(*ty),
    })
}

/// The value of these bits; none if there is none of the type that is easily made.
pub(crate) fn value(store: &mut Store<StoreLimits>, ty: &ValType, bits: u64) -> Option<Val> {
    match ty {
        ValType::Ref(ty) if !ty.is_nullable() || bits & 1 == 0 => {
            reference(store, ty, bits).or_else(|| Val::default_for_ty(ValType::Ref(*ty)))
        }
        ty => simple(ty, bits),
    }
}

fn reference(store: &mut Store<StoreLimits>, ty: &RefType, bits: u64) -> Option<Val> {
    match ty.heap_type() {
        HeapType::Extern => {
            let reference = ExternRef::new(&mut *store, bits).ok()?;
            Some(Val::ExternRef(Some(reference)))
        }
        HeapType::Any | HeapType::Eq | HeapType::I31 => {
            let number = I31::wrapping_u32((bits & 0xffff_ffff) as u32);
            Some(Val::AnyRef(Some(AnyRef::from_i31(&mut *store, number))))
        }
        _ => None,
    }
}
