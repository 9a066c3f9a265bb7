;; Globals are read and written in place; tables by the driver.
(module
  (global $i (mut i32) (i32.const 1)) (global $f (mut f64) (f64.const 0)) (global $l (mut i64) (i64.const 0))
  (table 1 funcref)
  (func (result i32)
    (global.set $i (i32.add (global.get $i) (i32.const 1)))
    (global.set $f (f64.const 2.5))
    (global.set $l (i64.const 0x1234567890))
    (global.get $i))
  (func (param i32) (result i32)
    (table.set (local.get 0) (ref.null func))
    (ref.is_null (table.get (local.get 0)))))

(;
function 0
0x00003d      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x00003d      4  acc = global 0
0x000041      6  acc = i32.add acc #0x1
0x000042      8  global 0 = acc
0x00004d     11  global 1 = #0x4004000000000000
0x000056     15  global 2 = #0x1234567890
0x000058     19  acc = global 0
0x00005a     21  return acc
function 1
0x00005d      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000061      4  s3 = copy #0x0
0x000061      7  table 0 [s-1] = s3
0x000065      9  acc = table 0 [s-1]
0x000067     11  acc = i64.eqz acc
0x000068     13  return acc
;)
