;; A WASI program that copies the file `input` of its directory to `output`.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read"
    (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "input")
  (data (i32.const 110) "output")

  ;; Ends with the error, if it is one.
  (func $check (param $errno i32)
    (if (local.get $errno) (then (call $proc_exit (local.get $errno)))))

  ;; Opens a file of the directory, descriptor 3; $flags 1 makes it. At 20 its descriptor is left.
  (func $open (param $name i32) (param $len i32) (param $flags i32) (param $rights i64)
      (result i32)
    (call $check (call $path_open (i32.const 3) (i32.const 0) (local.get $name) (local.get $len)
      (local.get $flags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 20)))
    (i32.load (i32.const 20)))

  (func (export "_start") (local $from i32) (local $to i32)
    (local.set $from (call $open (i32.const 100) (i32.const 5) (i32.const 0) (i64.const 2)))
    (local.set $to (call $open (i32.const 110) (i32.const 6) (i32.const 1) (i64.const 64)))
    ;; A list of one buffer: 1000 bytes at 1000.
    (i32.store (i32.const 0) (i32.const 1000))
    (i32.store (i32.const 4) (i32.const 1000))
    (block $done
      (loop $more
        (call $check
          (call $fd_read (local.get $from) (i32.const 0) (i32.const 1) (i32.const 8)))
        (br_if $done (i32.eqz (i32.load (i32.const 8))))
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (call $check
          (call $fd_write (local.get $to) (i32.const 0) (i32.const 1) (i32.const 8)))
        (i32.store (i32.const 4) (i32.const 1000))
        (br $more)))
    (call $check (call $fd_close (local.get $from)))
    (call $check (call $fd_close (local.get $to)))))
