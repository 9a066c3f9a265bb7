// Five bodies under gravity, n steps: doubles in memory, square roots and divisions.
#include "kernel.h"

typedef struct { double x, y, z, vx, vy, vz, mass; } Body;

static Body bodies[5];

static const Body initial[5] = {
    {0, 0, 0, 0, 0, 0, 40.0},
    {5.25, -1.25, -0.125, 0.625, 2.75, -0.0375, 0.0375},
    {8.5, 4.125, -0.375, -1.0, 1.875, 0.0125, 0.0125},
    {13.0, -15.0, -0.25, 1.125, 0.875, -0.0125, 0.00175},
    {15.5, -26.0, 0.1875, 1.0, 0.625, -0.0375, 0.002},
};

static NOINLINE void advance(double dt) {
    for (int i = 0; i < 5; i++) {
        Body *a = &bodies[i];
        for (int j = i + 1; j < 5; j++) {
            Body *b = &bodies[j];
            double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            double square = dx * dx + dy * dy + dz * dz;
            double force = dt / (square * __builtin_sqrt(square));
            a->vx -= dx * b->mass * force;
            a->vy -= dy * b->mass * force;
            a->vz -= dz * b->mass * force;
            b->vx += dx * a->mass * force;
            b->vy += dy * a->mass * force;
            b->vz += dz * a->mass * force;
        }
    }
    for (int i = 0; i < 5; i++) {
        Body *a = &bodies[i];
        a->x += dt * a->vx;
        a->y += dt * a->vy;
        a->z += dt * a->vz;
    }
}

u64 run(i32 n) {
    for (int i = 0; i < 5; i++) bodies[i] = initial[i];
    for (i32 step = 0; step < n; step++) advance(0.01);
    u64 sum = 0;
    for (int i = 0; i < 5; i++) sum = mix(mix(sum, bits(bodies[i].x)), bits(bodies[i].vz));
    return sum;
}
