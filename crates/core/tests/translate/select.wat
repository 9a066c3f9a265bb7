;; `select` joins the comparison that made its condition; a negated one swaps the values.
(module
  (func (param i32 i32) (result i32)
    (select (local.get 0) (local.get 1) (i32.lt_s (local.get 0) (local.get 1))))
  (func (param i64 i64 f64) (result i64)
    (select (local.get 0) (local.get 1) (f64.gt (local.get 2) (f64.const 0))))
  (func (param i32 i32) (result i32)
    (select (local.get 0) (i32.const 7) (i32.eqz (local.get 1))))
  (func (param f64 f64 i32) (result f64)
    (select (f64.add (local.get 0) (local.get 1)) (f64.const 0) (i32.and (local.get 2) (i32.const 1))))
  (func (param funcref funcref i32) (result funcref)
    (select (result funcref) (local.get 0) (local.get 1) (local.get 2))))

(;
function 0
0x000033      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00003c      4  acc = select i32.lt_s p0(s-2) p1(s-1) ? s-2 : s-1
0x00003d      7  return acc
function 1
0x000040      0  enter int s-3 s-2 f64 s-1 s0 f32 s0 s0
0x000050      4  s2 = select f64.lt #0x0 s-1 ? s-3 : s-2
0x000051      8  return acc
function 2
0x000054      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00005b      4  acc = select s-1 ? #0x7 : s-2
0x00005c      7  return acc
function 3
0x00005f      0  enter int s-1 s0 f64 s-3 s-2 f32 s0 s0
0x000063      4  s2 = f64.add p0(s-3) p1(s-2)
0x000071      6  acc = i32.and p0(s-1) #0x1
0x000072      8  acc = select acc ? s2 : #0x0
0x000073     11  return acc
function 4
0x000076      0  enter int s-3 s-2 f64 s0 s0 f32 s0 s0
0x00007c      4  acc = select s-1 ? s-3 : s-2
0x00007f      6  return acc
;)
