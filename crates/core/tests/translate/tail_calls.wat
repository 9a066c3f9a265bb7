;; A tail call moves its arguments to the frame of the caller. One that may reach a host function is followed by a
;; return.
(module
  (import "m" "f" (func $import (param i32) (result i32)))
  (type $t (func (param i32 i32) (result i32)))
  (table 8 funcref)
  (func $self (type $t)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $self (i32.sub (local.get 0) (i32.const 1)) (i32.add (local.get 1) (local.get 0))))
  (func (param i32) (result i32)
    (return_call $self (local.get 0) (i32.const 0)))
  (func (param i32) (result i32)
    (return_call $import (local.get 0)))
  (func (param i32) (result i32)
    (return_call_indirect (type $t) (local.get 0) (i32.const 1) (local.get 0))))

(;
function 1
0x000031      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000034      4  br if p0(s-2) != 0
0x000038      7  return p1(s-1)
0x00003e      9  s2 = i32.sub p0(s-2) #0x1
0x000043     11  s3 = i32.add p0(s-2) p1(s-1)
0x000044     13  return_call 1
function 2
0x000049      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00004d      4  s2 = copy p0(s-1)
0x00004d      6  s3 = copy #0x0
0x00004d      8  return_call 1
function 3
0x000052      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000054      4  s2 = copy p0(s-1)
0x000054      6  return_call 0
0x000054      9  return 1 slots from s2
function 4
0x000059      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00005f      4  s2 = copy p0(s-1)
0x00005f      6  s3 = copy #0x1
0x00005f      8  return_call_indirect table 0 [s-1] type 0
0x00005f     11  return 1 slots from s2
;)
