;; A comparison joins the branch that it decides, in every polarity; so do tests of zero and of bits.
(module
  (func (param i32 i32) (result i32)
    (block (br_if 0 (i32.lt_s (local.get 0) (local.get 1)))
           (br_if 0 (i32.gt_u (local.get 0) (i32.const 5)))
           (br_if 0 (i32.eqz (i32.le_s (local.get 0) (local.get 1))))
           (br_if 0 (i32.eqz (local.get 0)))
           (br_if 0 (i32.eqz (i32.eqz (local.get 0))))
           (br_if 0 (i32.and (local.get 0) (i32.const 8)))
           (br_if 0 (i32.eqz (i32.and (local.get 0) (local.get 1))))
           (br_if 0 (local.get 1))
           (return (i32.const 1)))
    (i32.const 2))
  (func (param i64 i64) (result i64)
    (if (result i64) (i64.ge_u (local.get 0) (local.get 1))
      (then (local.get 0)) (else (local.get 1))))
  (func (param i64)
    (if (i64.eqz (local.get 0)) (then (return)))
    (if (i64.ne (local.get 0) (i64.const 0x7fffffffff)) (then (unreachable))))
  ;; With NaN, "not less" is not "greater or equal".
  (func (param f32 f64) (result i32)
    (block (br_if 0 (f32.lt (local.get 0) (f32.const 1)))
           (br_if 0 (i32.eqz (f32.lt (local.get 0) (f32.const 1))))
           (br_if 0 (i32.eqz (f64.ge (local.get 1) (f64.const 0))))
           (br_if 0 (i32.eqz (f64.eq (local.get 1) (local.get 1))))
           (if (f64.gt (local.get 1) (f64.const 2)) (then (return (i32.const 9)))))
    (i32.eqz (i32.ne (i32.const 0) (f32.gt (local.get 0) (f32.const 3)))))
  ;; A constant condition decides when it is executed: what follows is paid in every build.
  (func (result i32)
    (block (br_if 0 (i32.const 0)) (br_if 0 (i32.const 1)) (unreachable))
    (i32.const 4)))

(;
function 0
0x000033      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00003a      4  br if i32.lt_s p0(s-2) p1(s-1)
0x000041      7  br if i32.lt_u #0x5 p0(s-2)
0x000049     10  br if i32.lt_s p1(s-1) s-2
0x00004e     13  br if p0(s-2) == 0
0x000052     16  acc = i32.eqz p0(s-2)
0x000054     18  br if acc == 0
0x00005b     21  br if p0(s-2) & #0x8 != 0
0x000063     24  br if p1(s-1) & s-2 == 0
0x000067     27  br if p1(s-1) != 0
0x00006b     30  return #0x1
0x00006f     32  return #0x2
function 1
0x000072      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000077      4  br if i64.lt_u s-2 s-1
0x00007b      7  return p0(s-2)
0x00007f      9  return p1(s-1)
function 2
0x000082      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000085      4  br if p0(s-1) != 0
0x000087      7  return
0x000093      9  br if i64.eq s-1 #0x7fffffffff
0x000095     13  unreachable
0x000097     15  return
function 3
0x00009a      0  enter int s0 s0 f64 s-1 s0 f32 s-2 s0
0x0000a4      4  br if f32.lt p0(s-2) #0x3f800000
0x0000af      7  br if not f32.lt p0(s-2) #0x3f800000
0x0000be     10  br if not f64.le #0x0 p0(s-1)
0x0000c6     14  br if f64.ne s-1 s-1
0x0000d4     17  br if not f64.lt #0x4000000000000000 p0(s-1)
0x0000d8     21  return #0x9
0x0000e4     23  acc = f32.lt #0x40400000 p0(s-2)
0x0000e6     25  acc = i32.eq acc #0x0
0x0000e7     27  return acc
function 4
0x0000ea      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x0000ee      4  s2 = copy #0x0
0x0000ee      6  br if s2 != 0
0x0000f2      9  s2 = copy #0x1
0x0000f2     11  br if s2 != 0
0x0000f4     14  unreachable
0x0000f8     16  return #0x4
;)
