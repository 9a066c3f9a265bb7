;; Allocates, links and drops objects: each function returns what only comes out right if nothing that is
;; reachable was taken for garbage. Run with a heap that is far smaller than what is allocated.
(module
  (type $node (struct (field $value i32) (field $next (mut (ref null $node)))))
  (type $tree (struct (field (ref null $tree)) (field (ref null $tree))))
  (type $ring (struct (field $left (mut (ref null $ring))) (field $right (mut (ref null $ring))) (field i64)))
  (type $refs (array (mut anyref)))
  (type $bytes (array (mut i8)))
  (type $leaf (sub (struct (field $id i64))))
  (type $wide (sub $leaf (struct (field $id i64) (field f32) (field v128) (field i8) (field f64))))

  (import "host" "again" (func $again (param i32) (result i32)))

  (global $kept (mut (ref null $node)) (ref.null $node))
  ;; A list of n nodes with the values n-1 to 0.
  (func $list (param $n i32) (result (ref null $node))
    (local $head (ref null $node)) (local $i i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $i) (local.get $n)))
        (local.set $head (struct.new $node (local.get $i) (local.get $head)))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (local.get $head))

  (func $sum (param $list (ref null $node)) (result i64)
    (local $sum i64)
    (block $done
      (loop $next
        (br_if $done (ref.is_null (local.get $list)))
        (local.set $sum (i64.add (local.get $sum)
          (i64.extend_i32_u (struct.get $node $value (local.get $list)))))
        (local.set $list (struct.get $node $next (local.get $list)))
        (br $next)))
    (local.get $sum))

  ;; Makes and drops `rounds` lists of n nodes, while one is kept; the sum of all sums, the kept one's too.
  (func (export "lists") (param $rounds i32) (param $n i32) (result i64)
    (local $kept (ref null $node)) (local $sum i64)
    (local.set $kept (call $list (local.get $n)))
    (global.set $kept (call $list (local.get $n)))
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (call $sum (call $list (local.get $n)))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i64.add (local.get $sum)
      (i64.add (call $sum (local.get $kept)) (call $sum (global.get $kept)))))

  (func $tree (param $depth i32) (result (ref $tree))
    (if (result (ref $tree)) (i32.eqz (local.get $depth))
      (then (struct.new_default $tree))
      (else (struct.new $tree
        (call $tree (i32.sub (local.get $depth) (i32.const 1)))
        (call $tree (i32.sub (local.get $depth) (i32.const 1)))))))

  (func $count (param $tree (ref null $tree)) (result i32)
    (if (result i32) (ref.is_null (local.get $tree))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (i32.add
        (call $count (struct.get $tree 0 (local.get $tree)))
        (call $count (struct.get $tree 1 (local.get $tree))))))))

  ;; Nodes of `rounds` trees of this depth.
  (func (export "trees") (param $rounds i32) (param $depth i32) (result i32)
    (local $count i32)
    (loop $again
      (local.set $count (i32.add (local.get $count) (call $count (call $tree (local.get $depth)))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $count))

  ;; Makes and drops rings of three that refer to each other and to themselves.
  (func (export "rings") (param $rounds i32) (result i64)
    (local $a (ref null $ring)) (local $b (ref null $ring)) (local $c (ref null $ring)) (local $sum i64)
    (loop $again
      (local.set $a (struct.new $ring (ref.null $ring) (ref.null $ring) (i64.const 1)))
      (local.set $b (struct.new $ring (local.get $a) (ref.null $ring) (i64.const 2)))
      (local.set $c (struct.new $ring (local.get $b) (local.get $a) (i64.const 3)))
      (struct.set $ring $left (local.get $a) (local.get $c))
      (struct.set $ring $right (local.get $a) (local.get $a))
      (struct.set $ring $right (local.get $b) (local.get $c))
      (local.set $sum (i64.add (local.get $sum)
        (struct.get $ring 2 (struct.get $ring $right (struct.get $ring $left (struct.get $ring $left (local.get $a)))))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))

  (func $random (param $x i32) (result i32)
    (local.set $x (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 13))))
    (local.set $x (i32.xor (local.get $x) (i32.shr_u (local.get $x) (i32.const 17))))
    (i32.xor (local.get $x) (i32.shl (local.get $x) (i32.const 5))))

  ;; An array whose elements are replaced at random by objects of several types, each of which knows its place:
  ;; the number of elements that are what they should be, over all rounds.
  (func (export "arrays") (param $rounds i32) (result i32)
    (local $array (ref $refs)) (local $seed i32) (local $at i32) (local $good i32)
    (local.set $array (array.new_default $refs (i32.const 64)))
    (local.set $seed (i32.const 12345))
    (loop $again
      (local.set $seed (call $random (local.get $seed)))
      (local.set $at (i32.and (i32.shr_u (local.get $seed) (i32.const 8)) (i32.const 63)))
      (array.set $refs (local.get $array) (local.get $at)
        (call $make (i32.and (local.get $seed) (i32.const 3)) (local.get $at)))
      (local.set $seed (call $random (local.get $seed)))
      (local.set $at (i32.and (i32.shr_u (local.get $seed) (i32.const 8)) (i32.const 63)))
      (local.set $good (i32.add (local.get $good)
        (call $is_good (array.get $refs (local.get $array) (local.get $at)) (local.get $at))))
      (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $good))

  (func $make (param $kind i32) (param $id i32) (result anyref)
    (block $wide (block $bytes (block $number
      (br_table $number $bytes $wide (local.get $kind)))
      ;; number
      (return (ref.i31 (local.get $id))))
      ;; bytes
      (return (array.new $bytes (local.get $id) (i32.add (i32.const 1) (i32.mul (local.get $id) (i32.const 3))))))
    (struct.new $wide (i64.extend_i32_u (local.get $id)) (f32.const 1.5)
      (i64x2.splat (i64.extend_i32_u (local.get $id))) (local.get $id) (f64.const 2.5)))

  (func $is_good (param $value anyref) (param $id i32) (result i32)
    (if (result i32) (ref.test (ref i31) (local.get $value))
      (then (i32.eq (i31.get_u (ref.cast (ref i31) (local.get $value))) (local.get $id)))
      (else (if (result i32) (ref.test (ref $bytes) (local.get $value))
        (then (i32.and
          (i32.eq (array.len (ref.cast arrayref (local.get $value)))
            (i32.add (i32.const 1) (i32.mul (local.get $id) (i32.const 3))))
          (i32.eq (local.get $id) (array.get_u $bytes (ref.cast (ref $bytes) (local.get $value))
            (i32.mul (local.get $id) (i32.const 3))))))
        (else (if (result i32) (ref.test (ref $leaf) (local.get $value))
          (then (i32.and
            (i64.eq (struct.get $leaf $id (ref.cast (ref $leaf) (local.get $value)))
              (i64.extend_i32_u (local.get $id)))
            (i32.and
              (i32.eq (struct.get_u $wide 3 (ref.cast (ref $wide) (local.get $value))) (local.get $id))
              (i64.eq (i64x2.extract_lane 1 (struct.get $wide 2 (ref.cast (ref $wide) (local.get $value))))
                (i64.extend_i32_u (local.get $id))))))
          (else (ref.is_null (local.get $value)))))))))

  ;; Holds references as locals, as operands and in a table, while the host is called, which may come back here.
  ;; How many of them are what they were.
  (func (export "deep") (param $n i32) (result i32)
    (local $mine (ref null $leaf)) (local $a (ref null $leaf)) (local $b i31ref) (local $c (ref null $bytes))
    (local $result i32)
    (local.set $mine (struct.new $leaf (i64.extend_i32_s (local.get $n))))
    (struct.new $leaf (i64.extend_i32_s (i32.add (local.get $n) (i32.const 1000))))
    (ref.i31 (local.get $n))
    (array.new $bytes (local.get $n) (i32.const 100))
    (call $again (local.get $n))
    (local.set $result)
    (drop (call $list (i32.const 500)))
    (local.set $c) (local.set $b) (local.set $a)
    (local.get $result)
    (i32.add (i64.eq (struct.get $leaf $id (local.get $mine)) (i64.extend_i32_s (local.get $n))))
    (i32.add (i64.eq (struct.get $leaf $id (local.get $a))
      (i64.extend_i32_s (i32.add (local.get $n) (i32.const 1000)))))
    (i32.add (i32.eq (i31.get_u (local.get $b)) (local.get $n)))
    (i32.add (i32.eq (array.get_u $bytes (local.get $c) (i32.const 99)) (i32.and (local.get $n) (i32.const 255)))))

  ;; Keeps all that it makes: the heap gets full.
  (func (export "hoard") (drop (call $list (i32.const 0x7fff_ffff))))

  ;; An array that is larger than any heap.
  (func (export "huge") (drop (array.new_default $refs (i32.const -1))))
)
