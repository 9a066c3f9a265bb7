;; Arrays: sorts 256 numbers in an array by insertion, and builds a histogram of their bytes in a packed one;
;; `size` times, with new arrays each time.
(module
  (type $numbers (array (mut i32)))
  (type $bytes (array (mut i8)))

  (func $fill (param $seed i32) (result (ref $numbers))
    (local $numbers (ref $numbers)) (local $i i32)
    (local.set $numbers (array.new_default $numbers (i32.const 256)))
    (loop $next
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (array.set $numbers (local.get $numbers) (local.get $i) (i32.shr_u (local.get $seed) (i32.const 8)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
    (local.get $numbers))

  (func $sort (param $numbers (ref $numbers))
    (local $i i32) (local $j i32) (local $value i32) (local $other i32)
    (local.set $i (i32.const 1))
    (loop $outer
      (local.set $value (array.get $numbers (local.get $numbers) (local.get $i)))
      (local.set $j (local.get $i))
      (block $placed
        (loop $inner
          (br_if $placed (i32.eqz (local.get $j)))
          (local.set $other
            (array.get $numbers (local.get $numbers) (i32.sub (local.get $j) (i32.const 1))))
          (br_if $placed (i32.le_u (local.get $other) (local.get $value)))
          (array.set $numbers (local.get $numbers) (local.get $j) (local.get $other))
          (local.set $j (i32.sub (local.get $j) (i32.const 1)))
          (br $inner)))
      (array.set $numbers (local.get $numbers) (local.get $j) (local.get $value))
      (br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                              (array.len (local.get $numbers))))))

  (func $histogram (param $numbers (ref $numbers)) (result i64)
    (local $bytes (ref $bytes)) (local $i i32) (local $at i32) (local $sum i64)
    (local.set $bytes (array.new $bytes (i32.const 1) (i32.const 256)))
    (loop $count
      (local.set $at
        (i32.and (array.get $numbers (local.get $numbers) (local.get $i)) (i32.const 255)))
      (array.set $bytes (local.get $bytes) (local.get $at)
        (i32.add (array.get_u $bytes (local.get $bytes) (local.get $at)) (i32.const 1)))
      (br_if $count (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                              (array.len (local.get $numbers)))))
    (local.set $i (i32.const 0))
    (loop $add
      (local.set $sum (i64.add
        (i64.mul (local.get $sum) (i64.const 31))
        (i64.extend_i32_s (array.get_s $bytes (local.get $bytes) (local.get $i)))))
      (br_if $add (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 256))))
    (i64.add (local.get $sum)
      (i64.extend_i32_u (array.get $numbers (local.get $numbers) (i32.const 128)))))

  (func (export "run") (param $size i32) (result i64)
    (local $total i64) (local $numbers (ref null $numbers))
    (loop $again
      (local.set $numbers (call $fill (local.get $size)))
      (call $sort (ref.as_non_null (local.get $numbers)))
      (local.set $total (i64.add (i64.rotl (local.get $total) (i64.const 3))
        (call $histogram (ref.as_non_null (local.get $numbers)))))
      (br_if $again (local.tee $size (i32.sub (local.get $size) (i32.const 1)))))
    (local.get $total)))
