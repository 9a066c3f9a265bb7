;; An innermost loop without calls is entered by `loop` and goes round by way of the context; a counter's
;; addition, comparison and branch are one instruction. Other loops jump.
(module
  (func $f)
  (func (param i32 i32) (result i32) (local i32)
    (loop
      (local.set 2 (i32.add (local.get 2) (local.get 0)))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_if 0 (i32.lt_u (local.get 0) (local.get 1))))
    (local.get 2))
  (func (param i64)
    (loop
      (br_if 0 (i64.ne (local.tee 0 (i64.add (local.get 0) (i64.const -1))) (i64.const 0)))))
  (func (param i32 i32 i32 i32)
    (loop
      (local.set 0 (i32.mul (local.get 0) (local.get 1)))
      (local.set 0 (i32.mul (local.get 0) (local.get 1)))
      (local.set 3 (i32.add (local.get 3) (i32.const 2)))
      (br_if 0 (i32.gt_s (local.get 0) (local.get 3)))))
  ;; The outer loop jumps, the inner one goes again.
  (func (param i32 i32)
    (loop $outer
      (loop $inner
        (br_if $inner (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (br_if $outer (local.tee 1 (i32.sub (local.get 1) (i32.const 1))))))
  (func (param i32)
    (loop
      (call $f)
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (block $out
      (loop
        (br_if $out (i32.eqz (local.get 0)))
        (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))
        (br 0))))
  ;; A loop with a parameter.
  (func (param i32) (result i32)
    (i32.const 1)
    (loop (param i32) (result i32)
      (i32.mul (local.get 0))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  ;; The second loop names other integers than the function does most: it has them pinned, and where
  ;; it is left, the function's are loaded again.
  (func (param i32 i32 i32 i32) (result i32)
    (loop $hot
      (local.set 0 (i32.add (i32.mul (local.get 0) (local.get 1)) (local.get 0)))
      (local.set 1 (i32.add (i32.xor (local.get 0) (local.get 1)) (local.get 1)))
      (br_if $hot (i32.lt_u (local.get 0) (local.get 1))))
    (block $out
      (loop $own
        (local.set 2 (i32.add (local.get 2) (local.get 3)))
        (br_if $out (i32.eqz (local.get 2)))
        (local.set 3 (i32.sub (local.get 3) (local.get 2)))
        (br_if $own (local.get 3))))
    (i32.add (local.get 0) (local.get 1))))

(;
function 0
0x000046      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x000046      4  return
function 1
0x00004b      0  enter int s-2 s2 f64 s0 s0 f32 s0 s0
0x00004b      4  loop
0x000051      6  p1(s2) = i32.add p0(s-2) p1(s2)
0x000060      8  latch p0(s-2) += 0x1; br if i32.lt_u p0(s-2) s-1
0x000065     12  return p1(s2)
function 2
0x000068      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000068      4  loop
0x00006e      6  p0(s-1) = i64.add p0(s-1) #0xffffffffffffffff
0x000074      9  br if i64.ne s-1 #0x0
0x000077     13  return
function 3
0x00007a      0  enter int s-4 s-1 f64 s0 s0 f32 s0 s0
0x00007a      4  loop
0x000080      6  acc = i32.mul p0(s-4) s-3
0x000081      8  p0(s-4) = copy acc
0x000087     10  acc = i32.mul p0(s-4) s-3
0x000088     12  p0(s-4) = copy acc
0x00008e     14  p1(s-1) = i32.add p1(s-1) #0x2
0x000096     16  br if i32.lt_s s-1 s-4
0x000099     19  return
function 4
0x00009c      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00009e      4  loop
0x0000a4      6  p0(s-2) = i32.sub p0(s-2) #0x1
0x0000a7      8  br if p0(s-2) != 0
0x0000ae     11  p1(s-1) = i32.sub p1(s-1) #0x1
0x0000b1     13  br if p1(s-1) != 0
0x0000b4     16  return
function 5
0x0000b7      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x0000b9      4  call 0
0x0000bf      7  p0(s-1) = i32.sub p0(s-1) #0x1
0x0000c2      9  br if p0(s-1) != 0
0x0000c7     12  loop
0x0000cc     14  br if p0(s-1) == 0
0x0000d2     17  p0(s-1) = i32.shr_u p0(s-1) #0x1
0x0000d5     19  br
0x0000d9     21  return
function 6
0x0000dc      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x0000de      4  s2 = copy #0x1
0x0000de      6  loop
0x0000e2      8  s2 = i32.mul p0(s-1) s2
0x0000e7     10  p0(s-1) = i32.sub p0(s-1) #0x1
0x0000ea     12  br if p0(s-1) != 0
0x0000ed     15  return acc
function 7
0x0000f0      0  enter int s-4 s-3 f64 s0 s0 f32 s0 s0
0x0000f0      4  loop
0x0000f6      6  acc = i32.mul p0(s-4) p1(s-3)
0x0000f9      8  p0(s-4) = i32.add acc p0(s-4)
0x000100     10  acc = i32.xor p0(s-4) p1(s-3)
0x000103     12  p1(s-3) = i32.add acc p1(s-3)
0x00010b     14  br if i32.lt_u s-4 p1(s-3)
0x000110     17  loop p0(s-2) p1(s-1)
0x000116     19  p0(s-2) = i32.add p0(s-2) p1(s-1)
0x00011c     21  br if p0(s-2) == 0
0x000122     24  p1(s-1) = i32.sub p1(s-1) p0(s-2)
0x000127     26  br if p1(s-1) != 0
0x000129     29  load p0(s-4) p1(s-3)
0x00012a     31  load p0(s-4) p1(s-3)
0x00012f     33  acc = i32.add p0(s-4) p1(s-3)
0x000130     35  return acc
;)
