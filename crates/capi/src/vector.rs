//! [`Vector`]: the vectors of the standard API, which own their elements. C reads and writes their
//! two fields, so it must never be trusted more than its documentation asks for: that `data` and
//! `size` are as they were made, or all its own and only lent.

use crate::{
    entry::{InOut, Out, Own, named_entries, put},
    reference::wasm_extern_t,
    trap::wasm_frame_t,
    types::{
        wasm_exporttype_t, wasm_externtype_t, wasm_functype_t, wasm_globaltype_t,
        wasm_importtype_t, wasm_memorytype_t, wasm_tabletype_t, wasm_tagtype_t, wasm_valtype_t,
    },
    value::wasm_val_t,
};
use std::{mem, ptr, slice};

/// `wasm_xxx_vec_t`.
#[repr(C)]
pub struct Vector<T> {
    size: usize,
    data: *mut T,
}

/// A byte.
pub type wasm_byte_t = u8;
/// Bytes.
pub type wasm_byte_vec_t = Vector<wasm_byte_t>;
/// Bytes that are UTF-8.
pub type wasm_name_t = wasm_byte_vec_t;
/// Bytes that are UTF-8 and end with a zero.
pub type wasm_message_t = wasm_byte_vec_t;
/// Values.
pub type wasm_val_vec_t = Vector<wasm_val_t>;
/// Handles.
pub type wasm_extern_vec_t = Vector<Own<wasm_extern_t>>;
/// Frames of a backtrace.
pub type wasm_frame_vec_t = Vector<Own<wasm_frame_t>>;
/// Types of values.
pub type wasm_valtype_vec_t = Vector<Own<wasm_valtype_t>>;

impl<T> Vector<T> {
    pub(crate) fn empty() -> Vector<T> {
        Vector { size: 0, data: ptr::null_mut() }
    }

    /// The elements; none if a pointer is null.
    pub(crate) fn as_slice(&self) -> &[T] {
        match self.data.is_null() || self.size == 0 {
            true => &[],
            // SAFETY: whoever has a vector has `size` elements at `data`; so say the rules for C.
            false => unsafe { slice::from_raw_parts(self.data, self.size) },
        }
    }

    /// Where the elements are, and how many: they may be uninitialized, if C made the vector.
    pub(crate) fn room(&mut self) -> (*mut T, usize) {
        (self.data, if self.data.is_null() { 0 } else { self.size })
    }

    /// The elements, which the vector has no more.
    pub(crate) fn take(&mut self) -> Vec<T> {
        let Vector { size, data } = *mem::ManuallyDrop::new(mem::replace(self, Vector::empty()));
        if data.is_null() || size == 0 {
            return Vec::new();
        }
        // SAFETY: a vector that is owned was made by `From<Vec<T>>`: a boxed slice of that length.
        unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(data, size)) }.into_vec()
    }
}

impl<T> From<Vec<T>> for Vector<T> {
    fn from(elements: Vec<T>) -> Vector<T> {
        if elements.is_empty() {
            return Vector::empty();
        }
        let size = elements.len();
        Vector { size, data: Box::into_raw(elements.into_boxed_slice()).cast() }
    }
}

impl<T> Drop for Vector<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl<T: Clone> Clone for Vector<T> {
    fn clone(&self) -> Self {
        self.as_slice().to_vec().into()
    }
}

/// What `wasm_xxx_vec_new_uninitialized` fills in, so that nothing is ever uninitialized.
trait Blank: Clone {
    fn blank() -> Self;
}

impl Blank for u8 {
    fn blank() -> u8 {
        0
    }
}

impl Blank for wasm_val_t {
    fn blank() -> wasm_val_t {
        wasm_val_t::null()
    }
}

impl<T: Clone> Blank for Own<T> {
    fn blank() -> Self {
        None
    }
}

/// A vector of this size; an empty one if the host has no memory for it.
fn blank<T: Blank>(size: usize) -> Vector<T> {
    let mut elements = Vec::new();
    if elements.try_reserve_exact(size).is_err() {
        return Vector::empty();
    }
    elements.resize(size, T::blank());
    elements.into()
}

/// The five functions of a kind of vectors.
macro_rules! vectors {
    ($($module:ident $text:literal $element:ty;)*) => {
        $(mod $module {
            use super::*;

            named_entries! {
                /// An empty vector.
                fn new_empty as (concat!("wasm_", $text, "_vec_new_empty")) (
                    out: Out<'_, Vector<$element>>,
                ) {
                    put(out, Vector::empty());
                }

                /// A vector of this size; its elements are zeros and nulls. Empty if there is no
                /// memory for it.
                fn new_uninitialized as (concat!("wasm_", $text, "_vec_new_uninitialized")) (
                    out: Out<'_, Vector<$element>>,
                    size: usize,
                ) {
                    put(out, blank(size));
                }

                /// A vector of these elements, which it takes along.
                fn new as (concat!("wasm_", $text, "_vec_new")) (
                    out: Out<'_, Vector<$element>>,
                    size: usize,
                    data: *const $element,
                ) {
                    let mut vector = blank(size);
                    let (to, room) = vector.room();
                    if !data.is_null() {
                        // SAFETY: C has `size` elements there, which are its own to give away, and
                        // what is overwritten needs no drop.
                        unsafe { ptr::copy_nonoverlapping(data, to, room) };
                    }
                    put(out, vector);
                }

                /// A copy, with copies of the elements.
                fn copy as (concat!("wasm_", $text, "_vec_copy")) (
                    out: Out<'_, Vector<$element>>,
                    vector: crate::entry::Const<'_, Vector<$element>>,
                ) {
                    put(out, vector.cloned().unwrap_or_else(Vector::empty));
                }

                /// Deletes the elements, and empties the vector.
                fn delete as (concat!("wasm_", $text, "_vec_delete")) (
                    vector: InOut<'_, Vector<$element>>,
                ) {
                    if let Some(vector) = vector {
                        drop(vector.take());
                    }
                }
            }
        })*
    };
}

vectors! {
    byte "byte" wasm_byte_t;
    val "val" wasm_val_t;
    frame "frame" Own<wasm_frame_t>;
    externs "extern" Own<wasm_extern_t>;
    valtype "valtype" Own<wasm_valtype_t>;
    functype "functype" Own<wasm_functype_t>;
    globaltype "globaltype" Own<wasm_globaltype_t>;
    tabletype "tabletype" Own<wasm_tabletype_t>;
    memorytype "memorytype" Own<wasm_memorytype_t>;
    tagtype "tagtype" Own<wasm_tagtype_t>;
    externtype "externtype" Own<wasm_externtype_t>;
    importtype "importtype" Own<wasm_importtype_t>;
    exporttype "exporttype" Own<wasm_exporttype_t>;
}
