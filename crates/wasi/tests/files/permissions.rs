//! Preopened directories that can only be read.

use crate::world::{READ, ROOT, WRITE, World, call, with_perms};
use windlass_wasi::{DirPerms, Errno, FilePerms, fstflags, oflags};

fn prepare(w: &mut World) {
    w.mkdir("d").unwrap();
    w.make("d/f", b"content");
    w.symlink("d/f", "link").unwrap();
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
