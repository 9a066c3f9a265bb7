;; Entries go straight to their labels, or by a detour that moves values, returns or pays.
(module
  (func (param i32) (result i32)
    (block $a (block $b (block $c
      (br_table $c $b $a $c (local.get 0)))
      (return (i32.const 1)))
     (return (i32.const 2)))
    (i32.const 3))
  (func (param i32) (result i32)
    (block $a (result i32)
      (i64.const 9)
      (block $b (result i32)
        (br_table $a $b 2 (i32.mul (local.get 0) (i32.const 2)) (local.get 0)))
      (br 0)))
  (func (param i32)
    (loop $l
      (block $out
        (br_table $l $out $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))))

(;
function 0
0x00001f      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000027      4  br_table p0(s-1)
0x000030     10  return #0x1
0x000034     12  return #0x2
0x000038     14  return #0x3
function 1
0x00003b      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000045      4  s3 = i32.mul p0(s-1) #0x2
0x000048      6  br_table p0(s-1)
0x000048     11  return s3
0x000048     13  return s3
0x00004e     15  return s3
function 2
0x000054      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000054      4  loop
0x00005c      6  p0(s-1) = i32.sub p0(s-1) #0x1
0x00005f      8  br_table p0(s-1)
0x000066     13  return
;)
