//! `path_*`: opening, attributes, making and removing.

use crate::world::{
    BOTH, BUFFER, DIRECTORY, FILE, LINK, READ, RESULT, ROOT, WRITE, World, both, both_with_links,
    call,
};
use windlass_wasi::{Dialect, Errno, fstflags, oflags, rights};

const CREAT: u16 = oflags::CREAT;

#[test]
fn opening() {
    both(|w| {
        assert_eq!(w.open("f", 0, READ), Err(Errno::NoEnt), "{}", w.name);
        let fd = w.open("f", CREAT, WRITE).unwrap();
        w.write(fd, b"content").unwrap();
        assert_eq!(w.open("f", CREAT | oflags::EXCL, WRITE), Err(Errno::Exist));
        assert!(w.open("f", CREAT, WRITE).is_ok());
        assert_eq!(w.contents("f"), Ok(b"content".to_vec()), "not truncated");
        w.open("f", oflags::TRUNC, WRITE).unwrap();
        assert_eq!(w.contents("f"), Ok(vec![]));
        assert_eq!(w.open("f", oflags::DIRECTORY, READ), Err(Errno::NotDir));
        assert_eq!(w.open("f/", 0, READ), Err(Errno::NotDir));
        assert_eq!(w.open("f/x", 0, READ), Err(Errno::NotDir));
        assert_eq!(w.open("f/.", 0, READ), Err(Errno::NotDir));
        assert_eq!(w.open("new/", CREAT, WRITE), Err(Errno::IsDir));
        assert_eq!(w.open("missing/f", CREAT, WRITE), Err(Errno::NoEnt));
        assert_eq!(w.open("f", 16, READ), Err(Errno::Inval));
        assert_eq!(w.open("", 0, READ), Err(Errno::NoEnt));
        assert_eq!(w.open("a\0b", 0, READ), Err(Errno::Inval));
        assert_eq!(w.open_at(fd, "f", true, 0, READ, 0), Err(Errno::NotDir));
        assert_eq!(w.open_at(99, "f", true, 0, READ, 0), Err(Errno::BadF));
        assert_eq!(w.open_at(0, "f", true, 0, READ, 0), Err(Errno::NotDir));
        let bad_flags = call!(w, path_open, ROOT, 2, 0, 0, 0, 0, 0, 0, RESULT);
        assert_eq!(bad_flags, Err(Errno::Inval));
    });
}

#[test]
fn opening_directories() {
    both(|w| {
        w.mkdir("d").unwrap();
        for path in ["d", "d/", "d//", "./d/.", "d/../d", "."] {
            for flags in [0, oflags::DIRECTORY] {
                let fd = w.open(path, flags, READ).unwrap();
                assert_eq!(w.stat_fd(fd).unwrap().file_type, DIRECTORY);
                w.close(fd).unwrap();
            }
        }
        assert_eq!(w.open("d", 0, WRITE), Err(Errno::IsDir));
        assert_eq!(w.open(".", 0, WRITE), Err(Errno::IsDir));
        assert_eq!(w.open("d", CREAT, READ), Err(Errno::IsDir), "{}", w.name);
        assert_eq!(w.open("d", CREAT | oflags::EXCL, READ), Err(Errno::Exist));
        assert_eq!(w.open(".", CREAT | oflags::EXCL, READ), Err(Errno::Exist));
        assert_eq!(w.open("d", CREAT | oflags::DIRECTORY, READ), Err(Errno::Inval));
        assert_eq!(w.open("d", oflags::DIRECTORY, BOTH), Err(Errno::IsDir));
        let others = !rights::FD_WRITE;
        assert!(w.open("d", oflags::DIRECTORY, others).is_ok(), "they mean nothing here");
        let fd = w.open("d", 0, READ).unwrap();
        let inner = w.open_at(fd, "f", true, CREAT, WRITE, 0).unwrap();
        w.write(inner, b"x").unwrap();
        assert_eq!(w.contents("d/f"), Ok(b"x".to_vec()));
        assert_eq!(w.open_at(fd, "..", true, 0, READ, 0), Err(Errno::Perm));
        assert_eq!(w.open_at(fd, "../d", true, 0, READ, 0), Err(Errno::Perm));
    });
}

