;; What a small function computes is computed where it is called, on the caller's operands: nothing is copied for it,
;; and its constants are folded. What can trap, has locals or calls is called.
(module
  (func $rotate (param i64 i32) (result i64)
    (i64.rotr (local.get 0) (i64.extend_i32_u (local.get 1))))
  (func $swapped (param i64 i64) (result i64) (i64.sub (local.get 1) (local.get 0)))
  (func $second (param i64 i64) (result i64) (local.get 1))
  (func $divided (param i64 i64) (result i64) (i64.div_u (local.get 0) (local.get 1)))
  (func $tee (param i64) (result i64) (i64.add (local.tee 0 (i64.const 1)) (local.get 0)))
  (func (param i64 i64) (result i64)
    (call $rotate (i64.xor (local.get 0) (local.get 1)) (i32.const 24)))
  (func (param i64 i64) (result i64)
    (local.set 0 (call $swapped (local.get 0) (i64.mul (local.get 0) (local.get 1))))
    (call $second (local.get 0) (i64.xor (local.get 0) (local.get 1))))
  (func (param i64 i64) (result i64)
    (call $tee (call $divided (local.get 0) (call $second (local.get 0) (local.get 1))))))

(;
function 0
0x00002c      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000031      4  s2 = i64.rotr s-2 s-1
0x000032      6  return acc
function 1
0x000035      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000039      4  s2 = i64.sub s-1 p0(s-2)
0x00003a      6  return acc
function 2
0x00003d      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00003f      4  return p0(s-1)
function 3
0x000042      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000046      4  s2 = i64.div_u s-2 s-1
0x000047      6  return acc
function 4
0x00004a      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00004c      4  p0(s-1) = copy #0x1
0x000050      7  acc = i64.add p0(s-1) #0x1
0x000051     10  return acc
function 5
0x000054      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000058      4  s2 = i64.xor p0(s-2) p1(s-1)
0x00005b      6  s2 = i64.rotr s2 #0x18
0x00005d      9  return acc
function 6
0x000060      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000066      4  s3 = i64.mul p0(s-2) p1(s-1)
0x000067      6  acc = i64.sub acc p0(s-2)
0x000069      8  p0(s-2) = copy acc
0x000071     10  s3 = i64.xor p0(s-2) p1(s-1)
0x000072     12  s2 = copy acc
0x000074     14  return s2
function 7
0x000077      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00007f      4  s2.. = s-2 s-1
0x00007f      6  call 3
0x000081      9  call 4
0x000083     12  return acc
;)
