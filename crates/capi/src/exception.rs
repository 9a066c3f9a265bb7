//! Tags and exceptions, which the standard API does not have.

use crate::{
    entry::{Const, Mut, Out, Own, entries, hand_over, put},
    reference::{Object, wasm_extern_t, wasm_ref_t, wasm_trap_t},
    store::wasm_store_t,
    trap,
    types::wasm_tagtype_t,
    value,
    vector::{Vector, wasm_val_vec_t},
};
use windlass::{ExnRef, Tag};

entries! {
    /// A tag; null if the type is not valid. It is an extern of kind `WASM_EXTERN_TAG`.
    fn windlass_tag_new(
        store: Mut<'_, wasm_store_t>,
        ty: Const<'_, wasm_tagtype_t>,
    ) -> Own<wasm_extern_t> {
        let store = &store?.0;
        let ty = ty?.tag_type(&store.engine).ok()?;
        let tag = store.enter(|cx| Tag::new(cx, &ty)).ok()?;
        Some(Box::new(wasm_ref_t::of_extern(tag, store)))
    }

    /// An exception with copies of these values.
    fn windlass_exception_new(
        tag: Const<'_, wasm_extern_t>,
        vals: Const<'_, wasm_val_vec_t>,
        out: Out<'_, *mut wasm_ref_t>,
    ) -> Own<wasm_trap_t> {
        trap::of(tag.and_then(|tag| tag.store.as_ref()), |store| {
            let tag = tag.and_then(|tag| tag.tag()).ok_or_else(trap::null)?;
            let root = store.enter(|cx| {
                let ty = tag.ty(&*cx);
                let vals = value::to_vals(vals, ty.ty().params(), cx, store)?;
                let exception = ExnRef::new(&mut *cx, &tag, &vals)?;
                exception.to_owned_rooted(cx)
            })?;
            hand_over(out, Box::new(wasm_ref_t::new(Object::Exn(root), store)));
            Ok(())
        })
    }

    /// The tag of an exception; null if it is none.
    fn windlass_exception_tag(exception: Const<'_, wasm_ref_t>) -> Own<wasm_extern_t> {
        let exception = exception?;
        let (Object::Exn(root), Some(store)) = (&exception.object, &exception.store) else {
            return None;
        };
        let tag = store.enter(|cx| root.tag(cx)).ok()?;
        Some(Box::new(wasm_ref_t::of_extern(tag, store)))
    }

    /// The values of an exception; none if it is none.
    fn windlass_exception_vals(exception: Const<'_, wasm_ref_t>, out: Out<'_, wasm_val_vec_t>) {
        let vals = exception.and_then(|exception| {
            let (Object::Exn(root), Some(store)) = (&exception.object, &exception.store) else {
                return None;
            };
            let vals = store.enter(|cx| {
                let vals: Vec<_> = root.fields(&mut *cx)?.collect();
                value::from_vals(&vals, cx, store)
            });
            vals.ok()
        });
        put(out, vals.map_or_else(Vector::empty, Vector::from));
    }
}
