;; Calls an imported function, n times: the way from the guest to the host and back.
(module
  (import "host" "step" (func $step (param i32) (result i32)))
  (func (export "run") (param $n i32) (result i64)
    (local $x i32)
    (loop $again
      (local.set $x (call $step (local.get $x)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.extend_i32_s (local.get $x))))
