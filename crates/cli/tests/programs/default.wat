;; A reactor whose function without a name prints the arguments after the first, each ended by a NUL,
;; if _initialize was called before; otherwise it traps.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get"
    (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $is_initialized (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $is_initialized (i32.const 1)))
  (func (export "") (local $second i32)
    (if (i32.eqz (global.get $is_initialized)) (then unreachable))
    (drop (call $args_sizes_get (i32.const 16) (i32.const 4)))
    (drop (call $args_get (i32.const 1024) (i32.const 2048)))
    (local.set $second (i32.load (i32.const 1028)))
    (i32.store (i32.const 0) (local.get $second))
    (i32.store (i32.const 4)
      (i32.sub (i32.load (i32.const 4)) (i32.sub (local.get $second) (i32.const 2048))))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
