// Sieve of Eratosthenes over a byte array, n times: stores in a strided loop.
#include "kernel.h"

#define SIZE 400000

static u8 composite[SIZE];

u64 run(i32 n) {
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        for (i32 i = 0; i < SIZE; i++) composite[i] = 0;
        for (i32 i = 2; i * i < SIZE; i++)
            if (!composite[i])
                for (i32 j = i * i; j < SIZE; j += i) composite[j] = 1;
        u32 count = 0;
        for (i32 i = 2; i < SIZE; i++) count += !composite[i];
        sum = mix(sum, count);
    }
    return sum;
}
