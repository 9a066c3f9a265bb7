// Vectors of floats: y = a x + y, and the dot product of x and y, n times. With vector instructions.
#include "kernel.h"
#include <wasm_simd128.h>

#define SIZE 4096

static float x[SIZE], y[SIZE];

static NOINLINE void saxpy(float a) {
    v128_t factor = wasm_f32x4_splat(a);
    for (i32 i = 0; i < SIZE; i += 4) {
        v128_t product = wasm_f32x4_mul(factor, wasm_v128_load(x + i));
        wasm_v128_store(y + i, wasm_f32x4_add(product, wasm_v128_load(y + i)));
    }
}

static NOINLINE float dot(void) {
    v128_t sum = wasm_f32x4_splat(0), other = sum;
    for (i32 i = 0; i < SIZE; i += 8) {
        sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load(x + i), wasm_v128_load(y + i)));
        other = wasm_f32x4_add(other,
                               wasm_f32x4_mul(wasm_v128_load(x + i + 4), wasm_v128_load(y + i + 4)));
    }
    sum = wasm_f32x4_add(sum, other);
    return wasm_f32x4_extract_lane(sum, 0) + wasm_f32x4_extract_lane(sum, 1) +
           wasm_f32x4_extract_lane(sum, 2) + wasm_f32x4_extract_lane(sum, 3);
}

u64 run(i32 n) {
    u32 random = 1;
    for (i32 i = 0; i < SIZE; i++) {
        x[i] = (float)(next_random(&random) % 1000) / 1000.0f;
        y[i] = (float)(next_random(&random) % 1000) / 1000.0f;
    }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        saxpy(round % 2 ? 0.25f : -0.25f);
        sum = mix(sum, bits(dot()));
    }
    return sum;
}
