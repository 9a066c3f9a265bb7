;; Both arms of an `if` find its parameters in their slots, whatever the first does with accumulators.
(module
  (func (param i32 i32) (result i32)
    (i32.shr_u (local.get 0) (local.get 1))
    (if (param i32) (result i32) (i32.const 0)
      (then (local.set 1) (i32.const 1))
      (else (local.set 0) (local.get 0))))
  (func (param i32 i32) (result i32)
    (i32.mul (local.get 0) (local.get 1))
    (if (param i32) (result i32) (i32.lt_s (local.get 0) (local.get 1))
      (then (i32.add (i32.const 1)))
      (else (i32.sub (i32.const 1))))))

(;
function 0
0x000020      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000024      4  s2 = i32.shr_u s-2 p1(s-1)
0x000027      6  s3 = copy #0x0
0x000027      8  br if s3 == 0
0x000029     11  p1(s-1) = copy acc
0x00002d     13  return #0x1
0x00002e     15  p0(s-2) = copy s2
0x000033     17  return p0(s-2)
function 1
0x000036      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00003a      4  s2 = i32.mul p0(s-2) p1(s-1)
0x000040      6  br if i32.le_s p1(s-1) p0(s-2)
0x000044      9  acc = i32.add acc #0x1
0x000045     11  return acc
0x000048     13  acc = i32.sub s2 #0x1
0x00004a     15  return acc
;)
