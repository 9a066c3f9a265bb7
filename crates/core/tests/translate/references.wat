;; A null check leaves the reference where it is; a branch on null keeps it, one on non-null gives it to the label.
;; A call through a reference checks null and no type. Tables and functions are reached by handlers.
(module
  (type $t (func (param i32) (result i32)))
  (table $table 8 (ref null $t))
  (func $f (type $t) (local.get 0))
  (elem declare func $f)
  (func (param (ref null $t)) (result i32)
    (call_ref $t (i32.const 7) (ref.as_non_null (local.get 0))))
  (func (param i32) (result i32)
    (return_call_ref $t (local.get 0) (table.get $table (local.get 0))))
  (func (param i32 (ref null $t)) (result i32)
    (block $null (result i32)
      (local.get 0)
      (br_on_null $null (local.get 1))
      (call_ref $t)))
  (func (param i32) (result i32)
    (block $some (result (ref $t))
      (br_on_non_null $some (table.get $table (local.get 0)))
      (return (i32.const -1)))
    (drop)
    (table.size $table))
  (func (param (ref null $t)) (result (ref $t))
    (br_on_non_null 0 (local.get 0))
    (ref.func $f))
  (func (param i32)
    (table.set $table (local.get 0) (ref.func $f)))
  (func (param (ref null $t)) (result i32)
    (if (result i32) (ref.is_null (local.get 0)) (then (i32.const 1)) (else (i32.const 2)))))

(;
function 0
0x000046      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000048      4  return p0(s-1)
function 1
0x00004b      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00004f      4  non_null p0(s-1)
0x000050      6  s2 = copy #0x7
0x000050      8  call_ref p0(s-1) type 0
0x000052     11  return acc
function 2
0x000055      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000059      4  acc = table 0 [s-1]
0x00005b      6  s2 = copy p0(s-1)
0x00005b      8  return_call_ref acc type 0
0x00005b     11  return 1 slots from s2
function 3
0x000060      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000066      4  s2 = copy p0(s-2)
0x000066      6  br if p1(s-1) == 0
0x000068      9  call_ref p1(s-1) type 0
0x00006a     12  return acc
0x00006b     14  return s2
function 4
0x00006e      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000073      4  s2 = table 0 [s-1]
0x000075      6  br if acc != 0
0x000079      9  return #0xffffffff
0x00007c     11  acc = size of table 0
0x00007f     13  return acc
function 5
0x000082      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000084      4  s2 = copy p0(s-1)
0x000084      6  br if p0(s-1) == 0
0x000084      9  return s2
0x000086     11  acc = func 0
0x000088     13  return acc
function 6
0x00008b      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x00008d      4  s3 = func 0
0x00008f      6  table 0 [s-1] = s3
0x000091      8  return
function 7
0x000094      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000097      4  br if p0(s-1) != 0
0x00009b      7  return #0x1
0x00009f      9  return #0x2
;)
