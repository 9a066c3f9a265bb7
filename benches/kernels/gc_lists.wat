;; Linked lists: allocates a list of 1,000 nodes, adds it up, drops it; `size` times. What a collector that
;; frees small objects is good for.
(module
  (type $node (struct (field $value i32) (field $next (ref null $node))))

  (func $make (param $n i32) (param $seed i32) (result (ref null $node))
    (local $list (ref null $node))
    (loop $more
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1103515245)) (i32.const 12345)))
      (local.set $list (struct.new $node (local.get $seed) (local.get $list)))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $list))

  (func $sum (param $list (ref null $node)) (result i64)
    (local $sum i64)
    (block $end
      (loop $next
        (br_if $end (ref.is_null (local.get $list)))
        (local.set $sum (i64.add (local.get $sum)
          (i64.extend_i32_s (struct.get $node $value (local.get $list)))))
        (local.set $list (struct.get $node $next (local.get $list)))
        (br $next)))
    (local.get $sum))

  (func (export "run") (param $size i32) (result i64)
    (local $total i64)
    (loop $again
      (local.set $total (i64.add
        (i64.rotl (local.get $total) (i64.const 5))
        (call $sum (call $make (i32.const 1000) (local.get $size)))))
      (br_if $again (local.tee $size (i32.sub (local.get $size) (i32.const 1)))))
    (local.get $total)))
