;; A block's results have their slots by height: a branch moves values only from higher up.
(module
  (func (param i32) (result i32)
    (block (result i32)
      (br_if 0 (i32.const 5) (local.get 0))
      (drop)
      (i32.add (local.get 0) (i32.const 1))))
  (func (param i32) (result i32)
    (block (result i32)
      (i64.const 1) (f64.const 2)
      (br 0 (i32.mul (local.get 0) (i32.const 3)))))
  (func (param i32) (result i32)
    (block (result i32)
      (i64.const 1)
      (br_if 0 (local.get 0) (i32.gt_s (local.get 0) (i32.const 3)))
      (drop) (drop)
      (i32.const 4)))
  (func (param i32) (result i64 i32)
    (block (result i64 i32)
      (if (param) (result i64 i32) (local.get 0)
        (then (i64.const 1) (i32.const 2))
        (else (i64.const 3) (local.get 0) (br 1)))))
  (func (param i32 i32) (result i32)
    (local.get 0) (local.get 1)
    (block (param i32 i32) (result i32)
      (i32.sub)
      (br_if 0 (i32.const 1) (local.get 0))
      (drop)))
  ;; A branch out of the function returns.
  (func (param i32) (result i32)
    (br_if 0 (i32.const 7) (local.get 0))
    (i32.add (local.get 0))))

(;
function 0
0x00002f      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000035      4  s2 = copy #0x5
0x000035      6  br if p0(s-1) != 0
0x00003c      9  acc = i32.add p0(s-1) #0x1
0x00003d     11  return acc
0x00003e     13  return s2
function 1
0x000041      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000052      4  acc = i32.mul p0(s-1) #0x3
0x000053      6  return acc
function 2
0x000059      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000064      4  s3 = copy p0(s-1)
0x000064      6  br if i32.le_s p0(s-1) #0x3
0x000064      9  return s3
0x00006b     11  return #0x4
function 3
0x00006e      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000072      4  br if p0(s-1) == 0
0x000078      7  s2 = copy #0x1
0x000078     10  s3 = copy #0x2
0x000078     12  return 2 slots from s2
0x00007d     14  s2 = copy #0x3
0x00007d     17  s3 = copy p0(s-1)
0x00007d     19  return 2 slots from s2
function 4
0x000084      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000088      4  s2 = copy p0(s-2)
0x000088      6  s3 = copy p1(s-1)
0x00008a      8  s2 = i32.sub s2 s3
0x00008f     10  s3 = copy #0x1
0x00008f     12  br if p0(s-2) == 0
0x00008f     15  return s3
0x000093     17  return s2
function 5
0x000096      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00009a      4  s2 = copy #0x7
0x00009a      6  br if p0(s-1) == 0
0x00009a      9  return s2
0x00009e     11  acc = i32.add p0(s-1) s2
0x00009f     13  return acc
;)
