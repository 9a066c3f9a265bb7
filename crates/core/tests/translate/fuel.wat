;; metering: fuel
;; Each region is paid for as a whole: the function, a loop's body each time round, each arm of an `if`, and what
;; only a branch leads to.
(module
  (func (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (local.get 0) (i32.const 1)))
      (else (i32.const 2))))
  (func (param i32)
    (loop
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func $g (param i32)
    (loop
      (call $g (local.get 0))
      (br_if 0 (local.get 0))))
  (func (param i32)
    (block (br 0))
    (block (br_if 0 (local.get 0)) (local.set 0 (i32.const 1)))
    (loop $l
      (block $b (br_table $b $l (local.get 0))))))

(;
function 0
0x000020      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000022      4  br if p0(s-1) == 0
0x000022      7  charge
0x000028      9  acc = i32.add p0(s-1) #0x1
0x000029     11  return acc
0x000029     13  charge
0x00002d     15  return #0x2
function 1
0x000030      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000030      4  loop
0x000036      6  p0(s-1) = i32.sub p0(s-1) #0x1
0x000039      8  br if p0(s-1) != 0
0x00003c     11  return
function 2
0x00003f      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00003f      4  loop
0x000043      6  s2 = copy p0(s-1)
0x000043      8  call 2
0x000047     11  br if p0(s-1) != 0
0x00004a     14  return
function 3
0x00004d      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00004f      4  br
0x000051      6  charge
0x000056      8  br if p0(s-1) != 0
0x00005a     11  p0(s-1) = copy #0x1
0x00005d     13  loop
0x000063     15  br_table p0(s-1)
0x000063     19  br
0x000067     21  charge
0x000069     23  return
;)
