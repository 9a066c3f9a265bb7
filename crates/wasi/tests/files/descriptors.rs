//! `fd_*` on files and directories.

use crate::world::{BOTH, BUFFER, DIRECTORY, FILE, READ, RESULT, ROOT, WRITE, World, both, call};
use windlass_wasi::{
    Dialect, DirPerms, Errno, FilePerms, MemoryFs, WasiCtxBuilder, fdflags, fstflags, oflags,
    rights,
};

fn new(world: &mut World, name: &str) -> u32 {
    world.open(name, oflags::CREAT, BOTH).unwrap()
}

#[test]
fn reading_and_writing() {
    both(|w| {
        let fd = new(w, "f");
        assert_eq!(w.write(fd, b"hello world"), Ok(11), "{}", w.name);
        assert_eq!(w.tell(fd), Ok(11));
        assert_eq!(w.read(fd, 5), Ok(vec![]), "the end");
        assert_eq!(w.seek(fd, 6, 0), Ok(6));
        assert_eq!(w.read(fd, 100), Ok(b"world".to_vec()));
        assert_eq!(w.pread(fd, 5, 0), Ok(b"hello".to_vec()));
        assert_eq!(w.pwrite(fd, b"J", 0), Ok(1));
        assert_eq!(w.tell(fd), Ok(11), "pread and pwrite don't move");
        assert_eq!(w.contents("f"), Ok(b"Jello world".to_vec()));
        assert_eq!(w.pwrite(fd, b"!", 14), Ok(1), "beyond the end");
        assert_eq!(w.contents("f"), Ok(b"Jello world\0\0\0!".to_vec()));
        assert_eq!(w.pread(fd, 5, 1000), Ok(vec![]));
    });
}

#[test]
fn many_buffers() {
    both(|w| {
        let fd = new(w, "f");
        let bytes: Vec<u8> = (0..=255).collect();
        w.put(BUFFER, &bytes);
        let iovecs: Vec<_> = (0..50).map(|i| (BUFFER + 5 * i, 5 * u32::from(i % 7 != 0))).collect();
        let (iovs, count) = w.iovecs(&iovecs);
        call!(w, fd_write, fd, iovs, count, RESULT).unwrap();
        let expected: Vec<u8> = (0..250u32).filter(|i| (i / 5) % 7 != 0).map(|i| i as u8).collect();
        assert_eq!(w.u32(RESULT), expected.len() as u32);
        assert_eq!(w.contents("f").unwrap(), expected);

        w.seek(fd, 0, 0).unwrap();
        w.put(BUFFER, &[0; 256]);
        let (iovs, count) = w.iovecs(&iovecs);
        call!(w, fd_read, fd, iovs, count, RESULT).unwrap();
        assert_eq!(w.u32(RESULT), expected.len() as u32);
        for &(ptr, len) in &iovecs {
            let start = (ptr - BUFFER) as usize;
            assert_eq!(w.get(ptr, len), &bytes[start..start + len as usize]);
        }
    });
}

#[test]
fn buffers_that_overlap() {
    both(|w| {
        w.make("f", b"abcdef");
        let fd = w.open("f", 0, READ).unwrap();
        let (iovs, count) = w.iovecs(&[(BUFFER, 4), (BUFFER + 2, 2), (BUFFER + 10, 100)]);
        call!(w, fd_read, fd, iovs, count, RESULT).unwrap();
        assert_eq!(w.u32(RESULT), 6, "{}", w.name);
        assert_eq!(w.get(BUFFER, 4), b"abef");
    });
}

