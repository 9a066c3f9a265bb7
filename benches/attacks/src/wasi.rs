//! Attacks on WASI: programs that do one thing many times, or have the host do much at once. Files
//! lie in memory. The size of such an attack is how often it does that, as if each time took a few
//! bytes of a module.

/// The functions that programs import, a place for results, and a name for each number: eight
/// letters at `NAME`.
const PRELUDE: &str = r#"
    (import "wasi_snapshot_preview1" "path_open" (func $path_open
      (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink
      (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write
      (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir
      (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff
      (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get
      (param i32 i64 i32) (result i32)))
    (func $ok (param i32) (if (local.get 0) (then unreachable)))
    (func $name (param i32) (local i32)
      (loop $letter
        (i32.store8 (i32.add (i32.const 1024) (local.get 1))
          (i32.add (i32.const 97) (i32.and (local.get 0) (i32.const 15))))
        (local.set 0 (i32.shr_u (local.get 0) (i32.const 4)))
        (br_if $letter (i32.lt_u
          (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 8)))))
    (func $create
      (call $ok (call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const 8)
        (i32.const 1) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 0))))"#;

/// A program with so many bytes of memory that does `body` `count` times, with the number of the
/// turn in `$i`, and then `end`.
fn program(bytes: usize, count: usize, body: &str, end: &str) -> Vec<u8> {
    let pages = bytes / (64 << 10) + 2;
    let text = format!(
        r#"{PRELUDE} (memory (export "memory") {pages})
           (func (export "run") (local $i i32) (local $at i32) (local $next i64)
             (loop $again {body}
               (br_if $again (i32.lt_u
                 (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count}))))
             {end})"#
    );
    parse(&text)
}

fn parse(text: &str) -> Vec<u8> {
    match wat::parse_str(text) {
        Ok(bytes) => bytes,
        Err(error) => {
            // Then there is nothing to attack with.
            eprintln!("{error}");
            Vec::new()
        }
    }
}

pub(crate) fn calls(count: usize) -> Vec<u8> {
    let body = "(call $ok (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 0)))";
    program(0, count, body, "")
}

/// One call that writes from many places.
pub(crate) fn iovecs(count: usize) -> Vec<u8> {
    let body = "(i32.store offset=68 (i32.shl (local.get $i) (i32.const 3)) (i32.const 1))";
    let end = format!(
        "(call $ok (call $fd_write (i32.const 1) (i32.const 64) (i32.const {count}) (i32.const 0)))"
    );
    program(count * 8, count, body, &end)
}

pub(crate) fn descriptors(count: usize) -> Vec<u8> {
    program(0, count, "(call $name (i32.const 1)) (call $create)", "")
}

/// Many files in one directory, which is listed by small buffers.
pub(crate) fn directory_entries(count: usize) -> Vec<u8> {
    let body = "(call $name (local.get $i)) (call $create)
        (call $ok (call $fd_close (i32.load (i32.const 0))))";
    let end = "
        (loop $list
          (call $ok (call $fd_readdir (i32.const 3) (i32.const 4096) (i32.const 4096)
            (local.get $next) (i32.const 0)))
          (local.set $at (i32.const 0))
          (block $whole (loop $entry
            (br_if $whole (i32.gt_u
              (i32.add (local.get $at) (i32.const 24)) (i32.load (i32.const 0))))
            (local.set $next (i64.load offset=4096 (local.get $at)))
            (local.set $at (i32.add (i32.add (local.get $at) (i32.const 24))
              (i32.load offset=4112 (local.get $at))))
            (br $entry)))
          (br_if $list (i32.eq (i32.load (i32.const 0)) (i32.const 4096))))";
    program(0, count, body, end)
}

/// A link with many parts, which is followed.
pub(crate) fn link_parts(count: usize) -> Vec<u8> {
    let body =
        "(i32.store16 offset=4096 (i32.shl (local.get $i) (i32.const 1)) (i32.const 0x2f2e))";
    // Links that are too long are refused, and that is all right.
    let end = format!(
        "(i32.store8 (i32.const {last}) (i32.const 46))
         (call $name (i32.const 1))
         (if (i32.eqz (call $path_symlink (i32.const 4096) (i32.const {len}) (i32.const 3)
             (i32.const 1024) (i32.const 8)))
           (then (call $ok (call $path_open (i32.const 3) (i32.const 1) (i32.const 1024)
             (i32.const 8) (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0)
             (i32.const 0)))))",
        last = 4096 + 2 * count,
        len = 2 * count + 1,
    );
    program(2 * count + 8192, count, body, &end)
}

/// One call that waits for many things, of which one is there.
pub(crate) fn subscriptions(count: usize) -> Vec<u8> {
    let body = "
        (local.set $at (i32.mul (local.get $i) (i32.const 48)))
        (i64.store offset=64 (local.get $at) (i64.extend_i32_u (local.get $i)))
        (i32.store offset=80 (local.get $at) (i32.const 1))
        (i64.store offset=88 (local.get $at) (i64.extend_i32_u (local.get $i)))";
    let end = format!(
        "(call $ok (call $poll_oneoff (i32.const 64) (i32.const {}) (i32.const {count})
           (i32.const 0)))",
        64 + 48 * count,
    );
    program(80 * count + 64, count, body, &end)
}

/// Threads, each of which ends at once; those that can't be started now are tried again.
pub(crate) fn threads(count: usize) -> Vec<u8> {
    parse(&format!(
        r#"(import "env" "memory" (memory 1 1 shared))
           (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
           (func (export "wasi_thread_start") (param i32 i32))
           (func (export "run") (local $i i32)
             (loop $again
               (br_if $again (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0)))
               (br_if $again (i32.lt_u
                 (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count})))))"#
    ))
}
