//! Unusual names.

use crate::world::{BUFFER, READ, ROOT, WRITE, both, call};
use windlass_wasi::{Errno, oflags};

#[test]
fn long_names() {
    both(|w| {
        let longest = "n".repeat(255);
        w.make(&longest, b"x");
        assert_eq!(w.names("."), [longest.as_str()]);
        let longer = "n".repeat(256);
        assert_eq!(w.stat(&longer), Err(Errno::NameTooLong), "{}", w.name);
        assert_eq!(w.mkdir(&longer), Err(Errno::NameTooLong));
        assert_eq!(w.open(&longer, oflags::CREAT, WRITE), Err(Errno::NameTooLong));
        assert_eq!(w.rename(&longest, &longer), Err(Errno::NameTooLong));
        let long_path = "./".repeat(2047);
        assert!(w.stat(&long_path).is_ok());
        assert_eq!(w.stat(long_path + "./"), Err(Errno::NameTooLong));
    });
}

#[test]
fn deep_paths() {
    both(|w| {
        let mut path = String::from("d");
        for _ in 0..100 {
            w.mkdir(&path).unwrap();
            path += "/d";
        }
        w.make(&path, b"deep");
        assert_eq!(w.contents(&path), Ok(b"deep".to_vec()));
        let back = "d/".repeat(100) + &"../".repeat(100);
        assert_eq!(w.stat(&back).unwrap().inode, w.stat(".").unwrap().inode);
        assert_eq!(w.stat(back + ".."), Err(Errno::Perm));
    });
}

/// A path opens no more directories at once, and a walk goes along no more components, than is good
/// for the host.
#[test]
fn paths_that_are_too_deep() {
    both(|w| {
        let mut dir = ROOT;
        let d = oflags::DIRECTORY;
        w.mkdir("d").unwrap();
        for _ in 0..300 {
            let below = w.open_at(dir, "d", true, d, READ, 0).unwrap();
            w.put(BUFFER, b"d");
            call!(w, path_create_directory, below, BUFFER, 1).unwrap();
            if dir != ROOT {
                w.close(dir).unwrap();
            }
            dir = below;
        }
        assert!(w.stat("d/".repeat(257)).is_ok());
        assert_eq!(w.stat("d/".repeat(258)), Err(Errno::NameTooLong), "{}", w.name);
        assert!(w.stat("d/../".repeat(800)).is_ok());
    });
}

#[test]
fn links_with_many_parts() {
    both(|w| {
        w.mkdir("d").unwrap();
        let around = "d/../".repeat(800);
        w.symlink(around.clone() + ".", "l0").unwrap();
        for i in 1..4 {
            w.symlink(format!("{}l{}", "d/../".repeat(500), i - 1), format!("l{i}")).unwrap();
        }
        assert!(w.stat("l1").is_ok());
        assert!(w.stat("l2").is_ok());
        assert_eq!(w.stat("l3"), Err(Errno::Loop), "{}", w.name);
        assert_eq!(w.stat(around + "l3"), Err(Errno::Loop));
    });
}

#[test]
fn names_that_are_not_unicode() {
    both(|w| {
        let name = b"caf\xe9 \xff";
        let fd = w.open(name, oflags::CREAT, WRITE).unwrap();
        w.write(fd, b"x").unwrap();
        assert_eq!(w.stat(name).unwrap().size, 1);
        w.symlink(name, b"\x80link").unwrap();
        assert_eq!(w.stat(b"\x80link").unwrap().size, 1);
        assert_eq!(w.names(".").len(), 2);
        assert_eq!(w.unlink(name), Ok(()));
        assert_eq!(w.unlink(b"\x80link"), Ok(()));
    });
}

#[test]
fn names_with_spaces_and_dots() {
    both(|w| {
        let names = [" ", "...", "..x", ".hidden", "a b", "line\nbreak", "\\", "C:", "*"];
        for name in names {
            w.make(name, name.as_bytes());
        }
        for name in names {
            assert_eq!(w.contents(name), Ok(name.into()), "{name:?}");
        }
        let fd = w.open(".", 0, READ).unwrap();
        assert_eq!(w.list(fd, 4096).unwrap().len(), names.len() + 2);
    });
}
