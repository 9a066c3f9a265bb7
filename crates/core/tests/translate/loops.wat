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
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))

(;
function 0
0x00003d      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x00003d      4  return
function 1
0x000042      0  enter int s-2 s2 f64 s0 s0 f32 s0 s0
0x000042      4  loop
0x000049      6  p1(s2) = i32.add p0(s-2) p1(s2)
0x000057      8  latch p0(s-2) += 0x1; br if i32.lt_u p0(s-2) s-1
0x00005c     12  return p1(s2)
function 2
0x00005f      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00005f      4  loop
0x000066      6  p0(s-1) = i64.add s-1 #0xffffffffffffffff
0x00006b      9  br if i64.ne s-1 #0x0
0x00006e     13  return
function 3
0x000071      0  enter int s-4 s-1 f64 s0 s0 f32 s0 s0
0x000071      4  loop
0x000077      6  acc = i32.mul s-4 s-3
0x000078      8  p0(s-4) = copy acc
0x00007e     10  acc = i32.mul s-4 s-3
0x00007f     12  p0(s-4) = copy acc
0x000086     14  p1(s-1) = i32.add p1(s-1) #0x2
0x00008d     16  br if i32.lt_s s-1 s-4
0x000090     19  return
function 4
0x000093      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000095      4  loop
0x00009c      6  p0(s-2) = i32.sub p0(s-2) #0x1
0x00009e      8  br if p0(s-2) != 0
0x0000a6     11  p1(s-1) = i32.sub p1(s-1) #0x1
0x0000a8     13  br if p1(s-1) != 0
0x0000ab     16  return
function 5
0x0000ae      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x0000b0      4  call 0
0x0000b7      7  p0(s-1) = i32.sub p0(s-1) #0x1
0x0000b9      9  br if p0(s-1) != 0
0x0000be     12  loop
0x0000c3     14  br if p0(s-1) == 0
0x0000ca     17  p0(s-1) = i32.shr_u p0(s-1) #0x1
0x0000cc     19  br
0x0000d0     21  return
function 6
0x0000d3      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x0000d5      4  s2 = copy #0x1
0x0000d5      6  loop
0x0000d9      8  s2 = i32.mul s-1 s2
0x0000df     10  p0(s-1) = i32.sub p0(s-1) #0x1
0x0000e1     12  br if p0(s-1) != 0
0x0000e4     15  return acc
;)
