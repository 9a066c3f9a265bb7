;; Integers that are made narrower, or wider by zeros, and read where they lie; arguments that are
;; values of locals.
(module
  (memory 1)
  (func $three (param i32 i32 i32) (result i32) (local i32) (local.get 1))
  (func (export "narrow") (param i64 i32) (result i32)
    (i32.load (i32.wrap_i64 (i64.add (local.get 0) (i64.const 0x100000008)))))
  (func (export "address") (param i64 i64) (result i64)
    (i64.store offset=8 (i32.wrap_i64 (local.get 0)) (local.get 1))
    (i64.load (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 3)))))
  (func (export "add") (param i64 i32) (result i32)
    (i32.add (local.get 1) (i32.wrap_i64 (local.get 0))))
  (func (export "test") (param i64) (result i32)
    (if (i32.wrap_i64 (local.get 0)) (then (return (i32.const 7))))
    (i32.eqz (i32.wrap_i64 (i64.shr_u (local.get 0) (i64.const 32)))))
  (func (export "wide") (param i32 i32) (result i64)
    (i64.or
      (i64.shl (i64.extend_i32_u (i32.add (local.get 0) (local.get 1))) (i64.const 32))
      (i64.extend_i32_u (local.get 1))))
  (func (export "signed") (param i32) (result i64) (i64.extend_i32_s (local.get 0)))
  (func (export "lower") (param i64) (result i64)
    (i64.add (i64.extend_i32_u (i32.wrap_i64 (local.get 0))) (i64.const 1)))
  (func (export "count") (param i32)
    (loop
      (local.set 0
        (i32.wrap_i64 (i64.add (i64.extend_i32_u (local.get 0)) (i64.const -1))))
      (br_if 0 (local.get 0))))
  (func (export "kept") (param i64) (result i32) (local i32)
    (local.set 1 (i32.wrap_i64 (local.get 0)))
    (call $three (local.get 1) (local.get 1) (local.get 1)))
  (func (export "divide") (param i64) (result i32)
    (i32.div_u (i32.wrap_i64 (local.get 0)) (i32.const 0)))
  (func (export "two") (param i32 i32) (result i32)
    (call $three (i32.const 1) (local.get 1) (local.get 0)))
  (func (export "apart") (param i32 i32) (result i32)
    (call $three (local.get 1) (i32.const 1) (local.get 0)))
  (func (export "copy") (param i32 i32 i32)
    (memory.copy (local.get 2) (local.get 0) (local.get 1))))

(;
function 0
0x0000c9      0  enter int s-2 s0 f64 s0 s0 f32 s0 s0
0x0000cb      4  return p0(s-2)
function 1
0x0000ce      0  enter int s-2 s0 f64 s0 s0 f32 s0 s0
0x0000d8      4  acc = i32.load [wrap p0(s-2) + 0x8]
0x0000db      6  return acc
function 2
0x0000de      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x0000e3      4  i64.store [p0(s-2) + 0x8] = p1(s-1)
0x0000ea      6  acc = i64.shr_u p0(s-2) #0x3
0x0000ec      9  acc = i64.load [acc + 0x0]
0x0000ef     11  return acc
function 3
0x0000f2      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x0000f7      4  acc = i32.add p0(s-2) p1(s-1)
0x0000f8      6  return acc
function 4
0x0000fb      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x0000fe      4  br if p0(s-1) == 0
0x000102      7  return #0x7
0x000108      9  acc = i64.shr_u p0(s-1) #0x20
0x00010a     12  acc = i32.eqz acc
0x00010b     14  return acc
function 5
0x00010e      0  enter int s-1 s-2 f64 s0 s0 f32 s0 s0
0x000112      4  acc = i32.add p0(s-1) p1(s-2)
0x000116      6  acc = i64.shl acc #0x20
0x00011a      9  s2 = i64.or acc p0(s-1)
0x00011b     11  return acc
function 6
0x00011e      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000120      4  acc = i64.extend_i32_s p0(s-1)
0x000121      6  return acc
function 7
0x000124      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000126      4  s2 = i32.wrap_i64 p0(s-1)
0x00012a      6  acc = i64.add acc #0x1
0x00012b      9  return acc
function 8
0x00012e      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00012e      4  loop
0x00013b      6  latch p0(s-1) += 0xffffffff; br if != 0
0x00013e     10  return
function 9
0x000143      0  enter int s2 s-1 f64 s0 s0 f32 s0 s0
0x000145      4  p0(s2) = i32.wrap_i64 p1(s-1)
0x00014e      6  s3.. = s2 s2 s2
0x00014e      8  call 0
0x000150     11  return acc
function 10
0x000153      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000158      4  acc = i32.div_u p0(s-1) #0x0
0x000159      6  return acc
function 11
0x00015c      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000162      4  s2 = copy #0x1
0x000162      6  s3.. = s-1 s-2
0x000162      8  call 0
0x000164     11  return acc
function 12
0x000167      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00016d      4  s2 = copy p1(s-1)
0x00016d      6  s3 = copy #0x1
0x00016d      8  s4 = copy p0(s-2)
0x00016d     10  call 0
0x00016f     13  return acc
function 13
0x000172      0  enter int s-3 s-2 f64 s0 s0 f32 s0 s0
0x000178      4  s2.. = s-1 s-3 s-2
0x000178      6  memory.copy 0 0 from s2
0x00017c      9  return
;)
