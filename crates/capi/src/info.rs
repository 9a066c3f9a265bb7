//! [`HostInfo`]: what C attaches to an object, with the function that ends it. `reference` and the
//! environments of callbacks use it. The function is called once, and never while a store is in the
//! middle of something.

use std::{
    ffi::c_void,
    ptr,
    sync::{Mutex, PoisonError},
};

/// Ends what C has attached to something.
pub type Finalizer = Option<unsafe extern "C" fn(*mut c_void)>;

/// A pointer of C's and what ends it.
pub(crate) struct HostInfo {
    pub(crate) data: *mut c_void,
    finalizer: Finalizer,
}

// SAFETY: nothing here follows the pointer; it is handed to functions of C's, which says by giving
// it that they can be called on each thread that uses the store.
unsafe impl Send for HostInfo {}
// SAFETY: the same.
unsafe impl Sync for HostInfo {}

impl HostInfo {
    pub(crate) fn new(data: *mut c_void, finalizer: Finalizer) -> HostInfo {
        HostInfo { data, finalizer }
    }
}

impl Drop for HostInfo {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer.take() {
            // SAFETY: C gave both together, for this call.
            unsafe { finalizer(self.data) }
        }
    }
}

/// The information of an object that no store holds.
#[derive(Default)]
pub(crate) struct Info(Mutex<Option<HostInfo>>);

impl Info {
    pub(crate) fn data(&self) -> *mut c_void {
        let info = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        info.as_ref().map_or(ptr::null_mut(), |info| info.data)
    }

    /// Replaces it; what was there ends when the lock is free.
    pub(crate) fn set(&self, new: HostInfo) {
        let old = self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(new);
        drop(old);
    }
}
