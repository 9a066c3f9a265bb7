;; The two locals of each kind that are used most are pinned; uses in loops count more.
(module
  (func (param i32 i32 i32 i64 f64 f64 f64 f32)
    (local.set 2 (i32.add (local.get 2) (local.get 1)))
    (local.set 0 (i32.add (local.get 0) (i32.const 1)))
    (local.set 3 (i64.extend_i32_u (local.get 2)))
    (local.set 4 (f64.add (f64.mul (local.get 4) (local.get 5)) (local.get 6)))
    (local.set 6 (f64.promote_f32 (f32.neg (local.get 7)))))
  (func (param i32 i32 i32)
    (local.set 0 (i32.add (local.get 0) (local.get 0)))
    (loop
      (local.set 1 (i32.add (local.get 1) (local.get 2))))))

(;
function 0
0x000026      0  enter int s-6 s-8 f64 s-4 s-2 f32 s-1 s0
0x00002a      4  p0(s-6) = i32.add p0(s-6) s-7
0x000031      6  p1(s-8) = i32.add p1(s-8) #0x1
0x000036      8  s-5 = i64.extend_i32_u p0(s-6)
0x00003d     10  acc = f64.mul p0(s-4) s-3
0x000040     12  p0(s-4) = f64.add acc p1(s-2)
0x000045     14  s2 = f32.neg p0(s-1)
0x000046     16  acc = f64.promote_f32 acc
0x000047     18  p1(s-2) = copy acc
0x000049     20  return
function 1
0x00004c      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000050      4  s-3 = i32.add s-3 s-3
0x000053      6  loop
0x000059      8  p0(s-2) = i32.add p0(s-2) p1(s-1)
0x00005d     10  return
;)
