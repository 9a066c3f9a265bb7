;; A try block is no code: tables say which words it covers, what it catches, and where its fields go. A throw that is
;; caught in the same function for certain is a branch.
(module
  (import "m" "t" (tag $t (param i32))) (import "m" "u" (tag $u (param i32)))
  (tag $own (param i64 i32))
  (func $f (param i32))
  (func (param i32) (result i32) (local i64)
    (loop $next
      (block $t (result i32)
        (block $own (result i64 i32 exnref)
          (try_table (catch $t $t) (catch_ref $own $own) (catch_all $next)
            (call $f (local.get 0))
            (throw $own (i64.const 1) (local.get 0)))
          (unreachable))
        (throw_ref))
      (return))
    (unreachable))
  (func (param i32) (result i32)
    (block $all
      (try_table (catch $u 1) (catch_all $all)
        (try_table (catch $t 2)
          (if (local.get 0) (then (throw $own (i64.const 1) (i32.const 2))))
          (if (local.get 0) (then (throw $t (i32.const 3)))))
        (if (local.get 0) (then (throw $t (i32.const 4)))) ;; perhaps the same as $u
        (throw $u (i32.const 3))))
    (i32.const 7)))

(;
function 0
0x000040      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x000040      4  return
function 1
0x000045      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000058      4  s3 = copy p0(s-1)
0x000058      6  call 0
0x00005e      9  s3 = copy #0x1
0x00005e     12  s4 = copy p0(s-1)
0x00005e     14  throw 2 from s3
0x000063     16  throw_ref s5
0x000065     18  return s3
    from      4  try 0
    from     16  no try
     try      0  tag 0: fields to s3, go on at 18
     try      0  tag 2: fields to s3, reference to s5, go on at 16
     try      0  all: go on at 4
function 2
0x00006b      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00007d      4  br if p0(s-1) == 0
0x000083      7  br
0x000088      9  br if p0(s-1) == 0
0x00008c     12  return #0x3
0x000092     14  br if p0(s-1) == 0
0x000096     17  s2 = copy #0x4
0x000096     19  throw 0 from s2
0x00009b     21  return #0x3
0x0000a1     23  return #0x7
0x0000a1     25  return s2
    from      4  try 1
    from     14  try 0
    from     23  no try
     try      0  tag 1: fields to s2, go on at 25
     try      0  all: go on at 23
     try      1  tag 0: fields to s2, go on at 25
     try      1  is in try 0
;)
