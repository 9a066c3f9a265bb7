//! What functions cost a guest in fuel: exactly what the table in the documentation of `preview1`
//! says, on the host's files and on files in memory, with whatever slices of fuel.

use crate::guest::Guest;
#[cfg(all(feature = "std", target_os = "linux"))]
use std::{fs, path::PathBuf};
use windlass_wasi::{DirPerms, FilePerms, MemoryFs, SeededRandom, WasiCtxBuilder, rights};

const CALL: u64 = 30;
const HOST: u64 = CALL + 70;
const COMPONENT: u64 = 100;
const CREATE: u64 = 2000;
const STORED: u64 = 200_000;
const NOSPC: i32 = 51;

/// Addresses in the guest's memory.
const AT: u64 = 1024;
const PATH: u64 = 2048;
const PATH2: u64 = 3072;
const IOVS: u64 = 4096;
const BUFFER: u64 = 8192;

const ALL: u64 = rights::ALL;

/// A guest with what costs something: arguments, variables, a directory as descriptor 3.
fn guest(give: impl FnOnce(&mut WasiCtxBuilder)) -> Guest {
    let mut guest = Guest::new(|wasi| {
        wasi.args(&["program".repeat(20).as_str(), "b"]).env("A", "1");
        wasi.secure_random(SeededRandom::new(1));
        give(wasi);
    });
    guest.put(PATH as u32, b"dir/../dir/./file");
    guest.put(PATH2 as u32, b"other");
    guest
        .put_iovecs(IOVS as u32, &[(BUFFER as u32, 6400), (BUFFER as u32, 0), (BUFFER as u32, 64)]);
    guest.put(0, &[0; 96]);
    guest
}

/// A program, a call after the other: what each costs.
const PROGRAM: &[(&str, &[u64], u64)] = &[
    ("args_sizes_get", &[AT, AT + 4], CALL + 2 * 4),
    ("args_get", &[AT, BUFFER], CALL + 2 * 4 + 140 / 64),
    ("environ_sizes_get", &[AT, AT + 4], CALL + 4),
    ("environ_get", &[AT, BUFFER], CALL + 4),
    ("clock_res_get", &[0, AT], CALL),
    ("clock_time_get", &[1, 0, AT], CALL),
    ("random_get", &[BUFFER, 0], CALL),
    ("random_get", &[BUFFER, 1000], CALL + 1000),
    ("fd_prestat_get", &[3, AT], CALL),
    ("fd_prestat_dir_name", &[3, BUFFER, 100], CALL + 1),
    ("path_create_directory", &[3, PATH, 3], HOST + COMPONENT + 20_000),
    // Five components.
    ("path_open", &[3, 1, PATH, 17, 1, ALL, ALL, 0, AT], HOST + 5 * COMPONENT + CREATE),
    ("fd_write", &[4, IOVS, 3, AT], HOST + 3 * 2 + 101),
    ("fd_write", &[4, IOVS, 0, AT], HOST),
    ("fd_write", &[4, IOVS + 16, 1, AT], HOST + 2 + 1),
    ("fd_seek", &[4, 0, 0, AT], HOST),
    ("fd_tell", &[4, AT], CALL),
    ("fd_read", &[4, IOVS, 1, AT], HOST + 2 + 100),
    ("fd_pread", &[4, IOVS, 3, 64, AT], HOST + 3 * 2 + 101),
    ("fd_pread", &[4, IOVS, 1, 1 << 40, AT], HOST + 2),
    ("fd_pwrite", &[4, IOVS, 1, 1000, AT], HOST + 2 + 100),
    ("fd_advise", &[4, 0, 0, 1], HOST + 5000),
    ("fd_allocate", &[4, 0, 6400], HOST + 100),
    ("fd_datasync", &[4], HOST + STORED),
    ("fd_sync", &[4], HOST + STORED),
    ("fd_fdstat_get", &[4, AT], CALL),
    ("fd_fdstat_set_flags", &[4, 1], CALL),
    ("fd_fdstat_set_flags", &[4, 16], CALL),
    ("fd_write", &[4, IOVS + 16, 1, AT], HOST + 2 + 1 + STORED),
    ("fd_fdstat_set_flags", &[4, 2], CALL),
    ("fd_pwrite", &[4, IOVS + 16, 1, 0, AT], HOST + 2 + 1 + STORED),
    ("fd_fdstat_set_rights", &[4, 0, 0], CALL),
    ("path_symlink", &[PATH, 17, 3, PATH2, 5], HOST + COMPONENT + CREATE),
    ("path_readlink", &[3, PATH2, 5, BUFFER, 100, AT], HOST + COMPONENT),
    ("path_filestat_get", &[3, 0, PATH2, 5, BUFFER], HOST + COMPONENT),
    // Along the link.
    ("path_filestat_get", &[3, 1, PATH2, 5, BUFFER], HOST + 6 * COMPONENT),
    ("path_filestat_set_times", &[3, 0, PATH, 3, 0, 0, 1], HOST + COMPONENT),
    ("path_unlink_file", &[3, PATH2, 5], HOST + COMPONENT + 200),
    ("path_link", &[3, 0, PATH, 17, 3, PATH2, 5], HOST + 6 * COMPONENT),
    ("path_rename", &[3, PATH, 17, 3, PATH2 + 1, 4], HOST + 6 * COMPONENT + 500),
    ("fd_readdir", &[3, BUFFER, 4096, 0, AT], HOST + 100 + 5 * 30),
    ("fd_readdir", &[3, BUFFER, 30, 0, AT], HOST + 100 + 2 * 30),
    ("path_unlink_file", &[3, PATH2, 5], HOST + COMPONENT + 200),
    ("path_unlink_file", &[3, PATH2 + 1, 4], HOST + COMPONENT + 200),
    ("path_remove_directory", &[3, PATH, 3], HOST + COMPONENT + STORED),
    ("poll_oneoff", &[0, BUFFER, 2, AT], CALL + 2 * 20),
    ("fd_renumber", &[4, 3], HOST),
    ("fd_close", &[3], HOST),
    ("proc_raise", &[0], CALL),
    ("sched_yield", &[], HOST),
];

