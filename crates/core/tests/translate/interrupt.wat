;; metering: interrupt
;; The flag is looked at when a function begins and when a loop goes round.
(module
  (func $f (param i32)
    (loop
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (loop
      (call $f (local.get 0))
      (br_if 0 (local.get 0)))))

(;
function 0
0x000018      0  enter int s-1 s0 f64 s0 s0 f32 s0 s0
0x000018      4  loop
0x00001e      6  p0(s-1) = i32.sub p0(s-1) #0x1
0x000021      8  br if p0(s-1) != 0
0x000024     11  loop
0x000028     13  s2 = copy p0(s-1)
0x000028     15  call 0
0x00002c     18  br if p0(s-1) != 0
0x00002f     21  return
;)
