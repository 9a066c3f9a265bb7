;; Many calls of WASI, for the binary `wasi`. Descriptor 3 is the first preopened directory.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 4)
  ;; 0: opened descriptor, 4: count, 8: (pointer, length); 64: a name; from 65536 on: the buffer
  (data (i32.const 64) "data")

  (func $ok (param $errno i32)
    (if (local.get $errno) (then (unreachable))))

  ;; Opens "data" with oflags.
  (func $open (param $oflags i32) (param $len i32)
    (call $ok (call $path_open
      (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 4) (local.get $oflags)
      (i64.const 0x66) (i64.const 0) (i32.const 0) (i32.const 0)))
    (i32.store (i32.const 8) (i32.const 65536))
    (i32.store (i32.const 12) (local.get $len)))

  ;; Writes `len` bytes `times` times; returns how many bytes were written.
  (func (export "write") (param $len i32) (param $times i32) (result i64)
    (local $sum i64)
    (call $open (i32.const 9) (local.get $len)) ;; CREAT, TRUNC
    (loop $again
      (call $ok (call $fd_write (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 4)))
      (local.set $sum (i64.add (local.get $sum) (i64.load32_u (i32.const 4))))
      (br_if $again (local.tee $times (i32.sub (local.get $times) (i32.const 1)))))
    (call $ok (call $fd_close (i32.load (i32.const 0))))
    (local.get $sum))

  ;; Reads the file to its end, `len` bytes at a time; returns how many bytes were read.
  (func (export "read") (param $len i32) (param $times i32) (result i64)
    (local $sum i64)
    (call $open (i32.const 0) (local.get $len))
    (loop $again
      (call $ok (call $fd_read (i32.load (i32.const 0)) (i32.const 8) (i32.const 1) (i32.const 4)))
      (local.set $sum (i64.add (local.get $sum) (i64.load32_u (i32.const 4))))
      (br_if $again (i32.load (i32.const 4))))
    (call $ok (call $fd_close (i32.load (i32.const 0))))
    (local.get $sum)))
