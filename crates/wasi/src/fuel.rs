//! What functions of WASI cost in fuel: by what they are asked and what they give, the same on
//! every host and file system, however long they wait. `link` takes it from the guest when a
//! function has answered; functions count amounts by `GuestMemory::charge`. The table is in the
//! documentation of `preview1`. A cost must never depend on time, or on what only one file system
//! does.

use core::cell::Cell;

/// What any call costs.
const CALL: u64 = 30;
/// What a call costs besides that may ask the host, or a file system.
const HOST: u64 = 70;
/// What making a directory costs besides: hosts look for a place for it.
const DIRECTORY: u64 = 20_000;
/// What making a file costs besides, be it there already, and a link.
pub(crate) const CREATE: u64 = 2000;
/// What giving up a name costs besides.
const UNLINK: u64 = 200;
/// What waiting for the disk costs besides. To remove a directory is that on some hosts.
pub(crate) const STORED: u64 = 200_000;
/// What advice costs besides: the host may begin to read, or look at all that it has read.
const ADVICE: u64 = 5000;
/// What giving an entry another place costs besides: hosts take long, and that a directory does not
/// come into itself is looked after along all that it comes into.
const RENAME: u64 = 500;
/// A listing begins: names are asked for some at a time.
const LISTING: u64 = 100;
/// An argument, or a variable of the environment.
pub(crate) const STRING: u64 = 4;
/// A (pointer, length) pair.
pub(crate) const BUFFER: u64 = 2;
/// A component of a path or of a link on its way.
pub(crate) const COMPONENT: u64 = 100;
/// An entry of a listing.
const ENTRY: u64 = 30;
/// A subscription of `poll_oneoff`.
pub(crate) const SUBSCRIPTION: u64 = 20;
/// A random byte.
pub(crate) const RANDOM: u64 = 1;
/// A thread that is started, or can't be.
#[cfg(feature = "std")]
pub(crate) const SPAWN: u64 = 5000;

/// An entry of a listing whose name has so many bytes: it is copied several times on its way.
pub(crate) fn entry(name: usize) -> u64 {
    ENTRY + name as u64 / 8
}

/// What transferring so many bytes costs.
pub(crate) fn bytes(count: impl Into<u64>) -> u64 {
    count.into() / 64
}

/// What a call of this function costs, beside amounts.
pub(crate) fn call(name: &str) -> u64 {
    match name {
        "fd_readdir" => CALL + HOST + LISTING,
        "fd_advise" => CALL + HOST + ADVICE,
        "fd_datasync" | "fd_sync" | "path_remove_directory" => CALL + HOST + STORED,
        "path_create_directory" => CALL + HOST + DIRECTORY,
        "path_symlink" => CALL + HOST + CREATE,
        "path_unlink_file" => CALL + HOST + UNLINK,
        "path_rename" => CALL + HOST + RENAME,
        "fd_allocate"
        | "fd_close"
        | "fd_filestat_get"
        | "fd_filestat_set_size"
        | "fd_filestat_set_times"
        | "fd_pread"
        | "fd_pwrite"
        | "fd_read"
        | "fd_renumber"
        | "fd_seek"
        | "fd_write"
        | "sched_yield" => CALL + HOST,
        _ if name.starts_with("path_") || name.starts_with("sock_") => CALL + HOST,
        _ => CALL,
    }
}

/// Counts what a function does; or nothing, if nobody wants to know.
#[derive(Clone, Copy, Default)]
pub(crate) struct Meter<'a>(Option<&'a Cell<u64>>);

impl<'a> Meter<'a> {
    pub(crate) fn new(units: &'a Cell<u64>) -> Meter<'a> {
        Meter(Some(units))
    }

    pub(crate) fn add(self, units: u64) {
        if let Some(count) = self.0 {
            count.set(count.get().saturating_add(units));
        }
    }

    pub(crate) fn get(self) -> u64 {
        self.0.map_or(0, Cell::get)
    }

    /// Forgets what was counted since it was `units`: it is done again.
    pub(crate) fn reset(self, units: u64) {
        if let Some(count) = self.0 {
            count.set(units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;

    /// The rows of the table that name functions, of which some cost more.
    fn documented() -> BTreeMap<&'static str, u64> {
        let mut more = BTreeMap::new();
        let rows = include_str!("lib.rs").lines().filter_map(|line| line.strip_prefix("/// | `"));
        for row in rows {
            let (names, units) =
                row.trim_end_matches(" |").rsplit_once(" | ").expect("two columns");
            let units: u64 = units.trim_end_matches(" more").parse().expect("a number");
            for name in names.split('`').filter(|part| !part.is_empty() && *part != ", ") {
                *more.entry(name).or_default() += units;
            }
        }
        more
    }

    #[test]
    fn calls_cost_what_the_documentation_says() {
        let mut more = documented();
        let names = include_str!("link.rs").lines().filter_map(|line| {
            let row = line.trim_start();
            let name = row.split('(').next()?;
            let is_row =
                ["args_", "clock_", "environ_", "fd_", "path_", "random_", "sock_", "sched_"]
                    .iter()
                    .any(|prefix| name.starts_with(prefix));
            is_row.then_some(name)
        });
        let mut count = 0;
        for name in names.chain(["poll_oneoff", "proc_raise"]) {
            assert_eq!(call(name), CALL + more.remove(name).unwrap_or(0), "{name}");
            count += 1;
        }
        assert_eq!(count, 45, "all but proc_exit");
        assert!(more.is_empty(), "not functions: {more:?}");
    }
}
