// A pseudo-random walk through a table of functions: the cost of an indirect call.
#include "kernel.h"

typedef u32 (*Step)(u32);

static u32 add(u32 x) { return x + 0x9e3779b9u; }
static u32 multiply(u32 x) { return x * 0x85ebca6bu; }
static u32 rotate(u32 x) { return x << 13 | x >> 19; }
static u32 fold(u32 x) { return x ^ x >> 16; }
static u32 negate(u32 x) { return ~x; }
static u32 triple(u32 x) { return x * 3 + 1; }
static u32 swap(u32 x) { return __builtin_bswap32(x) + 7; }
static u32 scramble(u32 x) { return (x ^ 0x5bd1e995u) * 5; }

static Step const steps[8] = {add, multiply, rotate, fold, negate, triple, swap, scramble};

u64 run(i32 n) {
    u32 x = 1;
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        for (i32 i = 0; i < 1000; i++) x = steps[(x >> 7 ^ (u32)i) & 7](x);
        sum = mix(sum, x);
    }
    return sum;
}