#[test]
fn links_are_followed() {
    both_with_links(|w| {
        w.mkdir("d").unwrap();
        w.make("d/f", b"content");
        w.symlink("d/f", "link").unwrap();
        w.symlink("d", "dirlink").unwrap();
        w.symlink("../d/f", "d/up").unwrap();
        w.symlink("link", "second").unwrap();
        for path in ["link", "second", "dirlink/f", "d/up", "dirlink/up", "dirlink/../d/f"] {
            assert_eq!(w.contents(path), Ok(b"content".to_vec()), "{path}");
            assert_eq!(w.stat(path).unwrap().file_type, FILE);
        }
        assert_eq!(w.stat_with("link", false).unwrap().file_type, LINK);
        assert_eq!(w.stat_with("link", false).unwrap().size, 3);
        assert_eq!(w.stat_with("dirlink", false).unwrap().file_type, LINK);
        assert_eq!(w.stat_with("dirlink/", false).unwrap().file_type, DIRECTORY);
        assert_eq!(w.stat_with("link/", false), Err(Errno::NotDir));
        assert_eq!(w.open_at(ROOT, "link", false, 0, READ, 0), Err(Errno::Loop), "{}", w.name);
        let dir = oflags::DIRECTORY;
        assert_eq!(w.open_at(ROOT, "dirlink", false, dir, READ, 0), Err(Errno::Loop));
        assert!(w.open_at(ROOT, "dirlink", true, dir, READ, 0).is_ok());
        assert!(w.open_at(ROOT, "dirlink/", false, dir, READ, 0).is_ok());
        assert_eq!(w.open_at(ROOT, "link", true, dir, READ, 0), Err(Errno::NotDir));
    });
}

#[test]
fn links_that_lead_nowhere() {
    both_with_links(|w| {
        w.symlink("target", "link").unwrap();
        assert_eq!(w.stat("link"), Err(Errno::NoEnt));
        assert_eq!(w.open("link", 0, READ), Err(Errno::NoEnt));
        assert_eq!(w.open_at(ROOT, "link", false, 0, READ, 0), Err(Errno::Loop));
        assert_eq!(w.open("link", CREAT | oflags::EXCL, WRITE), Err(Errno::Exist));
        assert_eq!(w.open_at(ROOT, "link", false, CREAT, WRITE, 0), Err(Errno::Loop));
        assert_eq!(w.mkdir("link"), Err(Errno::Exist));
        assert_eq!(w.rmdir("link"), Err(Errno::NotDir));
        let fd = w.open("link", CREAT, WRITE).unwrap();
        w.write(fd, b"made through the link").unwrap();
        assert_eq!(w.stat("target").unwrap().size, 21);
        assert_eq!(w.unlink("link"), Ok(()));
        assert_eq!(w.stat("target").unwrap().file_type, FILE);
    });
}

#[test]
fn links_in_circles() {
    both_with_links(|w| {
        w.symlink("b", "a").unwrap();
        w.symlink("a", "b").unwrap();
        w.symlink("self/self", "self").unwrap();
        for path in ["a", "a/x", "self", "self/x"] {
            assert_eq!(w.stat(path), Err(Errno::Loop), "{path}");
            assert_eq!(w.open(path, 0, READ), Err(Errno::Loop), "{path}");
        }
        // Forty in a row are not too many.
        w.make("l0", b"end");
        for i in 1..=41 {
            w.symlink(format!("l{}", i - 1), format!("l{i}")).unwrap();
        }
        assert_eq!(w.contents("l40"), Ok(b"end".to_vec()));
        assert_eq!(w.contents("l41"), Err(Errno::Loop));
    });
}

#[test]
fn reading_links() {
    both_with_links(|w| {
        w.symlink("some/target", "link").unwrap();
        assert_eq!(w.readlink("link", 100), Ok(b"some/target".to_vec()));
        assert_eq!(w.readlink("link", 4), Ok(b"some".to_vec()), "what fits");
        assert_eq!(w.readlink("link", 0), Ok(vec![]));
        w.make("f", b"");
        w.mkdir("d").unwrap();
        for path in ["f", "d", "d/", "."] {
            assert_eq!(w.readlink(path, 100), Err(Errno::Inval), "{path}");
        }
        assert_eq!(w.readlink("f/", 100), Err(Errno::NotDir));
        assert_eq!(w.readlink("missing", 100), Err(Errno::NoEnt));
    });
}

