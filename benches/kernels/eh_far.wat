;; Exceptions that pass 40 frames, half of which catch and throw them again by reference; `size` throws.
(module
  (tag $far (param i64))

  (func $down (param $depth i32) (param $value i64) (result i64)
    (local $exn exnref)
    (if (i32.eqz (local.get $depth))
      (then (throw $far (local.get $value))))
    (if (i32.and (local.get $depth) (i32.const 1))
      (then (return (i64.add (i64.const 1)
        (call $down (i32.sub (local.get $depth) (i32.const 1)) (local.get $value))))))
    (block $again (result exnref)
      (return (try_table (result i64) (catch_all_ref $again)
        (call $down (i32.sub (local.get $depth) (i32.const 1)) (local.get $value)))))
    (throw_ref))

  (func (export "run") (param $size i32) (result i64)
    (local $total i64)
    (loop $again
      (local.set $total (i64.add (i64.rotl (local.get $total) (i64.const 1))
        (block $caught (result i64)
          (try_table (result i64) (catch $far $caught)
            (call $down (i32.const 40) (i64.extend_i32_u (local.get $size)))))))
      (br_if $again (local.tee $size (i32.sub (local.get $size) (i32.const 1)))))
    (local.get $total)))
