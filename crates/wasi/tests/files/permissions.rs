//! What preopened directories allow, each by itself and one against another.

use crate::world::{BUFFER, READ, ROOT, Scratch, WRITE, World, call, with_perms};
use windlass_wasi::{
    DirPerms, Errno, FilePerms, MemoryFs, WasiCtxBuilder, fstflags, oflags, rights,
};

fn prepare(w: &mut World) {
    w.mkdir("d").unwrap();
    w.make("d/f", b"content");
    // Where there are no links, it is the file once more.
    if w.has_links() {
        w.symlink("d/f", "link").unwrap();
    } else {
        w.link("d/f", false, "link").unwrap();
    }
}

#[test]
fn nothing_can_be_changed() {
    with_perms(DirPerms::READ, FilePerms::READ, prepare, |w| {
        assert_eq!(w.contents("d/f"), Ok(b"content".to_vec()));
        assert_eq!(w.contents("link"), Ok(b"content".to_vec()));
        assert_eq!(w.names("."), ["d", "link"]);
        assert_eq!(w.open("d/f", 0, WRITE), Err(Errno::RoFs));
        assert_eq!(w.open("d/f", oflags::TRUNC, READ), Err(Errno::RoFs));
        assert_eq!(w.open("new", oflags::CREAT, READ), Err(Errno::RoFs));
        assert_eq!(w.open("d/f", oflags::CREAT | oflags::EXCL, READ), Err(Errno::Exist));
        assert!(w.open("d/f", oflags::CREAT, READ).is_ok(), "it is there: nothing is made");
        assert_eq!(w.mkdir("new"), Err(Errno::RoFs));
        assert_eq!(w.rmdir("d"), Err(Errno::RoFs));
        assert_eq!(w.unlink("d/f"), Err(Errno::RoFs));
        assert_eq!(w.symlink("x", "new"), Err(Errno::RoFs));
        assert_eq!(w.link("d/f", false, "new"), Err(Errno::RoFs));
        assert_eq!(w.rename("d/f", "new"), Err(Errno::RoFs));
        let fd = w.open("d/f", 0, READ).unwrap();
        let now = fstflags::MTIM_NOW.into();
        assert_eq!(call!(w, fd_filestat_set_times, fd, 0, 0, now), Err(Errno::RoFs));
        assert_eq!(call!(w, fd_filestat_set_times, ROOT, 0, 0, now), Err(Errno::RoFs));
        let dir = w.open("d", oflags::DIRECTORY, READ).unwrap();
        assert_eq!(w.open_at(dir, "f", true, 0, WRITE, 0), Err(Errno::RoFs), "below, too");
        assert_eq!(w.open_at(dir, "new", true, oflags::CREAT, READ, 0), Err(Errno::RoFs));
    });
}

#[test]
fn files_can_be_written_but_not_made() {
    with_perms(DirPerms::READ, FilePerms::all(), prepare, |w| {
        w.make("d/f", b"changed");
        assert_eq!(w.open("new", oflags::CREAT, WRITE), Err(Errno::RoFs));
        assert_eq!(w.unlink("d/f"), Err(Errno::RoFs));
    });
}

#[test]
fn what_cannot_be_read() {
    with_perms(DirPerms::MUTATE, FilePerms::WRITE, prepare, |w| {
        assert_eq!(w.open("d/f", 0, READ), Err(Errno::Acces));
        let fd = w.open("d/f", 0, WRITE).unwrap();
        assert_eq!(w.write(fd, b"x"), Ok(1));
        let dir = w.open("d", oflags::DIRECTORY, READ).unwrap();
        assert_eq!(w.list(dir, 100), Err(Errno::Acces));
    });
}

#[test]
fn times_of_directories_and_of_files() {
    let now = fstflags::MTIM_NOW.into();
    let set = |w: &mut World, path: &str| {
        w.put(BUFFER, path.as_bytes());
        call!(w, path_filestat_set_times, ROOT, 0, BUFFER, path.len() as u32, 0, 0, now)
    };
    with_perms(DirPerms::READ, FilePerms::all(), prepare, |w| {
        assert_eq!(set(w, "d/f"), Ok(()));
        assert_eq!(set(w, "d"), Err(Errno::RoFs));
        let of_a_link = if cfg!(windows) { set(w, "d") } else { set(w, "link") };
        assert_eq!(of_a_link, Err(Errno::RoFs));
        assert_eq!(call!(w, fd_filestat_set_times, ROOT, 0, 0, now), Err(Errno::RoFs));
    });
    with_perms(DirPerms::all(), FilePerms::READ, prepare, |w| {
        assert_eq!(set(w, "d/f"), Err(Errno::RoFs));
        assert_eq!(set(w, "d"), Ok(()));
        let of_a_link = if cfg!(windows) { set(w, "d") } else { set(w, "link") };
        assert_eq!(of_a_link, Ok(()));
        assert_eq!(call!(w, fd_filestat_set_times, ROOT, 0, 0, now), Ok(()));
    });
}

/// A file that may not be read is neither made nor emptied by opening it to be read.
#[test]
fn what_is_refused_has_changed_nothing() {
    with_perms(DirPerms::all(), FilePerms::WRITE, prepare, |w| {
        let both = READ | WRITE;
        assert_eq!(w.open("new", oflags::CREAT, READ), Err(Errno::Acces));
        assert_eq!(w.open("d/f", oflags::TRUNC, both), Err(Errno::Acces));
        assert_eq!(w.open("link", oflags::CREAT | oflags::TRUNC, both), Err(Errno::Acces));
        assert_eq!(w.stat("new"), Err(Errno::NoEnt));
        assert_eq!(w.stat("d/f").unwrap().size, 7);
        assert!(w.open("new", oflags::CREAT, WRITE).is_ok());
    });
}

