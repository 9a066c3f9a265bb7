//! Unusual names.

use crate::world::{BUFFER, READ, ROOT, WRITE, both, both_with_links, call};
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
        if cfg!(windows) && w.host.is_some() {
            return; // There the host limits whole paths, also of directories that are open.
        }
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
    both_with_links(|w| {
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
        let wrong = b"caf\xe9";
        w.make("f", b"x");
        w.mkdir("d").unwrap();
        assert_eq!(w.open(wrong, oflags::CREAT, WRITE), Err(Errno::IlSeq), "{}", w.name);
        assert_eq!(w.stat(wrong), Err(Errno::IlSeq));
        assert_eq!(w.stat(b"d/\xff/../../f"), Err(Errno::IlSeq));
        assert_eq!(w.mkdir(wrong), Err(Errno::IlSeq));
        assert_eq!(w.rmdir(wrong), Err(Errno::IlSeq));
        assert_eq!(w.unlink(wrong), Err(Errno::IlSeq));
        assert_eq!(w.symlink("f", wrong), Err(Errno::IlSeq));
        assert_eq!(w.symlink(wrong, "link"), Err(Errno::IlSeq));
        assert_eq!(w.names("."), ["d", "f"]);
        // All else is.
        w.make("caf\u{e9} \u{10ffff}", b"y");
        assert_eq!(w.contents("caf\u{e9} \u{10ffff}"), Ok(b"y".to_vec()));
    });
}

/// Names that the host has.
#[cfg(target_os = "linux")]
#[test]
fn names_of_the_host_that_are_not_unicode() {
    use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};
    both(|w| {
        let Some(host) = &w.host else { return };
        let (path, wrong) = (host.path().to_owned(), OsStr::from_bytes(b"caf\xe9"));
        w.make("f", b"x");
        std::os::unix::fs::symlink(wrong, path.join("link")).unwrap();
        assert_eq!(w.readlink("link", 100), Err(Errno::IlSeq));
        assert_eq!(w.stat("link"), Err(Errno::IlSeq));
        assert_eq!(w.stat_with("link", false).unwrap().size, 4);
        assert_eq!(w.contents("link/f"), Err(Errno::IlSeq));
        assert_eq!(w.names("."), ["f", "link"]);
        fs::write(path.join(wrong), "y").unwrap();
        let fd = w.open(".", 0, READ).unwrap();
        assert_eq!(w.list(fd, 4096), Err(Errno::IlSeq));
        // A memory has what the guest can name.
        let memory = windlass_wasi::MemoryFs::new();
        memory.copy_host_dir(&path).unwrap();
        let names: Vec<_> = memory.read_dir("").unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, [b"f"]);
    });
}

#[test]
fn names_with_spaces_and_dots() {
    both(|w| {
        let mut names = vec!["..x", ".hidden", "a b", " a"];
        let odd =
            [" ", "...", "line\nbreak", "\\", "C:", "*", "nul.txt", "a.", "f:stream", "..\\f"];
        if cfg!(windows) && w.host.is_some() {
            for name in odd {
                assert_eq!(w.open(name, oflags::CREAT, WRITE), Err(Errno::Inval), "{name:?}");
                assert_eq!(w.stat(name), Err(Errno::Inval), "{name:?}");
                assert_eq!(w.mkdir(name), Err(Errno::Inval), "{name:?}");
                assert_eq!(w.unlink(name), Err(Errno::Inval), "{name:?}");
                w.make("f", b"");
                assert_eq!(w.rename("f", name), Err(Errno::Inval), "{name:?}");
                assert_eq!(w.link("f", false, name), Err(Errno::Inval), "{name:?}");
                w.unlink("f").unwrap();
            }
        } else {
            names.extend(odd);
        }
        for &name in &names {
            w.make(name, name.as_bytes());
        }
        for &name in &names {
            assert_eq!(w.contents(name), Ok(name.into()), "{name:?}");
        }
        let fd = w.open(".", 0, READ).unwrap();
        assert_eq!(w.list(fd, 4096).unwrap().len(), names.len() + 2);
    });
}
