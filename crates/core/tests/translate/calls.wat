;; Arguments are put where they lie by height: there the callee's frame begins. Results come back there.
(module
  (import "m" "f" (func $import (param i32) (result f64)))
  (type $t (func (param i32 i64) (result i32)))
  (table 8 funcref)
  (func $g (type $t) (i32.div_u (local.get 0) (i32.const 3)))
  (func $two (param i32) (result i32 f32) (local.get 0) (f32.const 1))
  (func (param i32 i64) (result i32)
    (i32.add (local.get 0) (call $g (i32.add (local.get 0) (i32.const 1)) (local.get 1))))
  (func (param i32) (result i32)
    (call_indirect (type $t) (i32.const 3) (i64.const 4) (i32.and (local.get 0) (i32.const 7))))
  (func (param i32) (result f32) (local i32 f32)
    (call $two (local.get 0))
    (local.set 2)
    (local.set 1)
    (local.get 2))
  ;; Pinned floats are loaded again after a call.
  (func (param i32 f64) (result f64)
    (loop
      (local.set 1 (f64.add (local.get 1) (f64.mul (local.get 1) (local.get 1)))))
    (f64.add (call $import (local.get 0)) (local.get 1)))
  (func (param i32) (result i32 f32 i32)
    (i32.const 1) (f32.const 2) (local.get 0)))

(;
function 1
0x000051      0  enter int s-2 s0 f64 s0 s0 f32 s0 s0
0x000055      4  acc = i32.div_u p0(s-2) #0x3
0x000056      6  return acc
function 2
0x000059      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000060      4  s2 = copy p0(s-1)
0x000060      6  s3 = copy #0x3f800000
0x000060      8  return 2 slots from s2
function 3
0x000063      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000069      4  s3 = i32.add p0(s-2) #0x1
0x00006c      6  s4 = copy p1(s-1)
0x00006c      8  call 1
0x00006e     11  acc = i32.add acc p0(s-2)
0x00006f     13  return acc
function 4
0x000072      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00007a      4  acc = i32.and p0(s-1) #0x7
0x00007b      6  s2 = copy #0x3
0x00007b      8  s3 = copy #0x4
0x00007b     11  call_indirect table 0 [acc] type 0
0x00007e     14  return acc
function 5
0x000085      0  enter int s-1 s2 f64 s0 s0 f32 s3 s0
0x000087      4  s4 = copy p0(s-1)
0x000087      6  call 2
0x000087      9  reload
0x000089     11  p0(s3) = copy s5
0x00008b     13  p1(s2) = copy s4
0x00008f     15  return p0(s3)
function 6
0x000092      0  enter int s-2 s0 f64 s-1 s0 f32 s0 s0
0x000092      4  loop
0x00009a      6  acc = f64.mul p0(s-1) p0(s-1)
0x00009b      8  p0(s-1) = f64.add acc p0(s-1)
0x0000a1     10  s2 = copy p0(s-2)
0x0000a1     12  call 0
0x0000a1     15  reload
0x0000a5     17  acc = f64.add acc p0(s-1)
0x0000a6     19  return acc
function 7
0x0000a9      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x0000b2      4  s2 = copy #0x1
0x0000b2      6  s3 = copy #0x40000000
0x0000b2      8  s4 = copy p0(s-1)
0x0000b2     10  return 3 slots from s2
;)
