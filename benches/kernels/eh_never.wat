;; Exceptions that could be thrown and are not: what `try_table` costs then; `size` rounds.
(module
  (tag $never (param i32))

  (func $step (param $n i32) (result i32)
    (if (i32.eq (local.get $n) (i32.const 0x7fffffff))
      (then (throw $never (local.get $n))))
    (i32.xor (i32.mul (local.get $n) (i32.const 31)) (i32.const 17)))

  (func (export "run") (param $size i32) (result i64)
    (local $total i64)
    (loop $again
      (local.set $total (i64.add (i64.rotl (local.get $total) (i64.const 1))
        (i64.extend_i32_u
          (block $caught (result i32)
            (try_table (result i32) (catch $never $caught)
              (i32.add (call $step (local.get $size)) (call $step (i32.add (local.get $size) (i32.const 1)))))))))
      (br_if $again (local.tee $size (i32.sub (local.get $size) (i32.const 1)))))
    (local.get $total)))
