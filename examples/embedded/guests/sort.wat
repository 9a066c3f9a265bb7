;; Sorts numbers by heapsort, in ten functions: `run` makes so many, sorts them, and tells how often
;; one of them is smaller than the one before it: never.
(module
  (memory (export "memory") 1)
  (global $seed (mut i32) (i32.const 1))

  (func $random (result i32)
    (global.set $seed
      (i32.add (i32.mul (global.get $seed) (i32.const 1103515245)) (i32.const 12345)))
    (global.get $seed))

  (func $get (param $i i32) (result i32)
    (i32.load (i32.shl (local.get $i) (i32.const 2))))

  (func $set (param $i i32) (param $x i32)
    (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x)))

  (func $less (param $i i32) (param $j i32) (result i32)
    (i32.lt_u (call $get (local.get $i)) (call $get (local.get $j))))

  (func $swap (param $i i32) (param $j i32) (local $x i32)
    (local.set $x (call $get (local.get $i)))
    (call $set (local.get $i) (call $get (local.get $j)))
    (call $set (local.get $j) (local.get $x)))

  ;; Moves element $i of a heap of $n down to where it belongs.
  (func $sift (param $i i32) (param $n i32) (local $child i32)
    (block $done
      (loop $down
        (local.set $child (i32.add (i32.shl (local.get $i) (i32.const 1)) (i32.const 1)))
        (br_if $done (i32.ge_u (local.get $child) (local.get $n)))
        (if (i32.lt_u (i32.add (local.get $child) (i32.const 1)) (local.get $n))
          (then
            (if (call $less (local.get $child) (i32.add (local.get $child) (i32.const 1)))
              (then (local.set $child (i32.add (local.get $child) (i32.const 1)))))))
        (br_if $done (i32.eqz (call $less (local.get $i) (local.get $child))))
        (call $swap (local.get $i) (local.get $child))
        (local.set $i (local.get $child))
        (br $down))))

  (func $fill (param $n i32)
    (loop $next
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (call $set (local.get $n) (call $random))
      (br_if $next (local.get $n))))

  (func $sort (param $n i32) (local $i i32)
    (local.set $i (i32.shr_u (local.get $n) (i32.const 1)))
    (loop $heap
      (local.set $i (i32.sub (local.get $i) (i32.const 1)))
      (call $sift (local.get $i) (local.get $n))
      (br_if $heap (local.get $i)))
    (loop $take
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (call $swap (i32.const 0) (local.get $n))
      (call $sift (i32.const 0) (local.get $n))
      (br_if $take (i32.gt_u (local.get $n) (i32.const 1)))))

  (func $disorder (param $n i32) (result i32) (local $i i32) (local $count i32)
    (local.set $i (i32.const 1))
    (loop $next
      (local.set $count (i32.add (local.get $count)
        (call $less (local.get $i) (i32.sub (local.get $i) (i32.const 1)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
    (local.get $count))

  ;; For at least two numbers.
  (func (export "run") (param $n i32) (result i32)
    (call $fill (local.get $n))
    (call $sort (local.get $n))
    (call $disorder (local.get $n))))
