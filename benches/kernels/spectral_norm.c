// Spectral norm of an infinite matrix cut to n x n: divisions, integer to float conversions.
#include "kernel.h"

#define MAX 2000

static double u[MAX], v[MAX], t[MAX];

static inline double element(i32 i, i32 j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static NOINLINE void times(double *out, const double *in, i32 n) {
    for (i32 i = 0; i < n; i++) {
        double sum = 0;
        for (i32 j = 0; j < n; j++) sum += element(i, j) * in[j];
        out[i] = sum;
    }
}

static NOINLINE void transposed_times(double *out, const double *in, i32 n) {
    for (i32 i = 0; i < n; i++) {
        double sum = 0;
        for (i32 j = 0; j < n; j++) sum += element(j, i) * in[j];
        out[i] = sum;
    }
}

u64 run(i32 n) {
    for (i32 i = 0; i < n; i++) u[i] = 1;
    for (i32 i = 0; i < 10; i++) {
        times(t, u, n), transposed_times(v, t, n);
        times(t, v, n), transposed_times(u, t, n);
    }
    double uv = 0, vv = 0;
    for (i32 i = 0; i < n; i++) uv += u[i] * v[i], vv += v[i] * v[i];
    return bits(__builtin_sqrt(uv / vv));
}
