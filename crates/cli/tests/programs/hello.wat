;; Prints "hello, " and its first argument, and exits with the number of its arguments.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "hello, ")
  (data (i32.const 8) "\n")
  (func (export "_start")
    (local $end i32)
    (drop (call $args_sizes_get (i32.const 16) (i32.const 20)))
    (drop (call $args_get (i32.const 1024) (i32.const 2048)))
    ;; The first argument is the second string.
    (local.set $end (i32.load (i32.const 1028)))
    (block $done
      (loop $next
        (br_if $done (i32.eqz (i32.load8_u (local.get $end))))
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br $next)))
    (i32.store (i32.const 32) (i32.const 0))
    (i32.store (i32.const 36) (i32.const 7))
    (i32.store (i32.const 40) (i32.load (i32.const 1028)))
    (i32.store (i32.const 44) (i32.sub (local.get $end) (i32.load (i32.const 1028))))
    (i32.store (i32.const 48) (i32.const 8))
    (i32.store (i32.const 52) (i32.const 1))
    (drop (call $fd_write (i32.const 1) (i32.const 32) (i32.const 3) (i32.const 24)))
    (call $proc_exit (i32.load (i32.const 16)))))