#[test]
fn making_links() {
    both_with_links(|w| {
        assert_eq!(w.symlink("/etc/passwd", "link"), Err(Errno::Perm));
        assert_eq!(w.symlink("", "link"), Err(Errno::NoEnt));
        assert_eq!(w.symlink("a\0", "link"), Err(Errno::Inval));
        assert_eq!(w.symlink("x", "new/"), Err(Errno::NoEnt));
        w.mkdir("d").unwrap();
        w.make("f", b"");
        assert_eq!(w.symlink("x", "d"), Err(Errno::Exist));
        assert_eq!(w.symlink("x", "d/"), Err(Errno::Exist));
        assert_eq!(w.symlink("x", "f"), Err(Errno::Exist));
        assert_eq!(w.symlink("x", "f/"), Err(Errno::NotDir));
        assert_eq!(w.symlink("x", "."), Err(Errno::Exist));
        assert_eq!(w.symlink("x", "f/y"), Err(Errno::NotDir));
        assert_eq!(w.symlink("x", "missing/y"), Err(Errno::NoEnt));
        assert_eq!(call!(w, path_symlink, BUFFER, 0, 99, BUFFER, 0), Err(Errno::NoEnt));
        w.put(BUFFER, b"x");
        assert_eq!(call!(w, path_symlink, BUFFER, 1, 99, BUFFER, 1), Err(Errno::BadF));
    });
}

#[test]
fn hard_links() {
    both(|w| {
        w.make("f", b"content");
        assert_eq!(w.link("f", false, "g"), Ok(()));
        assert_eq!(w.stat("f").unwrap().links, 2);
        assert_eq!(w.stat("f").unwrap().inode, w.stat("g").unwrap().inode);
        w.unlink("f").unwrap();
        assert_eq!(w.contents("g"), Ok(b"content".to_vec()));
        w.mkdir("d").unwrap();
        assert_eq!(w.link("g", false, "d/h"), Ok(()));
        assert_eq!(w.link("g", false, "d"), Err(Errno::Exist));
        assert_eq!(w.link("g", false, "g"), Err(Errno::Exist));
        assert_eq!(w.link("g", false, "new/"), Err(Errno::NoEnt), "{}", w.name);
        assert_eq!(w.link("g", false, "d/"), Err(Errno::Exist));
        assert_eq!(w.link("g/", false, "x"), Err(Errno::NotDir));
        assert_eq!(w.link("d", false, "x"), Err(Errno::Perm));
        assert_eq!(w.link(".", false, "x"), Err(Errno::Perm));
        assert_eq!(w.link("missing", false, "x"), Err(Errno::NoEnt));
        if !w.has_links() {
            return;
        }
        w.symlink("g", "s").unwrap();
        assert_eq!(w.link("s", false, "link to the link"), Ok(()));
        assert_eq!(w.stat_with("link to the link", false).unwrap().file_type, LINK);
        assert_eq!(w.link("s", true, "link to the file"), Ok(()));
        assert_eq!(w.stat_with("link to the file", false).unwrap().file_type, FILE);
        w.symlink("nowhere", "dangling").unwrap();
        assert_eq!(w.link("dangling", true, "x"), Err(Errno::NoEnt));
        assert_eq!(w.link("dangling", false, "x"), Ok(()));
        assert_eq!(w.link("g", false, "dangling"), Err(Errno::Exist));
    });
}

#[test]
fn attributes() {
    both(|w| {
        w.make("f", b"abc");
        w.mkdir("d").unwrap();
        assert_eq!(w.stat("f").unwrap().size, 3);
        assert_eq!(w.stat("d").unwrap().file_type, DIRECTORY);
        let counted = w.counts_links();
        assert_eq!(w.stat("d/").unwrap().links, if counted { 2 } else { 1 });
        assert_eq!(w.stat(".").unwrap().links, if counted { 3 } else { 1 }, "{}", w.name);
        assert_eq!(w.stat("f/"), Err(Errno::NotDir));
        assert_eq!(w.stat("x"), Err(Errno::NoEnt));
        assert_eq!(w.stat("x/y"), Err(Errno::NoEnt));
        assert_eq!(w.stat("f/y"), Err(Errno::NotDir));
        assert_eq!(w.stat("f/.."), Err(Errno::NotDir));
        assert_eq!(w.stat(""), Err(Errno::NoEnt));
        w.put(BUFFER, b"f");
        let unstable = call!(w, path_filestat_get, Dialect::Unstable, ROOT, 0, BUFFER, 1, 0);
        assert_eq!((unstable, w.u64(24)), (Ok(()), 3));
        let flags = call!(w, path_filestat_get, Dialect::Preview1, ROOT, 2, BUFFER, 1, 0);
        assert_eq!(flags, Err(Errno::Inval));
    });
}

