//! Which functions are called, and with what: arguments that mostly mean something, by their kinds,
//! and now and then any at all. Where paths and buffers lie in the guest's memory is said here.

use arbitrary::{Result, Unstructured};
use windlass::Val;

/// What a parameter is; some stand for two.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Fd,
    /// A path, and how long it is.
    Path,
    /// Buffers, and how many there are.
    Iovecs,
    /// A buffer, and how long it is.
    Buffer,
    /// Where something goes.
    Out,
    /// Bits that mean something.
    Flags,
    /// A small number.
    Small,
    /// A size or offset.
    Size,
    Time,
    Rights,
    /// Subscriptions, where events go, and how many.
    Subscriptions,
}

use Kind::{Buffer, Fd, Flags, Iovecs, Out, Path, Rights, Size, Small, Subscriptions, Time};

/// The functions, without those that end the guest and those of sockets that wait for others.
const CALLS: [(&str, &[Kind]); 41] = [
    ("args_get", &[Out, Out]),
    ("args_sizes_get", &[Out, Out]),
    ("clock_res_get", &[Small, Out]),
    ("clock_time_get", &[Small, Time, Out]),
    ("environ_get", &[Out, Out]),
    ("environ_sizes_get", &[Out, Out]),
    ("fd_advise", &[Fd, Size, Size, Small]),
    ("fd_allocate", &[Fd, Size, Size]),
    ("fd_close", &[Fd]),
    ("fd_datasync", &[Fd]),
    ("fd_fdstat_get", &[Fd, Out]),
    ("fd_fdstat_set_flags", &[Fd, Flags]),
    ("fd_fdstat_set_rights", &[Fd, Rights, Rights]),
    ("fd_filestat_get", &[Fd, Out]),
    ("fd_filestat_set_size", &[Fd, Size]),
    ("fd_filestat_set_times", &[Fd, Time, Time, Flags]),
    ("fd_pread", &[Fd, Iovecs, Size, Out]),
    ("fd_prestat_dir_name", &[Fd, Buffer]),
    ("fd_prestat_get", &[Fd, Out]),
    ("fd_pwrite", &[Fd, Iovecs, Size, Out]),
    ("fd_read", &[Fd, Iovecs, Out]),
    ("fd_readdir", &[Fd, Buffer, Size, Out]),
    ("fd_renumber", &[Fd, Fd]),
    ("fd_seek", &[Fd, Size, Small, Out]),
    ("fd_sync", &[Fd]),
    ("fd_tell", &[Fd, Out]),
    ("fd_write", &[Fd, Iovecs, Out]),
    ("path_create_directory", &[Fd, Path]),
    ("path_filestat_get", &[Fd, Small, Path, Out]),
    ("path_filestat_set_times", &[Fd, Small, Path, Time, Time, Flags]),
    ("path_link", &[Fd, Small, Path, Fd, Path]),
    ("path_open", &[Fd, Small, Path, Flags, Rights, Rights, Flags, Out]),
    ("path_readlink", &[Fd, Path, Buffer, Out]),
    ("path_remove_directory", &[Fd, Path]),
    ("path_rename", &[Fd, Path, Fd, Path]),
    ("path_symlink", &[Path, Fd, Path]),
    ("path_unlink_file", &[Fd, Path]),
    ("poll_oneoff", &[Subscriptions, Out]),
    ("random_get", &[Buffer]),
    ("sched_yield", &[]),
    ("sock_recv", &[Fd, Iovecs, Flags, Out, Out]),
];

/// Paths, each at its multiple of [`PATH`] in memory.
const PATHS: [&str; 24] = [
    "a",
    "b",
    "c",
    "dir",
    "dir/a",
    "dir/b",
    "dir/sub",
    "dir/sub/a",
    "link",
    "loop",
    "dangling",
    "a/",
    "dir/",
    "./a",
    "dir/../b",
    "..",
    ".",
    "../a",
    "/",
    "/a",
    "",
    "dir//a",
    "link/a",
    "dir/./sub/",
];
const PATH: i32 = 32;
/// Where buffers are told: pairs of address and length.
const IOVECS: i32 = 0x400;
const BUFFERS: [(u32, u32); 6] =
    [(0x2000, 10), (0x2100, 0), (0x2200, 300), (0x40, 40), (0x1_fff0, 16), (0x1_fff0, 17)];
