// A 64-bit hash in four lanes over 64 KiB, n times: i64 multiplications and rotations.
#include "kernel.h"

#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full

static u64 words[8192];

static inline u64 rotl(u64 x, int by) { return x << by | x >> (64 - by); }
static inline u64 lane(u64 acc, u64 word) { return rotl(acc + word * P2, 31) * P1; }

static NOINLINE u64 hash(const u64 *in, u32 count, u64 seed) {
    u64 a = seed + P1, b = seed + P2, c = seed, d = seed - P1;
    for (u32 i = 0; i < count; i += 4) {
        a = lane(a, in[i]);
        b = lane(b, in[i + 1]);
        c = lane(c, in[i + 2]);
        d = lane(d, in[i + 3]);
    }
    u64 h = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P1;
    return h ^ h >> 32;
}

u64 run(i32 n) {
    u64 h = 1;
    for (u32 i = 0; i < 8192; i++) words[i] = h = h * 6364136223846793005ull + 1442695040888963407ull;
    for (i32 round = 0; round < n; round++) {
        words[round & 8191] ^= h;
        h = hash(words, 8192, h);
    }
    return h;
}