fn set_times(w: &mut World, path: &str, follow: u32, time: u64, flags: u16) -> Result<(), Errno> {
    w.put(BUFFER, path.as_bytes());
    let len = path.len() as u32;
    call!(w, path_filestat_set_times, ROOT, follow, BUFFER, len, time, time, flags.into())
}

#[test]
fn setting_times() {
    both_with_links(|w| {
        w.make("f", b"");
        w.symlink("f", "link").unwrap();
        assert_eq!(set_times(w, "link", 1, 7_000_000_000, fstflags::MTIM), Ok(()));
        assert_eq!(w.stat("f").unwrap().modified, 7_000_000_000);
        assert_ne!(w.stat_with("link", false).unwrap().modified, 7_000_000_000);
        assert_eq!(set_times(w, "link", 0, 8_000_000_000, fstflags::MTIM | fstflags::ATIM), Ok(()));
        assert_eq!(w.stat("f").unwrap().modified, 7_000_000_000);
        assert_eq!(w.stat_with("link", false).unwrap().modified, 8_000_000_000, "{}", w.name);
        assert_eq!(set_times(w, ".", 0, 9_000_000_000, fstflags::MTIM), Ok(()));
        assert_eq!(w.stat(".").unwrap().modified, 9_000_000_000);
        let twice = fstflags::MTIM | fstflags::MTIM_NOW;
        assert_eq!(set_times(w, "f", 0, 1, twice), Err(Errno::Inval));
        assert_eq!(set_times(w, "f", 2, 1, 0), Err(Errno::Inval));
        assert_eq!(set_times(w, "x", 0, 1, fstflags::MTIM), Err(Errno::NoEnt));
        assert_eq!(set_times(w, "f/", 0, 1, fstflags::MTIM), Err(Errno::NotDir));
    });
}

#[test]
fn making_and_removing_directories() {
    both(|w| {
        assert_eq!(w.mkdir("d"), Ok(()));
        assert_eq!(w.mkdir("d"), Err(Errno::Exist));
        assert_eq!(w.mkdir("d/"), Err(Errno::Exist));
        assert_eq!(w.mkdir("."), Err(Errno::Exist));
        assert_eq!(w.mkdir("d/.."), Err(Errno::Exist));
        assert_eq!(w.mkdir("e//"), Ok(()), "{}", w.name);
        assert_eq!(w.mkdir("x/y"), Err(Errno::NoEnt));
        w.make("f", b"");
        assert_eq!(w.mkdir("f"), Err(Errno::Exist));
        assert_eq!(w.mkdir("f/d"), Err(Errno::NotDir));
        w.make("d/f", b"");
        assert_eq!(w.rmdir("d"), Err(Errno::NotEmpty));
        assert_eq!(w.rmdir("f"), Err(Errno::NotDir));
        assert_eq!(w.rmdir("f/"), Err(Errno::NotDir));
        assert_eq!(w.rmdir("x"), Err(Errno::NoEnt));
        assert_eq!(w.rmdir("."), Err(Errno::Inval));
        assert_eq!(w.rmdir("e/."), Err(Errno::Inval));
        assert_eq!(w.rmdir("e/"), Ok(()));
        w.unlink("d/f").unwrap();
        let fd = w.open("d", 0, READ).unwrap();
        if cfg!(windows) && w.host.is_some() {
            assert_eq!(w.rmdir("d"), Err(Errno::Busy), "it is open");
            w.close(fd).unwrap();
            assert_eq!(w.rmdir("d"), Ok(()));
        } else {
            assert_eq!(w.rmdir("d"), Ok(()));
            assert_eq!(w.open_at(fd, "new", true, CREAT, WRITE, 0), Err(Errno::NoEnt));
        }
        assert_eq!(w.names("."), ["f"]);
    });
    both_with_links(|w| {
        w.mkdir("d").unwrap();
        w.symlink("d", "link").unwrap();
        assert_eq!(w.rmdir("link"), Err(Errno::NotDir));
        assert_eq!(w.rmdir("link/"), Err(Errno::NotDir));
        assert_eq!(w.names("."), ["d", "link"]);
    });
}

