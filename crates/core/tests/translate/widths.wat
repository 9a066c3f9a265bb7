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
0x0000ae      0  enter int s-2 s0 f64 s0 s0 f32 s0 s0
0x0000b0      4  return p0(s-2)
function 1
0x0000b3      0  enter int s-2 s0 f64 s0 s0 f32 s0 s0
0x0000bd      4  acc = i32.load [wrap s-2 + 0x8]
0x0000c0      6  return acc
function 2
0x0000c3      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x0000c8      4  i64.store [p0(s-2) + 0x8] = p1(s-1)
0x0000cf      6  acc = i64.shr_u s-2 #0x3
0x0000d1      9  acc = i64.load [acc + 0x0]
0x0000d4     11  return acc
function 3
0x0000d7      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x0000dc      4  acc = i32.add p0(s-2) p1(s-1)
0x0000dd      6  return acc
function 4
0x0000e0      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x0000e3      4  br if p0(s-1) == 0
0x0000e7      7  return #0x7
0x0000ed      9  acc = i64.shr_u s-1 #0x20
0x0000ef     12  acc = i32.eqz acc
0x0000f0     14  return acc
function 5
0x0000f3      0  enter int s-1 s-2 f64 s0 s0 f32 s0 s0
0x0000f7      4  acc = i32.add p0(s-1) p1(s-2)
0x0000fb      6  acc = i64.shl acc #0x20
0x0000ff      9  acc = i64.or acc s-1
0x000100     11  return acc
function 6
0x000103      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000105      4  acc = i64.extend_i32_s p0(s-1)
0x000106      6  return acc
function 7
0x00010b      0  enter int s2 s-1 f64 s0 s0 f32 s0 s0
0x00010d      4  acc = i32.wrap_i64 p1(s-1)
0x00010e      6  p0(s2) = copy acc
0x000116      8  s3.. = s2 s2 s2
0x000116     10  call 0
0x000118     13  return acc
function 8
0x00011b      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000120      4  s2 = i32.div_u p0(s-1) #0x0
0x000121      6  return acc
function 9
0x000124      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00012a      4  s2 = copy #0x1
0x00012a      6  s3.. = s-1 s-2
0x00012a      8  call 0
0x00012c     11  return acc
function 10
0x00012f      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000135      4  s2 = copy p1(s-1)
0x000135      6  s3 = copy #0x1
0x000135      8  s4 = copy p0(s-2)
0x000135     10  call 0
0x000137     13  return acc
function 11
0x00013a      0  enter int s-3 s-2 f64 s0 s0 f32 s0 s0
0x000140      4  s2.. = s-1 s-3 s-2
0x000140      6  memory.copy 0 0 from s2
0x000144      9  return
;)
