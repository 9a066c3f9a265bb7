;; Locals and constants emit nothing: they become operands. Constants are folded, unless they would trap.
(module
  (func (param i32 i32 i32) (result i32)
    (i32.add (i32.mul (local.get 0) (local.get 1)) (i32.sub (local.get 2) (i32.const 7))))
  (func (result i32)
    (i32.mul (i32.add (i32.const 2) (i32.const 3)) (i32.const 4)))
  (func (result i32)
    (i32.div_u (i32.const 2) (i32.const 0)))
  (func (param i64) (result i64)
    (i64.add (i64.const 0x123456789a) (i64.shl (local.get 0) (i64.const 3))))
  (func (param f32 f64) (result f64)
    (f64.add (f64.promote_f32 (f32.mul (local.get 0) (f32.const 0.5))) (f64.sub (f64.const 1) (local.get 1))))
  (func (result i64)
    (i64.extend_i32_s (i32.wrap_i64 (i64.const -1)))))

(;
function 0
0x000033      0  enter int s-3 s-2 f64 s0 s0 f32 s0 s0
0x000037      4  s2 = i32.mul p0(s-3) p1(s-2)
0x00003c      6  acc = i32.sub s-1 #0x7
0x00003d      8  acc = i32.add acc s2
0x00003e     10  return acc
function 1
0x000041      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x000049      4  return #0x14
function 2
0x00004c      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x000050      4  s2 = copy #0x2
0x000050      6  acc = i32.div_u s2 #0x0
0x000051      8  return acc
function 3
0x000054      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00005f      4  acc = i64.shl p0(s-1) #0x3
0x000060      7  acc = i64.add acc #0x123456789a
0x000061     10  return acc
function 4
0x000064      0  enter int s0 s0 f64 s-1 s0 f32 s-2 s0
0x00006b      4  acc = f32.mul p0(s-2) #0x3f000000
0x00006c      6  s2 = f64.promote_f32 acc
0x000078      8  acc = f64.sub #0x3ff0000000000000 p0(s-1)
0x000079     11  acc = f64.add acc s2
0x00007a     13  return acc
function 5
0x00007d      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x000081      4  return #0xffffffffffffffff
;)
