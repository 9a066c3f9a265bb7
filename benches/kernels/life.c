// The game of life on a torus of 128 x 128 cells, n generations: loads of bytes around an index.
#include "kernel.h"

#define SIZE 128

static u8 cells[2][SIZE][SIZE];

static NOINLINE void generation(u8 (*from)[SIZE], u8 (*to)[SIZE]) {
    for (u32 y = 0; y < SIZE; y++) {
        const u8 *above = from[(y - 1) % SIZE], *row = from[y], *below = from[(y + 1) % SIZE];
        for (u32 x = 0; x < SIZE; x++) {
            u32 w = (x - 1) % SIZE, e = (x + 1) % SIZE;
            u32 around = above[w] + above[x] + above[e] + row[w] + row[e] + below[w] + below[x] + below[e];
            to[y][x] = around == 3 || (around == 2 && row[x]);
        }
    }
}

u64 run(i32 n) {
    u32 random = 31;
    for (u32 y = 0; y < SIZE; y++)
        for (u32 x = 0; x < SIZE; x++) cells[0][y][x] = next_random(&random) >> 30 == 0;
    for (i32 round = 0; round < n; round++) generation(cells[round & 1], cells[~round & 1]);
    u64 sum = 0;
    for (u32 y = 0; y < SIZE; y++)
        for (u32 x = 0; x < SIZE; x++) sum = sum * 31 + cells[n & 1][y][x];
    return sum;
}
