;; Exceptions thrown by a callee and caught by its caller, every third time; `size` calls.
(module
  (tag $odd (param i32))

  (func $check (param $n i32) (result i32)
    (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 3)))
      (then (throw $odd (local.get $n))))
    (i32.mul (local.get $n) (i32.const 7)))

  (func (export "run") (param $size i32) (result i64)
    (local $total i64)
    (loop $again
      (local.set $total (i64.add (i64.rotl (local.get $total) (i64.const 1))
        (i64.extend_i32_u
          (block $caught (result i32)
            (try_table (result i32) (catch $odd $caught)
              (call $check (local.get $size)))))))
      (br_if $again (local.tee $size (i32.sub (local.get $size) (i32.const 1)))))
    (local.get $total)))
