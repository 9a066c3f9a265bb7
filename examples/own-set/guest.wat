;; Counts primes below a number by a sieve, and mixes the longest of Collatz's sequences into it.
(module
  (memory 16)

  (func $primes (param $end i32) (result i32)
    (local $n i32) (local $multiple i32) (local $count i32)
    (memory.fill (i32.const 0) (i32.const 0) (local.get $end))
    (local.set $n (i32.const 2))
    (loop $next
      (if (i32.eqz (i32.load8_u (local.get $n)))
        (then
          (local.set $count (i32.add (local.get $count) (i32.const 1)))
          (local.set $multiple (i32.shl (local.get $n) (i32.const 1)))
          (block $done
            (loop $mark
              (br_if $done (i32.ge_u (local.get $multiple) (local.get $end)))
              (i32.store8 (local.get $multiple) (i32.const 1))
              (local.set $multiple (i32.add (local.get $multiple) (local.get $n)))
              (br $mark)))))
      (br_if $next
        (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (local.get $end))))
    (local.get $count))

  (func $collatz (param $end i32) (result i32)
    (local $start i32) (local $n i64) (local $steps i32) (local $longest i32)
    (loop $next
      (local.set $start (i32.add (local.get $start) (i32.const 1)))
      (local.set $n (i64.extend_i32_u (local.get $start)))
      (local.set $steps (i32.const 0))
      (block $done
        (loop $step
          (br_if $done (i64.le_u (local.get $n) (i64.const 1)))
          (local.set $n
            (select
              (i64.add (i64.mul (local.get $n) (i64.const 3)) (i64.const 1))
              (i64.shr_u (local.get $n) (i64.const 1))
              (i32.wrap_i64 (i64.and (local.get $n) (i64.const 1)))))
          (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
          (br $step)))
      (local.set $longest
        (select (local.get $steps) (local.get $longest)
          (i32.gt_u (local.get $steps) (local.get $longest))))
      (br_if $next (i32.lt_u (local.get $start) (local.get $end))))
    (local.get $longest))

  (func (export "run") (param $end i32) (result i32)
    (i32.add
      (i32.mul (call $primes (local.get $end)) (i32.const 1000))
      (call $collatz (i32.div_u (local.get $end) (i32.const 10))))))
