//! Files in memory as the host builds them and reads them back: by paths, from archives, from
//! directories.

use crate::world::Scratch;
use std::fs;
use windlass_wasi::{Errno, FileType, MemoryFs};

#[test]
fn built_and_read_back() {
    let files = MemoryFs::new();
    files.write("/a/b/c", "content").unwrap();
    files.write("a/b/c", "new").unwrap();
    files.create_dir_all("a//x/./y/").unwrap();
    files.symlink("b/c", "a/link").unwrap();
    files.hard_link("a/b/c", "same").unwrap();
    assert_eq!(files.read("a/b/c").unwrap(), b"new");
    assert_eq!(files.read("/a/link").unwrap(), b"new");
    files.write("a/link", "through").unwrap();
    assert_eq!(files.read("same").unwrap(), b"through");
    assert_eq!(files.metadata("a/link").unwrap().file_type, FileType::SymbolicLink);
    assert_eq!(files.metadata("same").unwrap().links, 2);
    let names = |path: &str| -> Vec<String> {
        let entries = files.read_dir(path).unwrap();
        entries.into_iter().map(|entry| String::from_utf8(entry.name).unwrap()).collect()
    };
    assert_eq!(names(""), ["a", "same"]);
    assert_eq!(names("/a"), ["b", "link", "x"]);
    assert_eq!(names("a/x"), ["y"]);
    assert_eq!(files.read("a"), Err(Errno::IsDir));
    files.symlink("b", "a/dir").unwrap();
    assert_eq!(files.metadata("a/dir/").unwrap().file_type, FileType::Directory);
    assert_eq!(files.metadata("same/"), Err(Errno::NotDir));
    assert_eq!(files.read("none"), Err(Errno::NoEnt));
    assert_eq!(files.read("../x"), Err(Errno::Perm));
    assert_eq!(files.write("a/b/c/d", ""), Err(Errno::NotDir));
}

/// The root, and what is open at the end of a path, have no names of their own.
#[test]
fn paths_that_end_at_an_open_directory() {
    let files = MemoryFs::new();
    files.write("/etc/motto", "hello").unwrap();
    let root = files.metadata("/").unwrap();
    for path in ["", "/", "//", ".", "/.", "etc/.."] {
        assert_eq!(files.metadata(path), Ok(root), "{path}");
        assert_eq!(files.read_dir(path).unwrap().len(), 1, "{path}");
        assert_eq!(files.create_dir_all(path), Ok(()), "{path}");
        assert_eq!(files.read(path), Err(Errno::IsDir), "{path}");
        assert_eq!(files.write(path, "x"), Err(Errno::IsDir), "{path}");
        assert_eq!(files.hard_link(path, "new"), Err(Errno::Perm), "{path}");
    }
    assert_eq!(files.metadata("etc/."), files.metadata("/etc"));
    assert_eq!(files.read_dir("etc/."), files.read_dir("/etc"));
    assert_eq!((files.metadata(".."), files.read_dir("/..")), (Err(Errno::Perm), Err(Errno::Perm)));
    files.hard_link("/etc/motto", "/same").unwrap();
    files.symlink("etc", "/link").unwrap();
    files.hard_link("//link/motto", "third").unwrap();
    assert_eq!(files.metadata("/same").unwrap().links, 3);
}

/// A member of an archive.
fn member(name: &str, kind: u8, link: &str, contents: &[u8]) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", contents.len()).as_bytes());
    header[156] = kind;
    header[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|&b| u32::from(b)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend_from_slice(contents);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

#[test]
fn archives() {
    let long = "long/".repeat(30) + "name";
    let record = format!("path={long}2\n");
    let pax = format!("{} {record}", record.len() + 4);
    let archive = [
        member("./", b'5', "", b""),
        member("./dir/", b'5', "", b""),
        member("./dir/file", b'0', "", b"content"),
        member("dir/link", b'2', "file", b""),
        member("hard", b'1', "./dir/file", b""),
        member("/absolute", b'1', "/dir/file", b""),
        member("device", b'3', "", b""),
        member("././@LongLink", b'L', "", format!("{long}\0").as_bytes()),
        member("cut", b'0', "", b"long"),
        member("pax", b'x', "", pax.as_bytes()),
        member("cut", b'0', "", &[7; 600]),
        member("last", b'0', "", b""),
        vec![0; 1024],
    ];
    let files = MemoryFs::new();
    files.unpack_tar(&archive.concat()).unwrap();
    assert_eq!(files.read("dir/link").unwrap(), b"content");
    assert_eq!(files.read("hard").unwrap(), b"content");
    assert_eq!(files.read("absolute").unwrap(), b"content");
    assert_eq!(files.read(&long).unwrap(), b"long");
    assert_eq!(files.read(long + "2").unwrap(), [7; 600]);
    let names: Vec<_> = files.read_dir("").unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, [&b"absolute"[..], b"dir", b"hard", b"last", b"long"]);
}

#[test]
fn archives_that_are_none() {
    let files = MemoryFs::new();
    let good = member("file", b'0', "", &[1; 1000]);
    let mut damaged = good.clone();
    damaged[0] = b'F';
    for bytes in [&damaged[..], &good[..1000], &[1; 512]] {
        let error = files.unpack_tar(bytes).unwrap_err();
        assert_eq!((error.offset, error.errno), (0, Errno::BadMsg));
    }
    let out = [good.clone(), member("../x", b'0', "", b"")].concat();
    let error = files.unpack_tar(&out).unwrap_err();
    assert_eq!((error.offset, error.errno), (1536, Errno::Perm));
    let message = "operation not permitted, for the member \"../x\" at byte 1536";
    assert_eq!(error.to_string(), message);
    let pax = member("pax", b'x', "", b"16 path=../long\n");
    let error = files.unpack_tar(&[pax, member("cut", b'5', "", b"")].concat()).unwrap_err();
    assert_eq!(error.name.as_deref(), Some("../long"));
    for pax in [
        "",
        "9",
        "5 path",
        "99 path=x\n",
        "18446744073709551615 path=x\n",
        "0 path=",
        "9 path=x\n1 ",
    ] {
        let archive = [member("pax", b'x', "", pax.as_bytes()), good.clone()].concat();
        let _ = files.unpack_tar(&archive);
    }
    for end in 0..good.len() {
        let _ = files.unpack_tar(&good[..end]);
    }
}

#[test]
fn directories_of_the_host() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path().join("a/b")).unwrap();
    fs::write(scratch.path().join("a/b/file"), "content").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("b/file", scratch.path().join("a/link")).unwrap();
    #[cfg(not(unix))]
    fs::write(scratch.path().join("a/link"), "content").unwrap();
    let files = MemoryFs::new();
    files.copy_host_dir(scratch.path()).unwrap();
    assert_eq!(files.read("a/link").unwrap(), b"content");
    let too_small = MemoryFs::with_limit(100);
    assert!(too_small.copy_host_dir(scratch.path()).is_err());
}
