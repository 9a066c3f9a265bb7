;; Waits for an hour, or until its first socket has a visitor: exits with the number of the event's kind.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  ;; A clock, 3.6e12 ns; then descriptor 3, to be read.
  (data (i32.const 16) "\01")
  (data (i32.const 24) "\00\a0\b8\30\46\03\00\00")
  (data (i32.const 56) "\01")
  (data (i32.const 64) "\03")
  (func (export "_start")
    (if (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512))
      (then (loop (br 0))))
    (call $proc_exit (i32.add (i32.const 10) (i32.load8_u (i32.const 266))))))
