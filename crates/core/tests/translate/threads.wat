;; Shared memories have loads and stores of their own; operands of atomic instructions are in slots.
(module
  (memory 1 1 shared) (memory $own 1) (memory $w i64 1 1 shared)
  (func (param i32 i32) (result i32)
    (i32.store offset=4 (local.get 0) (i32.load (i32.add (local.get 0) (local.get 1))))
    (i32.store $own (local.get 0) (local.get 1))
    (i32.atomic.rmw.add (local.get 0) (i32.const 1)))
  (func (param i64 i64) (result i64)
    (i64.atomic.store $w offset=8 (local.get 0) (i64.atomic.load16_u $own (i32.const 2)))
    (atomic.fence)
    (i64.add (local.get 1)
      (i64.atomic.rmw32.cmpxchg_u $w (local.get 0) (local.get 1) (i64.const 3))))
  (func (param i32 i64) (result i32)
    (if (i32.eqz (memory.atomic.wait64 offset=16 (local.get 0) (i64.const 0) (local.get 1)))
      (then (drop (memory.atomic.notify (local.get 0) (i32.const 1)))))
    (i32.load8_u (local.get 0))))

(;
function 0
0x000033      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000039      4  acc = i32.add p0(s-2) p1(s-1)
0x00003a      6  acc = i32.load shared [acc + 0x0]
0x00003d      8  i32.store shared [p0(s-2) + 0x4] = acc
0x000044     10  i32.store memory 1 [s-2 + 0x0] = s-1
0x00004c     13  s3 = copy #0x1
0x00004c     15  s2 i32.atomic.rmw.add memory 0 [s-2 + 0x0] s3 s0
0x000050     19  return acc
function 1
0x000053      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000057      4  s3 = copy #0x2
0x000057      6  s3 i64.atomic.load16_u memory 1 [s3 + 0x0] s0 s0
0x00005c      9  s3 i64.atomic.store memory 2 [s-2 + 0x8] s3 s0
0x000061     12  atomic.fence
0x00006c     14  s5 = copy #0x3
0x00006c     17  s3 i64.atomic.rmw32.cmpxchg_u memory 2 [s-2 + 0x0] s-1 s5
0x000071     21  acc = i64.add acc p1(s-1)
0x000072     23  return acc
function 2
0x000075      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00007b      4  s2 = copy p0(s-2)
0x00007b      6  s3 = copy #0x0
0x00007b      9  s4 = copy p1(s-1)
0x00007b     11  memory.atomic.wait64 0 0x10 from s2
0x000080     14  br if s2 != 0
0x000086     17  s2 = copy p0(s-2)
0x000086     19  s3 = copy #0x1
0x000086     21  memory.atomic.notify 0 0x0 from s2
0x00008e     24  s2 = i32.load8_u shared [p0(s-2) + 0x0]
0x000091     26  return acc
;)
