// A picture of bytes: each becomes a weighted mean of itself and its four neighbours, n times. With vector
// instructions: widening, sums of 16 bits, shifts, narrowing.
#include "kernel.h"
#include <wasm_simd128.h>

#define WIDTH 256
#define HEIGHT 64

static u8 pictures[2][HEIGHT][WIDTH];

static v128_t half(v128_t left, v128_t right, v128_t up, v128_t down, v128_t middle) {
    v128_t around = wasm_i16x8_add(wasm_i16x8_add(left, right), wasm_i16x8_add(up, down));
    v128_t all = wasm_i16x8_add(around, wasm_i16x8_shl(middle, 2));
    return wasm_u16x8_shr(wasm_i16x8_add(all, wasm_i16x8_splat(4)), 3);
}

static NOINLINE void blur(u8 (*to)[WIDTH], u8 (*from)[WIDTH]) {
    for (i32 row = 1; row < HEIGHT - 1; row++)
        for (i32 column = 16; column < WIDTH - 16; column += 16) {
            const u8 *at = &from[row][column];
            v128_t l = wasm_v128_load(at - 1), r = wasm_v128_load(at + 1);
            v128_t u = wasm_v128_load(at - WIDTH), d = wasm_v128_load(at + WIDTH);
            v128_t m = wasm_v128_load(at);
            v128_t low = half(wasm_u16x8_extend_low_u8x16(l), wasm_u16x8_extend_low_u8x16(r),
                              wasm_u16x8_extend_low_u8x16(u), wasm_u16x8_extend_low_u8x16(d),
                              wasm_u16x8_extend_low_u8x16(m));
            v128_t high = half(wasm_u16x8_extend_high_u8x16(l), wasm_u16x8_extend_high_u8x16(r),
                               wasm_u16x8_extend_high_u8x16(u), wasm_u16x8_extend_high_u8x16(d),
                               wasm_u16x8_extend_high_u8x16(m));
            wasm_v128_store(&to[row][column], wasm_u8x16_narrow_i16x8(low, high));
        }
}

u64 run(i32 n) {
    u32 random = 1;
    for (i32 row = 0; row < HEIGHT; row++)
        for (i32 column = 0; column < WIDTH; column++)
            pictures[0][row][column] = pictures[1][row][column] = (u8)next_random(&random);
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        blur(pictures[~round & 1], pictures[round & 1]);
        sum = mix(sum, pictures[~round & 1][round % HEIGHT][round * 31 % WIDTH]);
        pictures[~round & 1][1 + round % (HEIGHT - 2)][100] = (u8)round;
    }
    return sum;
}
