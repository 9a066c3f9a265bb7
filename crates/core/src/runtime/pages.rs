//! [`Pages`]: a range of the host's addresses whose beginning is memory. A memory that lies in one
//! grows without being moved or copied, and what nobody has written takes nothing. Used by `memory`
//! and `shared`.
//!
//! Where there is no such thing (without the feature `std`, on 32-bit hosts and those that are no
//! Unix) or when the system gives none (`ulimit -v`, too many mappings), [`Pages::reserve`] has
//! none: then there is the allocator. It must never take so much of the addresses that the rest of
//! the process has none left.
#![allow(unsafe_code)]

use core::{
    mem,
    ptr::NonNull,
    sync::atomic::{AtomicUsize, Ordering},
};

/// Ranges begin and end at multiples of this: of the system's pages, whatever they are.
const UNIT: usize = 64 << 10;

/// As much of the addresses as all ranges of the process may take together: an eighth of what a
/// process usually has.
const MOST: u64 = 1 << 44;

/// A range counts as this much at least, since the number of mappings is limited too (65,530 is
/// usual; a range has two).
const LEAST: u64 = 1 << 30;

/// Where the process has a limit (`ulimit -v`), the ranges take this part of it at most, together:
/// the rest of the process needs addresses, too.
const PART: u64 = 4;

/// What the ranges of the process count as, in units.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// A range of addresses.
///
/// Invariant: `size` bytes from `base` on are mapped and belong to this; those that were committed
/// can be read and written and were zeros at first, the others can't be touched.
pub(super) struct Pages {
    base: NonNull<u8>,
    size: usize,
}

impl Pages {
    /// A range of `size` bytes at least, of which none can be touched yet. None if the system gives
    /// none.
    pub(super) fn reserve(size: usize) -> Option<Pages> {
        let size = size.checked_next_multiple_of(UNIT).filter(|&size| size > 0)?;
        let units = units(size);
        let most = (most(system::limit()) / UNIT as u64) as usize;
        let fits = |taken: usize| taken.checked_add(units).filter(|&sum| sum <= most);
        TAKEN.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).ok()?;
        let base = system::reserve(size);
        if base.is_none() {
            TAKEN.fetch_sub(units, Ordering::Relaxed);
        }
        Some(Pages { base: base?, size })
    }

    /// The address of the first byte.
    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// How many bytes it has, of which the first can be committed.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Makes the first `len` bytes memory, if they are not: the new ones are zeros. Tells whether
    /// the system could.
    pub(super) fn commit(&self, len: usize) -> bool {
        let len = len.checked_next_multiple_of(UNIT);
        let Some(len) = len.filter(|&len| len <= self.size) else { return false };
        // SAFETY: these bytes belong to this range.
        len == 0 || unsafe { system::commit(self.base, len) }
    }

    /// A range of `size` bytes at least, to which the first `len` bytes of this one are copied,
    /// which are committed. The system is not asked to move its pages: some unmap the new range
    /// first and refuse then, and it would be nobody's.
    ///
    /// # Safety
    /// The first `len` bytes are committed, and nobody uses them meanwhile.
    pub(super) unsafe fn moved(&mut self, len: usize, size: usize) -> Option<()> {
        let committed = len.checked_next_multiple_of(UNIT).filter(|&len| len <= self.size)?;
        let larger = Pages::reserve(size).filter(|larger| committed <= larger.size)?;
        // SAFETY: both ranges are whole and have these bytes; here they are committed, which is the
        // caller's promise. This one is not used again.
        if !unsafe { system::take(self.base, committed, self.size, larger.base) } {
            return None;
        }
        let old = mem::replace(self, larger);
        TAKEN.fetch_sub(units(old.size), Ordering::Relaxed);
        mem::forget(old);
        Some(())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: the range belongs to this, which ends.
        unsafe { system::release(self.base, self.size) }
        TAKEN.fetch_sub(units(self.size), Ordering::Relaxed);
    }
}

/// As much as all ranges may take, where the process has so many addresses.
fn most(limit: Option<u64>) -> u64 {
    limit.map_or(MOST, |limit| MOST.min(limit / PART))
}

fn units(size: usize) -> usize {
    ((size as u64).max(LEAST) / UNIT as u64) as usize
}

#[cfg(all(feature = "std", unix, target_pointer_width = "64", not(miri)))]
mod system {
    use core::ptr::{self, NonNull};
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    /// How many addresses the process may have, if that is limited.
    pub(super) fn limit() -> Option<u64> {
        #[cfg(not(target_os = "openbsd"))]
        return rustix::process::getrlimit(rustix::process::Resource::As).current;
        #[cfg(target_os = "openbsd")]
        None
    }

