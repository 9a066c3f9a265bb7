;; Loops as compilers make them: hashes, sorting, sieves, tables of labels, all sorts of accesses.
(module
  (memory (export "memory") 1 3)
  (global $seed (export "seed") (mut i64) (i64.const 88172645463325252))
  (func $random (result i64)
    (local $x i64)
    (local.set $x (global.get $seed))
    (local.set $x (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 13))))
    (local.set $x (i64.xor (local.get $x) (i64.shr_u (local.get $x) (i64.const 7))))
    (global.set $seed (local.tee $x
      (i64.xor (local.get $x) (i64.shl (local.get $x) (i64.const 17)))))
    (local.get $x))
  ;; Bubbles up 120 random numbers.
  (func (export "sort") (result i32)
    (local $i i32) (local $n i32) (local $a i32) (local $b i32) (local $swaps i32)
    (loop $fill
      (i64.store32 (i32.shl (local.get $i) (i32.const 2)) (call $random))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 120))))
    (local.set $n (i32.const 476))
    (loop $pass
      (local.set $i (i32.const 0))
      (loop $inner
        (local.set $a (i32.load (local.get $i)))
        (local.set $b (i32.load offset=4 (local.get $i)))
        (if (i32.gt_s (local.get $a) (local.get $b)) (then
          (i32.store (local.get $i) (local.get $b))
          (i32.store offset=4 (local.get $i) (local.get $a))
          (local.set $swaps (i32.add (local.get $swaps) (i32.const 1)))))
        (br_if $inner (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 4)))
          (local.get $n))))
      (br_if $pass (local.tee $n (i32.sub (local.get $n) (i32.const 4)))))
    (local.get $swaps))
  ;; Goes on from byte to byte by what is there: narrow accesses of all kinds.
  (func (export "bytes") (result i64)
    (local $i i32) (local $at i32) (local $sum i64)
    (loop $next
      (i64.store16 offset=3 (local.get $at) (call $random))
      (i32.store8 offset=1 (local.get $at) (i32.const -77))
      (local.set $sum (i64.add (i64.rotr (local.get $sum) (i64.const 11))
        (i64.load32_s offset=1 (local.get $at))))
      (local.set $sum (i64.xor (local.get $sum) (i64.load16_u offset=2 (local.get $at))))
      (local.set $sum (i64.sub (local.get $sum)
        (i64.extend_i32_s (i32.load16_s offset=5 (local.get $at)))))
      (local.set $sum (i64.mul (local.get $sum) (i64.or (i64.load8_s (local.get $at))
        (i64.const 1))))
      (local.set $at (i32.and (i32.wrap_i64 (local.get $sum)) (i32.const 0xfff)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 700))))
    (local.get $sum))
  ;; A small machine that interprets random bytes, until it divides by zero.
  (func (export "machine") (result i32)
    (local $a i32) (local $b i32)
    (local.set $b (i32.const 1000))
    (loop $next
      (block $div (block $mul (block $rot (block $count
        (br_table $count $rot $mul $count $rot $div
          (i32.and (i32.wrap_i64 (call $random)) (i32.const 7))))
        (local.set $a (i32.add (i32.popcnt (local.get $a)) (i32.clz (local.get $b))))
        (br $next))
        (local.set $a (i32.rotl (local.get $b) (local.get $a)))
        (br $next))
        (local.set $a (i32.mul (local.get $a) (i32.const 0x9e3779b1)))
        (br $next))
      (local.set $b (i32.sub (local.get $b) (i32.const 1)))
      (local.set $a (i32.xor (i32.rem_s (local.get $a) (i32.const 1000003))
        (i32.div_u (local.get $a) (local.get $b))))
      (br $next))
    unreachable)
  ;; Copies, fills and growth, up to the maximum and beyond the end.
  (func (export "bulk") (result i32)
    (memory.fill (i32.const 100) (i32.const 0xa5) (i32.const 5000))
    (memory.copy (i32.const 3000) (i32.const 50) (i32.const 4000))
    (memory.copy (i32.const 10) (i32.const 11) (i32.const 4000))
    (i32.store (i32.const 0) (memory.grow (i32.const 2)))
    (i32.store (i32.const 4) (memory.grow (i32.const 1)))
    (memory.fill (i32.const 131000) (i32.const 1) (i32.const 65608))
    (memory.copy (i32.const 0) (i32.const 131000) (i32.const 65609))
    unreachable))
