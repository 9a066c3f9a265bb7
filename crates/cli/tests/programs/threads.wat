;; wasi-threads: a thread's argument says what it does.
(module
  (import "env" "memory" (memory 1 2 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  ;; 0: the counter; 4: how many are done; 64: nobody ever notifies.
  (func $forever
    (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))))
  (func (export "wasi_thread_start") (param $number i32) (param $what i32) (local $i i32)
    (if (i32.lt_s (local.get $number) (i32.const 1)) (then (unreachable)))
    (if (i32.eq (local.get $what) (i32.const 1)) (then (call $exit (i32.const 7))))
    (if (i32.eq (local.get $what) (i32.const 2)) (then (unreachable)))
    (if (i32.eq (local.get $what) (i32.const 3)) (then (call $forever)))
    (if (i32.eq (local.get $what) (i32.const 4)) (then (loop $spin (br $spin))))
    (loop $again
      (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
      (br_if $again
        (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 1000))))
    (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1)))
    (drop (memory.atomic.notify (i32.const 4) (i32.const 1))))
  (func $start (param $what i32)
    (if (i32.lt_s (call $spawn (local.get $what)) (i32.const 1)) (then (unreachable))))
  (func (export "_start") (local $done i32)
    (call $start (i32.const 0)) (call $start (i32.const 0))
    (call $start (i32.const 0)) (call $start (i32.const 0))
    (loop $wait
      (local.set $done (i32.atomic.load (i32.const 4)))
      (if (i32.ne (local.get $done) (i32.const 4))
        (then
          (drop (memory.atomic.wait32 (i32.const 4) (local.get $done) (i64.const -1)))
          (br $wait))))
    (if (i32.ne (i32.atomic.load (i32.const 0)) (i32.const 4000)) (then (unreachable)))
    (i64.store (i32.const 128) (i64.const 0xa6465746e756f63)) ;; "counted\n"
    (i32.store (i32.const 136) (i32.const 128))
    (i32.store (i32.const 140) (i32.const 8))
    (drop (call $fd_write (i32.const 1) (i32.const 136) (i32.const 1) (i32.const 144))))
  (func (export "exits") (call $start (i32.const 3)) (call $start (i32.const 1)) (call $forever))
  (func (export "traps") (call $start (i32.const 4)) (call $start (i32.const 2)) (call $forever))
  (func (export "returns") (call $start (i32.const 3)) (call $start (i32.const 4))))
