//! Attempts to leave the preopened directory.

use crate::world::{BUFFER, READ, ROOT, Scratch, WRITE, World, both, both_with_links, call};
use std::fs;
#[cfg(unix)]
use std::{
    os::unix::fs::{FileExt, symlink},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};
use windlass_wasi::{DirPerms, Errno, FilePerms, Outside, WasiCtxBuilder, oflags};

#[test]
fn paths_that_lead_out() {
    both(|w| {
        w.mkdir("d").unwrap();
        for path in
            ["/", "/etc/passwd", "..", "../", "../x", "d/../..", "./../x", "d/../../d", "//"]
        {
            assert_eq!(w.stat(path), Err(Errno::Perm), "{path}");
            assert_eq!(w.open(path, 0, READ), Err(Errno::Perm), "{path}");
            assert_eq!(w.open(path, oflags::CREAT, WRITE), Err(Errno::Perm), "{path}");
            assert_eq!(w.mkdir(path), Err(Errno::Perm), "{path}");
            assert_eq!(w.rmdir(path), Err(Errno::Perm), "{path}");
            assert_eq!(w.unlink(path), Err(Errno::Perm), "{path}");
            assert_eq!(w.symlink("x", path), Err(Errno::Perm), "{path}");
            assert_eq!(w.readlink(path, 10), Err(Errno::Perm), "{path}");
            assert_eq!(w.rename("d", path), Err(Errno::Perm), "{path}");
            assert_eq!(w.rename(path, "x"), Err(Errno::Perm), "{path}");
            assert_eq!(w.link(path, false, "x"), Err(Errno::Perm), "{path}");
            assert_eq!(w.ctx.outside(), Some(&Outside::Path(path.into())));
        }
        assert_eq!(w.names("."), ["d"]);
    });
}

#[test]
fn links_that_lead_out() {
    both_with_links(|w| {
        w.mkdir("d").unwrap();
        w.symlink("..", "up").unwrap();
        w.symlink("../..", "d/up").unwrap();
        w.symlink("d/../../x", "out").unwrap();
        for path in ["up", "up/", "up/x", "d/up", "d/up/etc", "out"] {
            assert_eq!(w.stat(path), Err(Errno::Perm), "{path}");
            assert_eq!(w.open(path, 0, WRITE), Err(Errno::Perm), "{path}");
            assert_eq!(w.mkdir(format!("{path}/new")), Err(Errno::Perm), "{path}");
        }
        assert_eq!(w.stat_with("up", false).unwrap().size, 2, "the link itself can be seen");
    });
}

/// A world of the host, and a directory outside of it with a secret.
fn beside_a_secret(test: impl Fn(&mut World, &Scratch)) {
    let outside = Scratch::new();
    fs::write(outside.path().join("secret"), "secret").unwrap();
    both(|w| {
        if w.host.is_some() {
            test(w, &outside);
        }
    });
    assert_eq!(fs::read(outside.path().join("secret")).unwrap(), b"secret");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn links_of_the_host() {
    beside_a_secret(|w, outside| {
        let dir = w.host.as_ref().unwrap().path().to_owned();
        symlink(outside.path(), dir.join("absolute")).unwrap();
        symlink("/", dir.join("root")).unwrap();
        symlink(outside.path().join("secret"), dir.join("file")).unwrap();
        symlink("/proc/self/root", dir.join("magic")).unwrap();
        symlink("/proc/self/cwd", dir.join("cwd")).unwrap();
        for path in [
            "absolute",
            "absolute/secret",
            "root",
            "root/etc/passwd",
            "file",
            "magic/etc/passwd",
            "cwd/x",
        ] {
            assert_eq!(w.stat(path), Err(Errno::Perm), "{path}");
            assert_eq!(w.open(path, 0, READ), Err(Errno::Perm), "{path}");
            assert_eq!(
                w.open(path, oflags::CREAT | oflags::TRUNC, WRITE),
                Err(Errno::Perm),
                "{path}"
            );
        }
        assert_eq!(w.mkdir("absolute/new"), Err(Errno::Perm));
        assert_eq!(w.unlink("absolute/secret"), Err(Errno::Perm));
        assert_eq!(w.rename("absolute/secret", "stolen"), Err(Errno::Perm));
        assert_eq!(w.link("absolute/secret", false, "stolen"), Err(Errno::Perm));
        assert_eq!(w.link("file", true, "stolen"), Err(Errno::Perm));
        assert_eq!(w.unlink("file"), Ok(()), "the link itself is the guest's");
    });
}

#[cfg(unix)]
#[test]
fn magic_links() {
    let mut builder = WasiCtxBuilder::new();
    if builder.preopened_dir("/proc/self", "/", DirPerms::all(), FilePerms::all()).is_err() {
        return; // No such file system on this host.
    }
    let mut w = World { ctx: builder.build(), memory: vec![0; 1 << 16], name: "proc", host: None };
    for path in ["root", "root/etc", "cwd", "exe"] {
        let error = w.open(path, 0, READ).unwrap_err();
        assert_eq!(error, Errno::Perm, "{path}");
    }
    // A descriptor's link tells a path of the host, or something that is no path.
    let file = fs::File::open("/proc/self/stat").unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&file);
    assert_eq!(w.open(format!("fd/{number}"), 0, READ), Err(Errno::Perm));
    assert_eq!(file.read_at(&mut [0], 0).unwrap(), 1);
}