#[test]
fn bad_pointers() {
    both(|w| {
        let fd = new(w, "f");
        let end = w.memory.len() as u32;
        w.write(fd, b"content").unwrap();
        let (iovs, _) = w.iovecs(&[(end - 3, 4), (u32::MAX, 1), (BUFFER, 1)]);
        for offset in [0, 8] {
            let iovs = iovs + offset;
            assert_eq!(call!(w, fd_write, fd, iovs, 1, RESULT), Err(Errno::Fault));
            assert_eq!(call!(w, fd_read, fd, iovs, 1, RESULT), Err(Errno::Fault));
            assert_eq!(call!(w, fd_pwrite, fd, iovs, 1, 0, RESULT), Err(Errno::Fault));
            assert_eq!(call!(w, fd_pread, fd, iovs, 1, 0, RESULT), Err(Errno::Fault));
        }
        let good = iovs + 16;
        assert_eq!(call!(w, fd_write, fd, good, 1, end - 3), Err(Errno::Fault));
        assert_eq!(call!(w, fd_write, fd, end - 4, 1, RESULT), Err(Errno::Fault));
        assert_eq!(call!(w, fd_write, fd, good, u32::MAX, RESULT), Ok(()));
        assert_eq!(call!(w, fd_tell, fd, end - 7), Err(Errno::Fault));
        assert_eq!(call!(w, fd_filestat_get, Dialect::Preview1, fd, end - 63), Err(Errno::Fault));
        assert_eq!(call!(w, fd_filestat_get, Dialect::Unstable, fd, end - 56), Ok(()));
        assert_eq!(call!(w, fd_readdir, ROOT, end - 10, 11, 0, RESULT), Err(Errno::Fault));
        assert_eq!(call!(w, path_create_directory, ROOT, end, 1), Err(Errno::Fault));
        assert_eq!(call!(w, path_create_directory, ROOT, u32::MAX, u32::MAX), Err(Errno::Fault));
    });
}

#[test]
fn access_is_as_it_was_opened() {
    both(|w| {
        w.make("f", b"content");
        let fd = w.open("f", 0, READ).unwrap();
        assert_eq!(w.write(fd, b"x"), Err(Errno::BadF));
        assert_eq!(w.pwrite(fd, b"x", 0), Err(Errno::BadF));
        assert_eq!(call!(w, fd_filestat_set_size, fd, 0), Err(Errno::Inval));
        assert_eq!(call!(w, fd_allocate, fd, 0, 10), Err(Errno::BadF));
        let fd = w.open("f", 0, WRITE).unwrap();
        assert_eq!(w.read(fd, 1), Err(Errno::BadF));
        assert_eq!(w.pread(fd, 1, 0), Err(Errno::BadF));
        let fd = w.open("f", 0, 0).unwrap();
        assert_eq!(w.read(fd, 7), Ok(b"content".to_vec()), "no rights at all");
    });
}

#[test]
fn seeking() {
    both(|w| {
        let fd = new(w, "f");
        w.write(fd, b"0123456789").unwrap();
        assert_eq!(w.seek(fd, -3, 2), Ok(7));
        assert_eq!(w.seek(fd, -2, 1), Ok(5));
        assert_eq!(w.seek(fd, 100, 0), Ok(100));
        assert_eq!(w.seek(fd, -1, 0), Err(Errno::Inval));
        assert_eq!(w.seek(fd, -101, 1), Err(Errno::Inval));
        assert_eq!(w.seek(fd, i64::MAX, 1), Err(Errno::Overflow));
        assert_eq!(w.seek(fd, 0, 3), Err(Errno::Inval));
        assert_eq!(w.tell(fd), Ok(100), "what fails moves nothing");
        assert_eq!(w.seek(ROOT, 0, 0), Err(Errno::IsDir));
        assert_eq!(w.tell(ROOT), Err(Errno::IsDir));
        assert_eq!(w.seek(0, 0, 0), Err(Errno::SPipe));
        assert_eq!(w.tell(0), Err(Errno::SPipe));
        assert_eq!(w.seek(99, 0, 0), Err(Errno::BadF));
        let unstable = |w: &mut World, offset: u64, whence| {
            call!(w, fd_seek, Dialect::Unstable, fd, offset, whence, RESULT).map(|()| w.u64(RESULT))
        };
        assert_eq!(unstable(w, 4, 2), Ok(4), "from the start");
        assert_eq!(unstable(w, 4, 0), Ok(8), "from where it is");
        assert_eq!(unstable(w, 4, 1), Ok(14), "from the end");
    });
}

