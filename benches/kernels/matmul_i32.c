// Product of two integer matrices, n times.
#include "kernel.h"

#define SIZE 80

static i32 a[SIZE][SIZE], b[SIZE][SIZE], c[SIZE][SIZE];

static NOINLINE void multiply(void) {
    for (i32 i = 0; i < SIZE; i++)
        for (i32 j = 0; j < SIZE; j++) {
            i32 sum = 0;
            for (i32 k = 0; k < SIZE; k++) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

u64 run(i32 n) {
    u32 random = 1;
    for (i32 i = 0; i < SIZE; i++)
        for (i32 j = 0; j < SIZE; j++) {
            a[i][j] = (i32)(next_random(&random) % 1000);
            b[i][j] = (i32)(next_random(&random) % 1000);
        }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        multiply();
        sum = mix(sum, (u32)c[round % SIZE][(round * 7) % SIZE]);
        a[round % SIZE][3] ^= c[5][round % SIZE];
    }
    return sum;
}
