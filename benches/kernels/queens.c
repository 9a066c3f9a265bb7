// Counts the ways to place n queens on a board: recursion over bit masks.
#include "kernel.h"

static NOINLINE u32 place(u32 all, u32 columns, u32 left, u32 right) {
    if (columns == all) return 1;
    u32 count = 0;
    for (u32 open = all & ~(columns | left | right); open;) {
        u32 bit = open & -open;
        open ^= bit;
        count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

u64 run(i32 n) { return place((1u << n) - 1, 0, 0, 0); }
