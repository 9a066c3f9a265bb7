// Text: counts lines, looks for what is not ASCII, and makes capitals, sixteen bytes at a time, n times.
#include "kernel.h"
#include <wasm_simd128.h>

#define SIZE 16384

static u8 text[SIZE];

static NOINLINE u32 lines(void) {
    u32 count = 0;
    for (i32 i = 0; i < SIZE; i += 16) {
        v128_t here = wasm_i8x16_eq(wasm_v128_load(text + i), wasm_i8x16_splat('\n'));
        count += (u32)__builtin_popcount(wasm_i8x16_bitmask(here));
    }
    return count;
}

static NOINLINE i32 first_not_ascii(void) {
    for (i32 i = 0; i < SIZE; i += 16) {
        u32 mask = wasm_i8x16_bitmask(wasm_v128_load(text + i));
        if (mask) return i + __builtin_ctz(mask);
    }
    return -1;
}

static NOINLINE void swap_case(void) {
    for (i32 i = 0; i < SIZE; i += 16) {
        v128_t bytes = wasm_v128_load(text + i);
        v128_t small = wasm_v128_or(bytes, wasm_i8x16_splat(0x20));
        v128_t letter = wasm_v128_and(wasm_u8x16_ge(small, wasm_i8x16_splat('a')),
                                      wasm_u8x16_le(small, wasm_i8x16_splat('z')));
        wasm_v128_store(text + i,
                        wasm_v128_xor(bytes, wasm_v128_and(letter, wasm_i8x16_splat(0x20))));
    }
}

u64 run(i32 n) {
    u32 random = 1;
    for (i32 i = 0; i < SIZE; i++) text[i] = next_random(&random) % 40 ? 32 + random % 95 : '\n';
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        text[round * 37 % SIZE] = '\n';
        text[SIZE - 1 - round % 16] |= 0x80;
        sum = mix(sum, lines() ^ (u64)first_not_ascii() << 32);
        text[SIZE - 1 - round % 16] &= 0x7f;
        swap_case();
    }
    return sum;
}