#[test]
fn appending() {
    both(|w| {
        let fd = w.open_at(ROOT, "f", true, oflags::CREAT, BOTH, fdflags::APPEND).unwrap();
        w.write(fd, b"one").unwrap();
        w.seek(fd, 0, 0).unwrap();
        w.write(fd, b"two").unwrap();
        assert_eq!(w.tell(fd), Ok(6), "{}", w.name);
        assert_eq!(w.pwrite(fd, b"O", 0), Ok(1), "POSIX: the place counts");
        assert_eq!(w.contents("f"), Ok(b"Onetwo".to_vec()));
        assert_eq!(call!(w, fd_fdstat_set_flags, fd, 0), Ok(()));
        w.seek(fd, 0, 0).unwrap();
        w.write(fd, b"_").unwrap();
        assert_eq!(w.contents("f"), Ok(b"_netwo".to_vec()));
    });
}

#[test]
fn flags() {
    both(|w| {
        let all =
            fdflags::APPEND | fdflags::DSYNC | fdflags::NONBLOCK | fdflags::RSYNC | fdflags::SYNC;
        let fd = w.open_at(ROOT, "f", true, oflags::CREAT, BOTH, all).unwrap();
        call!(w, fd_fdstat_get, fd, BUFFER).unwrap();
        assert_eq!(w.get(BUFFER, 4), [FILE, 0, all as u8, 0]);
        assert_eq!(w.write(fd, b"synchronous"), Ok(11));
        call!(w, fd_fdstat_set_flags, fd, fdflags::DSYNC.into()).unwrap();
        assert_eq!(w.write(fd, b"data"), Ok(4));
        call!(w, fd_fdstat_get, fd, BUFFER).unwrap();
        assert_eq!(w.get(BUFFER + 2, 2), [fdflags::DSYNC as u8, 0]);
        assert_eq!(call!(w, fd_fdstat_set_flags, fd, 32), Err(Errno::Inval));
        assert_eq!(call!(w, fd_fdstat_set_flags, 99, 0), Err(Errno::BadF));
        assert_eq!(w.open_at(ROOT, "f", true, 0, BOTH, 32), Err(Errno::Inval));
        assert_eq!(call!(w, fd_fdstat_get, 99, BUFFER), Err(Errno::BadF));
    });
}

#[test]
fn rights_only_shrink() {
    both(|w| {
        let fd = new(w, "f");
        w.write(fd, b"abc").unwrap();
        call!(w, fd_fdstat_get, fd, BUFFER).unwrap();
        assert_eq!(w.u64(BUFFER + 8), BOTH);
        let kept = BOTH & !(rights::FD_READ | rights::FD_TELL);
        assert_eq!(call!(w, fd_fdstat_set_rights, fd, kept, 0), Ok(()));
        assert_eq!(call!(w, fd_fdstat_set_rights, fd, BOTH, 0), Err(Errno::NotCapable));
        assert_eq!(call!(w, fd_fdstat_set_rights, fd, kept, 1), Err(Errno::NotCapable));
        assert_eq!(w.read(fd, 1), Err(Errno::NotCapable));
        assert_eq!(w.tell(fd), Err(Errno::NotCapable));
        assert_eq!(w.write(fd, b"d"), Ok(1));
        assert_eq!(call!(w, fd_fdstat_set_rights, 99, 0, 0), Err(Errno::BadF));
        let left = rights::DIRECTORY & !rights::PATH_FILESTAT_SET_SIZE;
        let inherited = rights::ALL & !rights::FD_WRITE;
        assert_eq!(call!(w, fd_fdstat_set_rights, ROOT, left, inherited), Ok(()));
        assert_eq!(w.open("f", oflags::TRUNC, READ), Err(Errno::NotCapable));
        let fd = w.open("f", 0, BOTH).unwrap();
        assert_eq!(w.write(fd, b"d"), Err(Errno::NotCapable));
    });
}

#[test]
fn a_directory_reports_only_rights_of_directories() {
    both(|w| {
        w.mkdir("d").unwrap();
        let fd = w.open("d", oflags::DIRECTORY, rights::ALL & !rights::FD_WRITE).unwrap();
        call!(w, fd_fdstat_get, fd, BUFFER).unwrap();
        assert_eq!(w.memory[BUFFER as usize], DIRECTORY);
        assert_eq!(w.u64(BUFFER + 8), rights::DIRECTORY);
        assert_eq!(w.u64(BUFFER + 16), rights::ALL);
    });
}