#[test]
fn removing_files() {
    both(|w| {
        w.make("f", b"");
        w.mkdir("d").unwrap();
        assert_eq!(w.unlink("d"), Err(Errno::IsDir), "{}", w.name);
        assert_eq!(w.unlink("d/"), Err(Errno::IsDir));
        assert_eq!(w.unlink("."), Err(Errno::IsDir));
        assert_eq!(w.unlink("f/"), Err(Errno::NotDir));
        assert_eq!(w.unlink("x"), Err(Errno::NoEnt));
        assert_eq!(w.unlink("x/"), Err(Errno::NoEnt));
        assert_eq!(w.unlink("f"), Ok(()));
        assert_eq!(w.names("."), ["d"]);
        if !w.has_links() {
            return;
        }
        w.symlink("d", "link").unwrap();
        assert_eq!(w.unlink("link/"), Err(Errno::NotDir));
        assert_eq!(w.unlink("link"), Ok(()));
        assert_eq!(w.names("."), ["d"]);
    });
}

#[test]
fn moving() {
    both(|w| {
        w.make("f", b"one");
        w.make("g", b"two");
        w.mkdir("d").unwrap();
        w.mkdir("e").unwrap();
        assert_eq!(w.rename("f", "g"), Ok(()));
        assert_eq!(w.contents("g"), Ok(b"one".to_vec()));
        assert_eq!(w.stat("f"), Err(Errno::NoEnt));
        assert_eq!(w.rename("g", "d"), Err(Errno::IsDir));
        assert_eq!(w.rename("d", "g"), Err(Errno::NotDir));
        assert_eq!(w.rename("g", "new/"), Err(Errno::NotDir));
        assert_eq!(w.rename("g/", "new"), Err(Errno::NotDir), "{}", w.name);
        assert_eq!(w.rename("x", "y"), Err(Errno::NoEnt));
        assert_eq!(w.rename("g", "x/y"), Err(Errno::NoEnt));
        assert_eq!(w.rename(".", "y"), Err(Errno::Busy));
        assert_eq!(w.rename("g", "d/.."), Err(Errno::Busy));
        assert_eq!(w.rename("d", "d/inside"), Err(Errno::Inval));
        assert_eq!(w.rename("d", "e"), Ok(()), "an empty directory is replaced");
        w.make("e/f", b"");
        w.mkdir("d").unwrap();
        assert_eq!(w.rename("d", "e"), Err(Errno::NotEmpty));
        assert_eq!(w.rename("e/", "d/sub/"), Ok(()));
        assert_eq!(w.names("d/sub"), ["f"]);
        assert_eq!(w.rename("g", "g"), Ok(()));
        w.link("g", false, "h").unwrap();
        assert_eq!(w.rename("g", "h"), Ok(()), "the same file: nothing happens");
        assert_eq!(w.names("."), ["d", "g", "h"]);
        let links = if w.counts_links() { (3, 3) } else { (1, 1) };
        assert_eq!((w.stat(".").unwrap().links, w.stat("d").unwrap().links), links);
        if !w.has_links() {
            return;
        }
        w.symlink("d", "link").unwrap();
        assert_eq!(w.rename("link", "moved"), Ok(()));
        assert_eq!(w.stat_with("moved", false).unwrap().file_type, LINK);
    });
}

#[test]
fn a_full_file_system() {
    // Only the one in memory has a limit that a test can reach.
    both(|w| {
        if w.host.is_none() {
            let fd = w.open("f", CREAT, BOTH).unwrap();
            assert_eq!(call!(w, fd_filestat_set_size, fd, 1 << 19), Ok(()));
            assert_eq!(call!(w, fd_allocate, fd, 0, 1 << 19), Ok(()));
            assert_eq!(call!(w, fd_filestat_set_size, fd, 1 << 21), Err(Errno::NoSpc));
            assert_eq!(call!(w, fd_filestat_set_size, fd, 1 << 62), Err(Errno::NoSpc));
            assert_eq!(w.pwrite(fd, b"x", 1 << 40), Err(Errno::NoSpc));
            assert_eq!(call!(w, fd_allocate, fd, 0, 1 << 40), Err(Errno::NoSpc));
            let made = (0..10_000).take_while(|i| w.mkdir(format!("d{i}")).is_ok()).count();
            assert!((300..500).contains(&made), "{made} directories");
            assert_eq!(w.mkdir("one more"), Err(Errno::NoSpc));
            w.unlink("f").unwrap();
            w.close(fd).unwrap();
            assert_eq!(w.mkdir("one more"), Ok(()), "there is room again");
        }
    });
}
