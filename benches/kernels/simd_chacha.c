// The permutation of ChaCha on vectors of four words: sums, exclusive ors, rotations, shuffles; n times.
#include "kernel.h"
#include <wasm_simd128.h>

#define ROTATE(x, n) wasm_v128_or(wasm_i32x4_shl(x, n), wasm_u32x4_shr(x, 32 - n))
#define QUARTER(a, b, c, d)                                                                        \
    a = wasm_i32x4_add(a, b), d = wasm_v128_xor(d, a), d = ROTATE(d, 16);                          \
    c = wasm_i32x4_add(c, d), b = wasm_v128_xor(b, c), b = ROTATE(b, 12);                          \
    a = wasm_i32x4_add(a, b), d = wasm_v128_xor(d, a), d = ROTATE(d, 8);                           \
    c = wasm_i32x4_add(c, d), b = wasm_v128_xor(b, c), b = ROTATE(b, 7)

static u32 state[16];

static NOINLINE void permute(void) {
    v128_t a = wasm_v128_load(state), b = wasm_v128_load(state + 4);
    v128_t c = wasm_v128_load(state + 8), d = wasm_v128_load(state + 12);
    for (i32 i = 0; i < 10; i++) {
        QUARTER(a, b, c, d);
        b = wasm_i32x4_shuffle(b, b, 1, 2, 3, 0);
        c = wasm_i32x4_shuffle(c, c, 2, 3, 0, 1);
        d = wasm_i32x4_shuffle(d, d, 3, 0, 1, 2);
        QUARTER(a, b, c, d);
        b = wasm_i32x4_shuffle(b, b, 3, 0, 1, 2);
        c = wasm_i32x4_shuffle(c, c, 2, 3, 0, 1);
        d = wasm_i32x4_shuffle(d, d, 1, 2, 3, 0);
    }
    wasm_v128_store(state, wasm_i32x4_add(a, wasm_v128_load(state)));
    wasm_v128_store(state + 4, wasm_i32x4_add(b, wasm_v128_load(state + 4)));
    wasm_v128_store(state + 8, wasm_i32x4_add(c, wasm_v128_load(state + 8)));
    wasm_v128_store(state + 12, wasm_i32x4_add(d, wasm_v128_load(state + 12)));
}

u64 run(i32 n) {
    u32 random = 1;
    for (i32 i = 0; i < 16; i++) state[i] = next_random(&random);
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        permute();
        sum = mix(sum, state[round % 16]);
    }
    return sum;
}