/// A directory is replaced by a link to the outside, again and again, while the guest goes through
/// it.
#[cfg(unix)]
#[test]
fn a_race() {
    beside_a_secret(|w, outside| {
        let dir = w.host.as_ref().unwrap().path().to_owned();
        let stop = AtomicBool::new(false);
        fs::create_dir(dir.join("real")).unwrap();
        fs::write(dir.join("real/secret"), "public").unwrap();
        symlink(outside.path(), dir.join("link")).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    for from in ["real", "link"] {
                        fs::rename(dir.join(from), dir.join("current")).unwrap();
                        fs::rename(dir.join("current"), dir.join(from)).unwrap();
                    }
                }
            });
            // The guest may meet the directory, the link or neither; where calls of the system are
            // slow, another at each of its looks. The other thread must end in any case, so what is
            // wrong is told afterwards.
            let wrong = (0..20_000).map(|_| w.contents("current/secret")).find(|seen| match seen {
                Ok(contents) => contents != b"public",
                Err(errno) => !matches!(errno, Errno::Perm | Errno::NoEnt | Errno::NotDir),
            });
            stop.store(true, Ordering::Relaxed);
            assert_eq!(wrong, None);
        });
    });
}

/// A directory that the guest is in the middle of is moved out: going back up must not go on from
/// there.
#[cfg(unix)]
#[test]
fn moved_away_while_open() {
    beside_a_secret(|w, _| {
        let dir = w.host.as_ref().unwrap().path().to_owned();
        let elsewhere = Scratch::new();
        fs::create_dir_all(dir.join("a/b")).unwrap();
        fs::write(elsewhere.path().join("secret"), "secret").unwrap();
        let fd = w.open("a/b", oflags::DIRECTORY, READ).unwrap();
        fs::rename(dir.join("a/b"), elsewhere.path().join("b")).unwrap();
        for path in ["..", "../secret", "./../secret"] {
            assert_eq!(w.open_at(fd, path, true, 0, READ, 0), Err(Errno::Perm), "{path}");
        }
    });
}

/// There it can't be: what the guest is in the middle of stays, and nothing takes its place.
#[cfg(windows)]
#[test]
fn an_open_directory_stays_where_it_is() {
    beside_a_secret(|w, outside| {
        let dir = w.host.as_ref().unwrap().path().to_owned();
        fs::create_dir_all(dir.join("a/b")).unwrap();
        let fd = w.open("a/b", oflags::DIRECTORY, READ).unwrap();
        assert!(fs::rename(dir.join("a/b"), outside.path().join("b")).is_err());
        assert_eq!(w.rename("a/b", "b"), Err(Errno::Busy));
        assert_eq!(w.open_at(fd, "../secret", true, 0, READ, 0), Err(Errno::Perm));
        w.close(fd).unwrap();
        assert_eq!(w.rename("a/b", "b"), Ok(()));
    });
}

#[test]
fn different_file_systems() {
    let mut builder = WasiCtxBuilder::new();
    let (one, two) = (windlass_wasi::MemoryFs::new(), windlass_wasi::MemoryFs::new());
    one.write("f", "x").unwrap();
    builder.preopened_fs(one, "/one", DirPerms::all(), FilePerms::all()).unwrap();
    builder.preopened_fs(two, "/two", DirPerms::all(), FilePerms::all()).unwrap();
    let mut w = World { ctx: builder.build(), memory: vec![0; 1 << 16], name: "two", host: None };
    w.put(BUFFER, b"f");
    let f = (BUFFER, 1);
    assert_eq!(call!(w, path_rename, ROOT, f.0, f.1, ROOT + 1, f.0, f.1), Err(Errno::XDev));
    assert_eq!(call!(w, path_link, ROOT, 0, f.0, f.1, ROOT + 1, f.0, f.1), Err(Errno::XDev));
}
