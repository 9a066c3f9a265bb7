// Quicksort with insertion sort for short ranges, n times over 40,000 integers.
#include "kernel.h"

#define SIZE 40000

static i32 items[SIZE];

static NOINLINE void sort(i32 *a, i32 low, i32 high) {
    while (high - low > 12) {
        i32 pivot = a[low + (high - low) / 2], i = low - 1, j = high + 1;
        for (;;) {
            do i++; while (a[i] < pivot);
            do j--; while (a[j] > pivot);
            if (i >= j) break;
            i32 t = a[i];
            a[i] = a[j];
            a[j] = t;
        }
        sort(a, low, j);
        low = j + 1;
    }
    for (i32 i = low + 1; i <= high; i++) {
        i32 x = a[i], j = i - 1;
        for (; j >= low && a[j] > x; j--) a[j + 1] = a[j];
        a[j + 1] = x;
    }
}

u64 run(i32 n) {
    u32 random = 12345;
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        for (i32 i = 0; i < SIZE; i++) items[i] = (i32)next_random(&random);
        sort(items, 0, SIZE - 1);
        for (i32 i = 0; i + 1 < SIZE; i++)
            if (items[i] > items[i + 1]) return 0;
        sum = mix(sum, (u32)items[SIZE / 3]);
    }
    return sum;
}
