;; A local is written while its old value is on the operand stack: that is put into its slot before.
(module
  (func (param i32 i32) (result i32)
    (i32.sub (local.get 0) (local.tee 0 (i32.add (local.get 0) (i32.const 1)))))
  (func (param i32 i32)
    (local.get 0) (local.get 1) (local.set 0) (local.set 1))
  (func (param i32 i32 i32 i32 i32) (result i32)
    (local.get 4)
    (local.set 4 (i32.mul (local.get 4) (local.get 4)))
    (i32.sub (local.get 4)))
  ;; Blocks begin with all locals' values in their slots.
  (func (param i32 i32) (result i32)
    (local.get 0)
    (block (br_if 0 (local.get 1)) (local.set 0 (i32.const 3)))
    (i32.add (local.get 0))))

(;
function 0
0x00002b      0  enter int s-2 s0 f64 s0 s0 f32 s0 s0
0x000032      4  s2 = copy p0(s-2)
0x000032      6  p0(s-2) = i32.add p0(s-2) #0x1
0x000034      8  acc = i32.sub s2 p0(s-2)
0x000035     10  return acc
function 1
0x000038      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00003c      4  s2 = copy p0(s-2)
0x00003c      6  p0(s-2) = copy p1(s-1)
0x00003e      8  p1(s-1) = copy s2
0x000040     10  return
function 2
0x000043      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000049      4  acc = i32.mul p0(s-1) p0(s-1)
0x00004a      6  s2 = copy p0(s-1)
0x00004a      8  p0(s-1) = copy acc
0x00004e     10  acc = i32.sub s2 p0(s-1)
0x00004f     12  return acc
function 3
0x000052      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000054      4  s2 = copy p0(s-2)
0x000058      6  br if p1(s-1) != 0
0x00005c      9  p0(s-2) = copy #0x3
0x000061     11  acc = i32.add p0(s-2) s2
0x000062     13  return acc
;)
