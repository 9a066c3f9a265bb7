;; Binary trees: builds, counts and drops trees of depth 10 while one of depth 14 lives on; `size` of them.
;; A collector has to mark what lives to free what does not.
(module
  (type $tree (struct (field $left (ref null $tree)) (field $right (ref null $tree))))

  (func $make (param $depth i32) (result (ref $tree))
    (if (i32.eqz (local.get $depth))
      (then (return (struct.new_default $tree))))
    (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
    (struct.new $tree (call $make (local.get $depth)) (call $make (local.get $depth))))

  (func $count (param $tree (ref null $tree)) (result i32)
    (if (ref.is_null (local.get $tree))
      (then (return (i32.const 0))))
    (i32.add (i32.const 1) (i32.add
      (call $count (struct.get $tree $left (local.get $tree)))
      (call $count (struct.get $tree $right (local.get $tree))))))

  (func (export "run") (param $size i32) (result i64)
    (local $long (ref null $tree)) (local $total i64)
    (local.set $long (call $make (i32.const 14)))
    (loop $again
      (local.set $total (i64.add (local.get $total)
        (i64.extend_i32_u (call $count (call $make (i32.const 10))))))
      (br_if $again (local.tee $size (i32.sub (local.get $size) (i32.const 1)))))
    (i64.add (local.get $total) (i64.extend_i32_u (call $count (local.get $long))))))