#[test]
fn sizes() {
    both(|w| {
        let fd = new(w, "f");
        w.write(fd, b"0123456789").unwrap();
        assert_eq!(call!(w, fd_filestat_set_size, fd, 4), Ok(()));
        assert_eq!(w.contents("f"), Ok(b"0123".to_vec()));
        assert_eq!(call!(w, fd_filestat_set_size, fd, 6), Ok(()));
        assert_eq!(w.contents("f"), Ok(b"0123\0\0".to_vec()));
        assert_eq!(w.tell(fd), Ok(10), "the place stays");
        assert_eq!(call!(w, fd_filestat_set_size, fd, 1 << 63), Err(Errno::Inval));
        assert_eq!(call!(w, fd_filestat_set_size, ROOT, 0), Err(Errno::IsDir));
        assert_eq!(call!(w, fd_filestat_set_size, 1, 0), Err(Errno::Inval));
        assert_eq!(call!(w, fd_filestat_set_size, 99, 0), Err(Errno::BadF));
        assert_eq!(w.stat("f").unwrap().size, 6);
    });
}

#[test]
fn allocating() {
    both(|w| {
        let fd = new(w, "f");
        assert_eq!(call!(w, fd_allocate, fd, 0, 100), Ok(()), "{}", w.name);
        assert_eq!(w.stat("f").unwrap().size, 100);
        assert_eq!(call!(w, fd_allocate, fd, 10, 10), Ok(()));
        assert_eq!(w.stat("f").unwrap().size, 100);
        assert_eq!(call!(w, fd_allocate, fd, 0, 0), Err(Errno::Inval));
        assert_eq!(call!(w, fd_allocate, fd, u64::MAX, 1), Err(Errno::FBig));
        assert_eq!(call!(w, fd_allocate, fd, i64::MAX as u64, 1), Err(Errno::FBig));
        assert_eq!(call!(w, fd_allocate, ROOT, 0, 1), Err(Errno::IsDir));
        assert_eq!(call!(w, fd_allocate, 1, 0, 1), Err(Errno::SPipe));
        assert_eq!(call!(w, fd_allocate, 99, 0, 1), Err(Errno::BadF));
    });
}

#[test]
fn advice() {
    both(|w| {
        let fd = new(w, "f");
        for advice in 0..6 {
            assert_eq!(call!(w, fd_advise, fd, 0, 10, advice), Ok(()));
        }
        assert_eq!(call!(w, fd_advise, fd, 0, 0, 6), Err(Errno::Inval));
        assert_eq!(call!(w, fd_advise, fd, u64::MAX, 1, 0), Err(Errno::Inval));
        assert_eq!(call!(w, fd_advise, ROOT, 0, 0, 0), Err(Errno::BadF));
        assert_eq!(call!(w, fd_advise, 0, 0, 0, 0), Err(Errno::SPipe));
        assert_eq!(call!(w, fd_advise, 99, 0, 0, 0), Err(Errno::BadF));
    });
}

#[test]
fn syncing() {
    both(|w| {
        let fd = new(w, "f");
        for fd in [fd, ROOT] {
            assert_eq!(call!(w, fd_sync, fd), Ok(()));
            assert_eq!(call!(w, fd_datasync, fd), Ok(()));
        }
        assert_eq!(call!(w, fd_sync, 1), Err(Errno::Inval));
        assert_eq!(call!(w, fd_sync, 99), Err(Errno::BadF));
        assert_eq!(call!(w, fd_datasync, 99), Err(Errno::BadF));
    });
}