    /// New addresses that can't be touched.
    pub(super) fn reserve(size: usize) -> Option<NonNull<u8>> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        let flags = MapFlags::PRIVATE;
        // SAFETY: without an address nothing that is mapped is replaced.
        let base = unsafe { mmap_anonymous(ptr::null_mut(), size, ProtFlags::empty(), flags) };
        NonNull::new(base.ok()?.cast())
    }

    /// Makes the first `len` bytes memory.
    ///
    /// # Safety
    /// They belong to the caller.
    pub(super) unsafe fn commit(base: NonNull<u8>, len: usize) -> bool {
        let flags = MprotectFlags::READ | MprotectFlags::WRITE;
        // SAFETY: the caller's promise: nobody relies on their being out of reach.
        unsafe { mprotect(base.as_ptr().cast(), len, flags) }.is_ok()
    }

    /// Copies the first `len` bytes to the beginning of another range, and gives back the range of
    /// `size` bytes that they were in; if the other can't be memory, nothing has changed.
    ///
    /// # Safety
    /// Both ranges belong to the caller, these bytes are memory, and nothing uses the old range any
    /// more.
    pub(super) unsafe fn take(from: NonNull<u8>, len: usize, size: usize, to: NonNull<u8>) -> bool {
        // SAFETY: the caller's promise; what is copied to is memory by then.
        unsafe {
            if len > 0 && !commit(to, len) {
                return false;
            }
            ptr::copy_nonoverlapping(from.as_ptr(), to.as_ptr(), len);
            release(from, size);
        }
        true
    }

    /// Gives addresses back.
    ///
    /// # Safety
    /// They belong to the caller, and nothing uses them any more.
    pub(super) unsafe fn release(base: NonNull<u8>, size: usize) {
        // SAFETY: the caller's promise. It can fail only where a mapping had to be split.
        let _ = unsafe { munmap(base.as_ptr().cast(), size) };
    }
}

#[cfg(not(all(feature = "std", unix, target_pointer_width = "64", not(miri))))]
mod system {
    use core::ptr::NonNull;

    /// No system, no limit.
    pub(super) fn limit() -> Option<u64> {
        None
    }

    /// No system, no addresses.
    pub(super) fn reserve(_: usize) -> Option<NonNull<u8>> {
        None
    }

    pub(super) unsafe fn commit(_: NonNull<u8>, _: usize) -> bool {
        false
    }

    pub(super) unsafe fn take(_: NonNull<u8>, _: usize, _: usize, _: NonNull<u8>) -> bool {
        false
    }

    pub(super) unsafe fn release(_: NonNull<u8>, _: usize) {}
}

#[cfg(all(test, feature = "std", unix, target_pointer_width = "64", not(miri)))]
mod tests {
    use super::*;
    use alloc::{string::String, vec::Vec};
    use std::{env, process::Command};

    #[test]
    fn a_limit_is_not_used_up() {
        assert_eq!(most(None), MOST);
        assert_eq!(most(Some(u64::MAX)), MOST);
        assert_eq!(most(Some(8 << 30)), 2 << 30);
        assert_eq!(most(Some(0)), 0);
    }

    /// The test again, in a process with a limit.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_with_a_limit_keeps_addresses_for_itself() {
        const NAME: &str =
            "runtime::pages::tests::a_process_with_a_limit_keeps_addresses_for_itself";
        const LIMITED: &str = "WINDLASS_TEST_LIMITED";
        if env::var_os(LIMITED).is_none() {
            let mut child = Command::new("sh");
            child.args(["-c", "ulimit -v 8388608 && exec \"$0\" --exact \"$1\""]);
            child.arg(env::current_exe().unwrap()).arg(NAME).env(LIMITED, "1");
            let output = child.output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
            return;
        }
        assert_eq!(system::limit(), Some(8 << 30));
        assert!(Pages::reserve(3 << 30).is_none(), "more than a quarter");
        // Far more than there are addresses for.
        let ranges: Vec<Pages> = (0..100).filter_map(|_| Pages::reserve(1 << 30)).collect();
        assert_eq!(ranges.len(), 2);
        let mut own: Vec<u8> = Vec::new();
        assert!(own.try_reserve_exact(3 << 30).is_ok(), "the process has addresses left");
    }
}
