;; Waits for an hour; then it exits with 10 more than the kind of event that came.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  ;; Clock 1, 3.6e12 ns.
  (data (i32.const 16) "\01")
  (data (i32.const 24) "\00\a0\b8\30\46\03\00\00")
  (func (export "_start")
    (if (call $poll_oneoff (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 512))
      (then (loop (br 0))))
    (call $proc_exit (i32.add (i32.const 10) (i32.load8_u (i32.const 266))))))
