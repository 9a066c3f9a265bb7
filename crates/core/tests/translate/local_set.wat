;; The instruction that made a value is sent to the local that is set. What comes from a call or a block is copied.
(module
  (func $f (result i32 i32) (i32.const 1) (i32.const 2))
  (func (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.add (local.get 0) (local.get 1)))
    (local.set 0 (local.get 2))
    (local.set 1 (i32.const 5))
    (i32.sub (local.tee 0 (i32.xor (local.get 0) (local.get 1))) (local.get 2)))
  (func (param i32) (result i32) (local i32 i32 i32)
    (local.set 1 (local.get 1))
    (call $f) (local.set 2) (local.set 3)
    (i32.or (local.get 2) (local.get 3)))
  ;; Divisions can trap, so they write no pinned local.
  (func (param i32 i32) (result i32)
    (local.set 0 (i32.div_s (local.get 0) (local.get 1)))
    (local.get 0)))

(;
function 0
0x000027      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x00002b      4  s2 = copy #0x1
0x00002b      6  s3 = copy #0x2
0x00002b      8  return 2 slots from s2
function 1
0x000030      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000034      4  s2 = i32.add p0(s-2) p1(s-1)
0x000039      6  p0(s-2) = copy acc
0x00003d      8  p1(s-1) = copy #0x5
0x000043     10  p0(s-2) = i32.xor p0(s-2) p1(s-1)
0x000048     12  acc = i32.sub p0(s-2) acc
0x000049     14  return acc
function 2
0x00004e      0  enter int s2 s3 f64 s0 s0 f32 s0 s0
0x000052      4  call 0
0x000054      7  p1(s3) = copy s6
0x000056      9  s4 = copy s5
0x00005c     11  acc = i32.or p1(s3) s4
0x00005d     13  return acc
function 3
0x000060      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000064      4  s2 = i32.div_s s-2 s-1
0x000065      6  p0(s-2) = copy acc
0x000069      8  return p0(s-2)
;)
