// What the kernels share: names of the integer types, and a small generator of pseudo-random numbers.
// A kernel is freestanding: no library, no imports. It exports `run`, whose result is a checksum.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char i8;
typedef short i16;
typedef int i32;
typedef long long i64;

#define NOINLINE __attribute__((noinline))

// One step of xorshift32.
static inline u32 next_random(u32 *state) {
    u32 x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

// Folds a value into a checksum.
static inline u64 mix(u64 sum, u64 value) {
    sum ^= value;
    sum *= 0x9e3779b97f4a7c15ull;
    return sum ^ sum >> 29;
}

// The bits of a float, for checksums.
static inline u64 bits(double x) {
    u64 out;
    __builtin_memcpy(&out, &x, sizeof out);
    return out;
}