fn check(guest: &mut Guest, slice: Option<u64>) {
    for &(name, args, cost) in PROGRAM {
        assert_eq!(guest.fuel(name, args, slice), cost, "{name} {args:?}, slices of {slice:?}");
    }
}

fn name() -> String {
    "n".repeat(64)
}

#[test]
fn functions_cost_what_the_documentation_says() {
    for slice in [None, Some(1), Some(7), Some(1000)] {
        let (dirs, files) = (DirPerms::all(), FilePerms::all());
        check(
            &mut guest(|wasi| {
                wasi.preopened_fs(MemoryFs::new(), name(), dirs, files).unwrap();
            }),
            slice,
        );
    }
}

/// What a file has already is looked at before it is known that there is no room.
#[test]
fn allocating_costs_something_where_there_is_no_room() {
    let mut guest = guest(|wasi| {
        let (fs, dirs, files) = (MemoryFs::with_limit(1 << 20), DirPerms::all(), FilePerms::all());
        wasi.preopened_fs(fs, name(), dirs, files).unwrap();
    });
    let open: &[u64] = &[3, 1, PATH2, 5, 1, ALL, ALL, 0, AT];
    assert_eq!(guest.fuel("path_open", open, None), HOST + COMPONENT + CREATE);
    guest.fuel("fd_filestat_set_size", &[4, 64 * 1000], None);
    for (offset, len, cost) in [(0, 1 << 21, 1000), (640, 1 << 21, 990), (6400, 1 << 40, 900)] {
        let answer = guest.answer_and_fuel("fd_allocate", &[4, offset, len], None);
        assert_eq!(answer, (NOSPC, HOST + cost), "{offset} {len}");
    }
}

/// However long it waits, by whichever clock of those that a builder has, and for what.
#[test]
fn waiting_costs_nothing_but_the_call() {
    let mut guest = guest(|_| ());
    let time = |guest: &mut Guest, id| {
        guest.fuel("clock_time_get", &[id, 0, AT], None);
        let bytes = guest.get(AT as u32, 8);
        u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
    };
    let distance = 20_000_000;
    for absolute in [false, true] {
        for clock in [0, 1] {
            let before = [time(&mut guest, 0), time(&mut guest, 1)];
            let from = if absolute { before[clock as usize] } else { 0 };
            let mut subscription = [0; 48];
            subscription[16] = clock;
            subscription[24..32].copy_from_slice(&(from + distance).to_le_bytes());
            subscription[40] = u8::from(absolute);
            guest.put(BUFFER as u32, &subscription);
            let cost = guest.fuel("poll_oneoff", &[BUFFER, BUFFER + 48, 1, AT], None);
            assert_eq!(cost, CALL + 20, "clock {clock}");
            let after = [time(&mut guest, 0), time(&mut guest, 1)];
            assert!(after[1] - before[1] >= distance);
            // Both are one where nothing of the host is there.
            if cfg!(not(feature = "std")) {
                assert_eq!([after[0] - before[0], after[1] - before[1]], [distance; 2]);
            }
        }
    }
}

/// Long names cost more.
#[test]
fn names_cost_by_their_length() {
    let fs = MemoryFs::new();
    for name in ["n".repeat(7), "n".repeat(8), "n".repeat(200)] {
        fs.write(name, "").unwrap();
    }
    let mut guest = guest(|wasi| {
        wasi.preopened_fs(fs, name(), DirPerms::all(), FilePerms::all()).unwrap();
    });
    let cost = guest.fuel("fd_readdir", &[3, BUFFER, 4096, 0, AT], None);
    assert_eq!(cost, HOST + 100 + 5 * 30 + 1 + 25);
}

/// A directory of the host that is removed at the end.
#[cfg(all(feature = "std", target_os = "linux"))]
struct Scratch(PathBuf);

#[cfg(all(feature = "std", target_os = "linux"))]
impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(all(feature = "std", target_os = "linux"))]
#[test]
fn the_files_of_the_host_cost_the_same() {
    let dir = std::env::temp_dir().join(format!("windlass-fuel-{}", std::process::id()));
    let scratch = Scratch(dir);
    fs::create_dir(&scratch.0).unwrap();
    for slice in [None, Some(13)] {
        let (dirs, files) = (DirPerms::all(), FilePerms::all());
        check(
            &mut guest(|wasi| {
                wasi.preopened_dir(&scratch.0, name(), dirs, files).unwrap();
            }),
            slice,
        );
    }
}

/// Lists that are not there cost as much as the memory could have of them.
#[test]
fn lists_beyond_the_memory() {
    let mut guest = guest(|_| ());
    guest.put_iovecs(100, &[(0, 0)]);
    let used = |guest: &mut Guest, count| {
        let before = guest.fuel_left();
        assert_ne!(guest.call("fd_write", &[1, 100, count, AT]), 0);
        before - guest.fuel_left()
    };
    let most = used(&mut guest, u32::MAX.into());
    assert_eq!(most, 2 * 4 + 13 + HOST + 2 * 65536 / 8);
    assert_eq!(used(&mut guest, 1 << 20), most);
}