#[test]
fn what_is_known() {
    both(|w| {
        let fd = new(w, "f");
        w.write(fd, b"abc").unwrap();
        let stat = w.stat_fd(fd).unwrap();
        assert_eq!((stat.file_type, stat.size, stat.links), (FILE, 3, 1));
        assert!(stat.modified > 1_600_000_000_000_000_000, "{}", w.name);
        assert_eq!(w.stat("f"), Ok(stat));
        assert_eq!(w.stat_fd(ROOT).unwrap().file_type, DIRECTORY);
        assert_eq!(w.stat_fd(0).unwrap().size, 0);
        assert_eq!(w.stat_fd(99), Err(Errno::BadF));
        call!(w, fd_filestat_get, Dialect::Preview1, fd, BUFFER).unwrap();
        let new = w.get(BUFFER, 64);
        call!(w, fd_filestat_get, Dialect::Unstable, fd, BUFFER).unwrap();
        let old = w.get(BUFFER, 56);
        assert_eq!(old[..17], new[..17]);
        assert_eq!(old[20..24], new[24..28], "links");
        assert_eq!(old[24..56], new[32..64], "size and times");
    });
}

#[test]
fn times() {
    both(|w| {
        let fd = new(w, "f");
        let both_times = u32::from(fstflags::ATIM | fstflags::MTIM);
        assert_eq!(
            call!(w, fd_filestat_set_times, fd, 5_000_000_700, 6_000_000_800, both_times),
            Ok(())
        );
        let stat = w.stat("f").unwrap();
        assert_eq!((stat.accessed, stat.modified), (5_000_000_700, 6_000_000_800));
        let now = u32::from(fstflags::MTIM_NOW);
        assert_eq!(call!(w, fd_filestat_set_times, fd, 1, 1, now), Ok(()));
        let stat = w.stat("f").unwrap();
        assert_eq!(stat.accessed, 5_000_000_700, "{}", w.name);
        assert!(stat.modified > 1_600_000_000_000_000_000);
        for wrong in [3, 12, 16] {
            assert_eq!(call!(w, fd_filestat_set_times, fd, 1, 1, wrong), Err(Errno::Inval));
        }
        assert_eq!(call!(w, fd_filestat_set_times, 1, 1, 1, now), Err(Errno::Inval));
        assert_eq!(call!(w, fd_filestat_set_times, 99, 1, 1, now), Err(Errno::BadF));
        assert_eq!(call!(w, fd_filestat_set_times, ROOT, 1, 1, now), Ok(()));
    });
}

#[test]
fn closing_and_renumbering() {
    both(|w| {
        let (a, b) = (new(w, "a"), new(w, "b"));
        assert_eq!((a, b), (4, 5), "the lowest number that is free");
        w.write(a, b"content of a").unwrap();
        assert_eq!(call!(w, fd_renumber, a, b), Ok(()));
        assert_eq!(w.tell(b), Ok(12));
        assert_eq!(w.tell(a), Err(Errno::BadF));
        assert_eq!(call!(w, fd_renumber, a, b), Err(Errno::BadF));
        assert_eq!(call!(w, fd_renumber, b, a), Err(Errno::BadF), "the new number must be open");
        assert_eq!(call!(w, fd_renumber, b, b), Ok(()));
        assert_eq!(w.close(b), Ok(()));
        assert_eq!(w.close(b), Err(Errno::BadF));
        assert_eq!(new(w, "c"), 4);
        let dir = w.open(".", oflags::DIRECTORY, READ).unwrap();
        assert_eq!(call!(w, fd_renumber, dir, ROOT), Ok(()));
        assert_eq!(call!(w, fd_prestat_get, ROOT, RESULT), Err(Errno::BadF));
        assert_eq!(w.stat("a").unwrap().size, 12);
    });
}

#[test]
fn a_file_without_a_name_lives_while_it_is_open() {
    both(|w| {
        if cfg!(windows) && w.host.is_some() {
            return; // Older ones keep the name until it is closed.
        }
        let fd = new(w, "f");
        w.write(fd, b"alive").unwrap();
        w.unlink("f").unwrap();
        assert_eq!(w.stat("f"), Err(Errno::NoEnt));
        assert_eq!(w.pread(fd, 10, 0), Ok(b"alive".to_vec()));
        assert_eq!(w.stat_fd(fd).unwrap().links, 0);
        w.close(fd).unwrap();
    });
}

