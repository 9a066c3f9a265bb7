;; CRC-32, as in zip files, of bytes that the host gives one by one.
(module
  (import "host" "byte" (func $byte (param i32) (result i32)))
  (memory 1)

  ;; What the remainders of all bytes are, at four times the byte.
  (func $table (local $i i32) (local $bit i32) (local $x i32)
    (loop $byte
      (local.set $x (local.get $i))
      (local.set $bit (i32.const 8))
      (loop $next
        (local.set $x (i32.xor
          (i32.shr_u (local.get $x) (i32.const 1))
          (i32.and (i32.const 0xedb88320) (i32.sub (i32.const 0)
            (i32.and (local.get $x) (i32.const 1))))))
        (br_if $next (local.tee $bit (i32.sub (local.get $bit) (i32.const 1)))))
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x))
      (br_if $byte (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
        (i32.const 256)))))
  (start $table)

  (func (export "run") (param $n i32) (result i32) (local $i i32) (local $crc i32)
    (local.set $crc (i32.const -1))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (local.set $crc (i32.xor
          (i32.shr_u (local.get $crc) (i32.const 8))
          (i32.load (i32.shl
            (i32.and (i32.xor (local.get $crc) (call $byte (local.get $i))) (i32.const 255))
            (i32.const 2)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $next)))
    (i32.xor (local.get $crc) (i32.const -1))))
