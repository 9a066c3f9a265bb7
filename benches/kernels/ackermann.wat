;; Ackermann's function of (3, 6), n times: deep recursion, arguments that are calls.
(module
  (func $ackermann (param $m i32) (param $n i32) (result i32)
    (if (i32.eqz (local.get $m))
      (then (return (i32.add (local.get $n) (i32.const 1)))))
    (if (i32.eqz (local.get $n))
      (then (return (call $ackermann (i32.sub (local.get $m) (i32.const 1)) (i32.const 1)))))
    (call $ackermann
      (i32.sub (local.get $m) (i32.const 1))
      (call $ackermann (local.get $m) (i32.sub (local.get $n) (i32.const 1)))))
  (func (export "run") (param $n i32) (result i64)
    (local $sum i64)
    (loop $again
      (local.set $sum
        (i64.add (local.get $sum)
          (i64.extend_i32_s (call $ackermann (i32.const 3) (i32.const 6)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
