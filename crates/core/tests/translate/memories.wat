;; Memories other than the first, and those with 64-bit addresses, have loads and stores of their own.
(module
  (memory 1) (memory $n 1) (memory $w i64 1)
  (func (param i32 i32) (result i32)
    (i32.add (i32.load offset=4 (local.get 0)) (i32.load $n offset=4 (i32.add (local.get 0) (local.get 1)))))
  (func (param i64 f32)
    (f32.store $w offset=0x100000000 (local.get 0) (f32.load $w (i64.const 8)))
    (i64.store8 $n (i32.wrap_i64 (local.get 0)) (i64.const 3)))
  (func (param i32) (result i64)
    (memory.copy $n 0 (local.get 0) (i32.const 1) (i32.const 2))
    (memory.fill (i32.const 1) (i32.const 0) (local.get 0))
    (i64.add (memory.size $w) (memory.grow $w (i64.const 1)))))

(;
function 0
0x00002f      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000031      4  s2 = i32.load [p0(s-2) + 0x4]
0x000038      6  s3 = i32.add p0(s-2) p1(s-1)
0x000039      8  s3 = i32.load memory 1 [s3 + 0x4]
0x00003d     11  acc = i32.add acc s2
0x00003e     13  return acc
function 1
0x000041      0  enter int s-2 s0 f64 s0 s0 f32 s0 s0
0x000045      4  s3 = copy #0x8
0x000045      7  s3 = f32.load memory 2 [s3 + 0x0]
0x000049     10  f32.store memory 2 [s-2 + 0x100000000] = s3
0x000053     13  s2 = i32.wrap_i64 p0(s-2)
0x000056     15  s3 = copy #0x3
0x000056     18  i64.store8 memory 1 [s2 + 0x0] = s3
0x00005a     21  return
function 2
0x00005d      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000063      4  s2 = copy p0(s-1)
0x000063      6  s3 = copy #0x1
0x000063      8  s4 = copy #0x2
0x000063     10  memory.copy 1 0 from s2
0x00006d     13  s2 = copy #0x1
0x00006d     15  s3 = copy #0x0
0x00006d     17  s4 = copy p0(s-1)
0x00006d     19  memory.fill 0 0 from s2
0x000070     22  memory.size 2 0 from s2
0x000074     25  s3 = copy #0x1
0x000074     28  memory.grow 2 0 from s3
0x000076     31  acc = i64.add s2 s3
0x000077     33  return acc
;)
