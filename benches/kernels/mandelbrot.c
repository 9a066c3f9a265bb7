// The Mandelbrot set on n x n points, 50 iterations a point at most: floating point in locals.
#include "kernel.h"

u64 run(i32 n) {
    u64 sum = 0;
    for (i32 y = 0; y < n; y++)
        for (i32 x = 0; x < n; x++) {
            double cr = 3.0 * x / n - 2.0, ci = 2.0 * y / n - 1.0;
            double zr = 0, zi = 0;
            u32 i = 0;
            for (; i < 50; i++) {
                double r2 = zr * zr, i2 = zi * zi;
                if (r2 + i2 > 4.0) break;
                zi = 2.0 * zr * zi + ci;
                zr = r2 - i2 + cr;
            }
            sum = sum * 31 + i;
        }
    return sum;
}