const SUBSCRIPTIONS: i32 = 0x600;
/// Where answers go.
const OUT: i32 = 0x3000;
/// How large the guest's memory is.
pub(super) const MEMORY: u32 = 0x2_0000;

/// What lies in the guest's memory before each call, by address.
pub(super) fn contents() -> Vec<(usize, Vec<u8>)> {
    let mut contents = Vec::new();
    for (index, path) in PATHS.iter().enumerate() {
        contents.push((index * PATH as usize, path.as_bytes().to_vec()));
    }
    let iovecs = BUFFERS.iter().flat_map(|(at, len)| [at.to_le_bytes(), len.to_le_bytes()]);
    contents.push((IOVECS as usize, iovecs.flatten().collect()));
    for (index, (tag, fd)) in [(0_u8, 1_u32), (1, 0), (2, 1), (1, 4), (0, 0)].iter().enumerate() {
        let mut subscription = vec![0; 48];
        subscription[0] = 0x77;
        subscription[8] = *tag;
        subscription[16..20].copy_from_slice(&fd.to_le_bytes());
        // A millisecond, if it is a clock's.
        subscription[24..28].copy_from_slice(&1_000_000_u32.to_le_bytes());
        contents.push((SUBSCRIPTIONS as usize + 48 * index, subscription));
    }
    contents.push((0x2000, b"what is written ".repeat(64)));
    contents
}

/// A function, and arguments for it.
pub(super) fn arbitrary(input: &mut Unstructured<'_>) -> Result<(&'static str, Vec<Val>)> {
    let (name, kinds) = *input.choose(&CALLS)?;
    let mut args = Vec::new();
    for kind in kinds {
        push(&mut args, *kind, input)?;
    }
    // Sizes are not any at all: the host's disk would be full.
    let words: Vec<usize> = (0..args.len()).filter(|at| matches!(args[*at], Val::I32(_))).collect();
    if !words.is_empty() && input.ratio(1, 8)? {
        args[*input.choose(&words)?] = Val::I32(input.arbitrary()?);
    }
    Ok((name, args))
}

fn push(args: &mut Vec<Val>, kind: Kind, input: &mut Unstructured<'_>) -> Result<()> {
    match kind {
        // What is opened has the next numbers; the directory is the one most needed.
        Fd if input.ratio(1, 2)? => args.push(Val::I32(3)),
        Fd => args.push(Val::I32(input.int_in_range(0..=8)?)),
        Path => {
            let index = input.choose_index(PATHS.len())?;
            args.push(Val::I32(index as i32 * PATH));
            args.push(Val::I32(PATHS[index].len() as i32));
        }
        Iovecs => {
            let first = input.int_in_range(0..=BUFFERS.len() as i32 - 1)?;
            args.push(Val::I32(IOVECS + 8 * first));
            args.push(Val::I32(input.int_in_range(0..=3)?));
        }
        Buffer => {
            args.push(Val::I32(*input.choose(&[OUT, OUT + 1, MEMORY as i32 - 8])?));
            args.push(Val::I32(*input.choose(&[0, 1, 7, 24, 64, 4096])?));
        }
        Out => args.push(Val::I32(*input.choose(&[OUT, OUT + 64, OUT + 129, OUT, OUT, -4])?)),
        Flags => args.push(Val::I32(*input.choose(&[0, 0, 0, 1, 2, 4, 5, 8, 9, 10, 16, 255])?)),
        Small => args.push(Val::I32(*input.choose(&[0, 0, 1, 1, 2, 3, 4, 6])?)),
        Size => args.push(Val::I64(*input.choose(&[0, 0, 1, 5, 16, 300, 4096, -1, i64::MIN])?)),
        Time => args.push(Val::I64(*input.choose(&[0, 1, 1_700_000_000_000_000_000, -1])?)),
        Rights => args.push(Val::I64(*input.choose(&[-1, -1, 0, 0x1fff_ffff, 2, 64, 66])?)),
        Subscriptions => {
            let first = input.int_in_range(0..=4)?;
            args.push(Val::I32(SUBSCRIPTIONS + 48 * first));
            args.push(Val::I32(OUT));
            args.push(Val::I32(input.int_in_range(0..=5 - first)?));
        }
    }
    Ok(())
}