const DIRS: [DirPerms; 2] = [DirPerms::READ, DirPerms::all()];
const FILES: [FilePerms; 3] = [FilePerms::READ, FilePerms::WRITE, FilePerms::all()];
const OTHER: u32 = ROOT + 1;

/// Runs a test with two preopened directories, `one` and `two` of the same file system, in both
/// worlds. In each are a file `f` and a directory `d` with a file `g`.
fn two_directories(
    one: (DirPerms, FilePerms),
    two: (DirPerms, FilePerms),
    test: impl Fn(&mut World),
) {
    let world = |builder: &mut WasiCtxBuilder, name, host| World {
        ctx: builder.build(),
        memory: vec![0; 1 << 16],
        name,
        host,
    };
    let files = MemoryFs::new();
    for path in ["f", "d/g"] {
        files.write(path, "content").unwrap();
    }
    let mut builder = WasiCtxBuilder::new();
    builder.preopened_fs(files.clone(), "/one", one.0, one.1).unwrap();
    builder.preopened_fs(files, "/two", two.0, two.1).unwrap();
    test(&mut world(&mut builder, "memory", None));

    let scratch = Scratch::new();
    let mut builder = WasiCtxBuilder::new();
    for (name, perms) in [("one", one), ("two", two)] {
        let path = scratch.path().join(name);
        std::fs::create_dir_all(path.join("d")).unwrap();
        std::fs::write(path.join("f"), "content").unwrap();
        std::fs::write(path.join("d/g"), "content").unwrap();
        builder.preopened_dir(path, name, perms.0, perms.1).unwrap();
    }
    test(&mut world(&mut builder, "host", Some(scratch)));
}

/// All ways for a name of one directory to come into another that allows other things.
#[test]
fn one_directory_by_another() {
    let all: Vec<_> = DIRS.iter().flat_map(|&dir| FILES.map(|file| (dir, file))).collect();
    for &one in &all {
        for &two in &all {
            two_directories(one, two, |w| {
                let what = format!("{}: {one:?} and {two:?}", w.name);
                let mutable = [one, two].iter().all(|(dir, _)| dir.contains(DirPerms::MUTATE));
                let expected = match () {
                    () if !mutable => Err(Errno::RoFs),
                    // To this crate, files in memory that are preopened twice are two file systems.
                    () if one != two || w.host.is_none() => Err(Errno::XDev),
                    () => Ok(()),
                };
                let (f, d, new, moved, gone) =
                    (BUFFER, BUFFER + 1, BUFFER + 2, BUFFER + 3, BUFFER + 4);
                w.put(BUFFER, b"fdnmg");
                let link = call!(w, path_link, ROOT, 0, f, 1, OTHER, new, 1);
                assert_eq!(link, expected, "link, {what}");
                let rename = call!(w, path_rename, ROOT, f, 1, OTHER, moved, 1);
                assert_eq!(rename, expected, "rename, {what}");
                let rename = call!(w, path_rename, ROOT, d, 1, OTHER, gone, 1);
                assert_eq!(rename, expected, "rename of a directory, {what}");
            });
        }
    }
}

/// A file of a directory with files that can only be read stays as it was, whatever a guest does
/// that may write in another.
#[test]
fn what_can_only_be_read_stays_as_it_is() {
    let (read_only, writable) = (FilePerms::READ, FilePerms::all());
    two_directories((DirPerms::all(), read_only), (DirPerms::all(), writable), |w| {
        let (f, stolen, out) = (BUFFER, BUFFER + 1, BUFFER + 100);
        w.put(f, b"fs");
        w.put(out, b"../one/f");
        for (from, to) in [(ROOT, OTHER), (OTHER, ROOT)] {
            let _ = call!(w, path_link, from, 1, f, 1, to, stolen, 1);
            let _ = call!(w, path_rename, from, f, 1, to, stolen, 1);
        }
        let _ = call!(w, path_symlink, out, 8, OTHER, stolen, 1);
        let trunc = oflags::TRUNC;
        assert!(w.open_at(OTHER, "s", true, trunc, WRITE, 0).is_err());
        assert!(w.open_at(ROOT, "s", true, trunc, WRITE, 0).is_err());
        let (dir, all) = (rights::DIRECTORY, rights::ALL);
        assert_eq!(call!(w, fd_fdstat_set_rights, ROOT, dir, all), Ok(()));
        let fd = w.open_at(ROOT, "f", true, 0, READ, 0).unwrap();
        assert_eq!(w.write(fd, b"x"), Err(Errno::BadF));
        assert_eq!(w.pwrite(fd, b"x", 0), Err(Errno::BadF));
        assert_eq!(call!(w, fd_allocate, fd, 0, 100), Err(Errno::BadF));
        assert_eq!(call!(w, fd_filestat_set_size, fd, 0), Err(Errno::Inval));
        assert_eq!(call!(w, fd_renumber, ROOT, OTHER), Ok(()), "what it may do moves with it");
        assert_eq!(w.open_at(OTHER, "f", true, 0, WRITE, 0), Err(Errno::RoFs));
        let inner = w.open_at(OTHER, "d", true, oflags::DIRECTORY, READ, 0).unwrap();
        assert_eq!(w.open_at(inner, "g", true, trunc, WRITE, 0), Err(Errno::RoFs));
        assert_eq!(w.read(fd, 10), Ok(b"content".to_vec()));
    });
}