#[test]
fn preopened_directories() {
    both(|w| {
        call!(w, fd_prestat_get, ROOT, RESULT).unwrap();
        assert_eq!(w.get(RESULT, 8), [0, 0, 0, 0, 1, 0, 0, 0]);
        call!(w, fd_prestat_dir_name, ROOT, BUFFER, 10).unwrap();
        assert_eq!(w.get(BUFFER, 2), b"/\0");
        assert_eq!(call!(w, fd_prestat_dir_name, ROOT, BUFFER, 0), Err(Errno::NameTooLong));
        assert_eq!(call!(w, fd_prestat_dir_name, 0, BUFFER, 10), Err(Errno::BadF));
        assert_eq!(call!(w, fd_prestat_get, 0, RESULT), Err(Errno::BadF));
        assert_eq!(call!(w, fd_prestat_get, 4, RESULT), Err(Errno::BadF));
        w.mkdir("d").unwrap();
        let fd = w.open("d", oflags::DIRECTORY, READ).unwrap();
        assert_eq!(call!(w, fd_prestat_get, fd, RESULT), Err(Errno::BadF));
    });
}

#[test]
fn directories_are_no_files() {
    both(|w| {
        assert_eq!(w.read(ROOT, 1), Err(Errno::IsDir));
        assert_eq!(w.write(ROOT, b"x"), Err(Errno::IsDir));
        assert_eq!(w.pread(ROOT, 1, 0), Err(Errno::IsDir));
        assert_eq!(w.pwrite(ROOT, b"x", 0), Err(Errno::IsDir));
        assert_eq!(w.pread(0, 1, 0), Err(Errno::SPipe));
        assert_eq!(w.pwrite(1, b"x", 0), Err(Errno::SPipe));
        let fd = new(w, "f");
        assert_eq!(w.pread(fd, 1, 1 << 63), Err(Errno::Inval));
        assert_eq!(w.pwrite(fd, b"x", u64::MAX), Err(Errno::Inval));
    });
}

#[test]
fn listing() {
    both(|w| {
        w.mkdir("d").unwrap();
        for name in ["d/file", "d/second file", "d/x"] {
            w.make(name, b"");
        }
        w.mkdir("d/sub").unwrap();
        let links = w.has_links();
        if links {
            w.symlink("nowhere", "d/link").unwrap();
        }
        let fd = w.open("d", oflags::DIRECTORY, READ).unwrap();
        let whole = w.list(fd, 4096).unwrap();
        assert_eq!(whole[0].0, ".");
        assert_eq!(whole[1].0, "..");
        let mut sorted: Vec<_> =
            whole.iter().map(|(name, kind, _)| (name.as_str(), *kind)).collect();
        sorted.sort();
        let mut expected = vec![
            (".", DIRECTORY),
            ("..", DIRECTORY),
            ("file", FILE),
            ("link", crate::world::LINK),
            ("second file", FILE),
            ("sub", DIRECTORY),
            ("x", FILE),
        ];
        expected.retain(|&(name, _)| links || name != "link");
        assert_eq!(sorted, expected);
        for len in 36..120 {
            assert_eq!(w.list(fd, len).as_ref(), Ok(&whole), "a buffer of {len}");
        }
        let inode = w.stat("d").unwrap().inode;
        call!(w, fd_readdir, fd, BUFFER, 24, 0, RESULT).unwrap();
        assert_eq!((w.u32(RESULT), w.u64(BUFFER + 8)), (24, inode), "a part of an entry");
        call!(w, fd_readdir, fd, BUFFER, 0, 0, RESULT).unwrap();
        assert_eq!(w.u32(RESULT), 0);
        call!(w, fd_readdir, fd, BUFFER, 100, u64::MAX, RESULT).unwrap();
        assert_eq!(w.u32(RESULT), 0, "a cookie that was never given");
        let file = w.open("d/x", 0, READ).unwrap();
        assert_eq!(w.list(file, 100), Err(Errno::NotDir));
        assert_eq!(w.list(99, 100), Err(Errno::BadF));
    });
}

