;; The addition that makes an address, and a shift by the size of the access, join the load or store, also
;; when the value is computed in between.
(module
  (memory 1)
  (func (param i32 i32) (result i32)
    (i32.load offset=8 (i32.add (local.get 0) (local.get 1))))
  (func (param i32 i32) (result i32)
    (i32.load (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2)))))
  (func (param i32 i32) (result f64)
    (f64.load offset=16 (i32.add (i32.shl (local.get 1) (i32.const 3)) (local.get 0))))
  ;; Not the size of the access: the shift stays.
  (func (param i32 i32) (result i32)
    (i32.load16_u (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2)))))
  ;; The offset is too large for the joined form.
  (func (param i32 i32) (result i32)
    (i32.load8_s offset=0x10000 (i32.add (local.get 0) (local.get 1))))
  (func (result i32) (i32.load offset=4 (i32.const 12)))
  (func (param i32 i32 i64)
    (i64.store (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 3)))
      (i64.add (local.get 2) (i64.const 1)))
    (i32.store8 offset=3 (i32.add (local.get 0) (local.get 1)) (i32.wrap_i64 (local.get 2)))
    (i32.store (local.get 0) (i32.const 5))
    (i64.store32 (i32.const 16) (local.get 2)))
  ;; What is computed in between writes a local that the address needs: nothing is joined.
  (func (param i32 i32)
    (i32.store (i32.add (local.get 0) (local.get 1)) (local.tee 0 (i32.mul (local.get 1) (i32.const 3)))))
  (func (param i32 f64) (result f64)
    (f64.store (local.get 0) (f64.mul (local.get 1) (f64.load (local.get 0))))
    (f64.load (i32.add (local.get 0) (i32.const 8)))))

(;
function 0
0x000043      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000048      4  s2 = i32.load [p0(s-2) + (p1(s-1) << 0) + 0x8]
0x00004b      6  return acc
function 1
0x00004e      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000056      4  acc = i32.load [s-2 + (p1(s-1) << 2) + 0x0]
0x000059      6  return acc
function 2
0x00005c      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000064      4  s2 = f64.load [s-2 + (s-1 << 3) + 0x10]
0x000067      6  return acc
function 3
0x00006a      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x000070      4  acc = i32.shl p1(s-1) #0x2
0x000072      6  acc = i32.load16_u [acc + (s-2 << 0) + 0x0]
0x000075      8  return acc
function 4
0x000078      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x00007c      4  acc = i32.add p0(s-2) p1(s-1)
0x00007d      6  acc = i32.load8_s [acc + 0x10000]
0x000082      8  return acc
function 5
0x000085      0  enter int s0 s0 f64 s0 s0 f32 s0 s0
0x000087      4  acc = i32.load [0x10]
0x00008a      6  return acc
function 6
0x00008d      0  enter int s-3 s-1 f64 s0 s0 f32 s0 s0
0x000099      4  acc = i64.add p1(s-1) #0x1
0x00009a      7  i64.store [s-3 + (s-2 << 3) + 0x0] = acc
0x0000a4      9  s3 = i32.wrap_i64 p1(s-1)
0x0000a5     11  i32.store8 [p0(s-3) + (s-2 << 0) + 0x3] = acc
0x0000ac     13  i32.store [p0(s-3) + 0x0] = #0x5
0x0000b3     16  i64.store32 [#0x0 + 0x10] = s-1
0x0000b6     18  return
function 7
0x0000b9      0  enter int s-2 s-1 f64 s0 s0 f32 s0 s0
0x0000bd      4  s2 = i32.add p0(s-2) p1(s-1)
0x0000c2      6  p0(s-2) = i32.mul p1(s-1) #0x3
0x0000c5      8  i32.store [acc + 0x0] = p0(s-2)
0x0000c8     10  return
function 8
0x0000cb      0  enter int s-2 s0 f64 s-1 s0 f32 s0 s0
0x0000d1      4  acc = f64.load [p0(s-2) + 0x0]
0x0000d4      6  acc = f64.mul acc p0(s-1)
0x0000d5      8  f64.store [p0(s-2) + 0x0] = acc
0x0000dd     10  acc = f64.load [wrap p0(s-2) + 0x8]
0x0000e0     12  return acc
;)