/// Whatever happens to a directory, what stays in it is listed once.
#[test]
fn cookies_stay_valid() {
    both(|w| {
        if w.host.is_some() && cfg!(not(any(target_os = "linux", target_os = "android"))) {
            return; // There they are counts of names.
        }
        for i in 0..300 {
            w.make(&format!("file{i}"), b"");
        }
        let fd = w.open(".", oflags::DIRECTORY, READ).unwrap();
        let before = w.list(fd, 4096).unwrap();
        assert_eq!(before.len(), 302);
        for (middle, first) in [(0, 0), (9, 50), (150, 100), (250, 150), (301, 200)] {
            for i in first..first + 50 {
                w.unlink(format!("file{i}")).unwrap();
                w.make(&format!("new{i}"), b"");
            }
            let after = w.list_from(fd, 512, before[middle].2).unwrap();
            let is_in = |list: &[(String, u8, u64)], name: &str| {
                list.iter().filter(|(other, ..)| other == name).count()
            };
            for (name, ..) in &before[..=middle] {
                assert_eq!(is_in(&after, name), 0, "{}: {name} again", w.name);
            }
            for (name, ..) in &before[middle + 1..] {
                let there = usize::from(w.stat(name).is_ok());
                assert!(is_in(&after, name) <= 1, "{}: {name} twice", w.name);
                assert!(is_in(&after, name) >= there, "{}: {name} left out", w.name);
            }
        }
        let mut now: Vec<_> =
            w.list(fd, 4096).unwrap().into_iter().map(|(name, ..)| name).collect();
        now.retain(|name| name.starts_with("new"));
        assert_eq!(now.len(), 250, "{}: from the start, it is as it is", w.name);
    });
}

#[test]
fn numbers_are_the_lowest_that_are_free() {
    both(|w| {
        let fds: Vec<u32> = (0..20).map(|i| new(w, &format!("f{i}"))).collect();
        assert_eq!(fds, (4..24).collect::<Vec<u32>>());
        for fd in [20, 5, 11, 7] {
            w.close(fd).unwrap();
        }
        call!(w, fd_renumber, 4, 22).unwrap();
        for fd in [4, 5, 7, 11, 20, 24] {
            assert_eq!(new(w, "f"), fd);
        }
    });
}

#[test]
fn descriptors_are_limited() {
    let mut builder = WasiCtxBuilder::new();
    let files = MemoryFs::new();
    builder.preopened_fs(files, "/", DirPerms::all(), FilePerms::all()).unwrap();
    builder.max_descriptors(10);
    for (limit, ctx) in [
        (10, builder.build()),
        (512, {
            builder.preopened_fs(MemoryFs::new(), "/", DirPerms::all(), FilePerms::all()).unwrap();
            builder.build()
        }),
    ] {
        let mut w = World { ctx, memory: vec![0; 1 << 16], name: "limited", host: None };
        for fd in 4..limit {
            assert_eq!(new(&mut w, "f"), fd);
        }
        assert_eq!(w.open("f", oflags::CREAT, BOTH), Err(Errno::MFile));
        w.close(7).unwrap();
        assert_eq!(w.open("f", oflags::CREAT, BOTH), Ok(7));
        assert_eq!(w.open("f", oflags::CREAT, BOTH), Err(Errno::MFile));
    }
}

/// However often a guest names its memory, a call transfers no more than that has.
#[test]
fn buffers_longer_than_the_memory() {
    both(|w| {
        let fd = new(w, "f");
        let all = [(0, 60_000); 1000];
        let (iovs, count) = w.iovecs(&all);
        call!(w, fd_write, fd, iovs, count, RESULT).unwrap();
        assert_eq!(w.u32(RESULT), 65_536, "{}", w.name);
        call!(w, fd_pwrite, fd, iovs, count, 1 << 17, RESULT).unwrap();
        assert_eq!(w.u32(RESULT), 65_536);
        assert_eq!(w.stat_fd(fd).unwrap().size, (1 << 17) + 65_536);
        let (iovs, count) = w.iovecs(&[(0x9000, 0x7000); 20]);
        call!(w, fd_pread, fd, iovs, count, 0, RESULT).unwrap();
        assert_eq!(w.u32(RESULT), 65_536);
    });
}
