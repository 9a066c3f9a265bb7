// Shades n x n rays against a few spheres: single-precision floating point.
#include "kernel.h"

typedef struct { float x, y, z; } Vector;
typedef struct { Vector center; float radius, shade; } Sphere;

static const Sphere spheres[] = {
    {{0, 0, 5}, 1, 0.9f}, {{1.5f, 0.5f, 4}, 0.5f, 0.5f}, {{-1.25f, -0.25f, 3.5f}, 0.75f, 0.7f}, {{0, -101, 5}, 100, 0.3f},
};
#define COUNT (sizeof spheres / sizeof *spheres)

static float dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static Vector subtract(Vector a, Vector b) { return (Vector){a.x - b.x, a.y - b.y, a.z - b.z}; }
static Vector along(Vector a, Vector d, float t) { return (Vector){a.x + d.x * t, a.y + d.y * t, a.z + d.z * t}; }
static Vector unit(Vector a) {
    float scale = 1 / __builtin_sqrtf(dot(a, a));
    return (Vector){a.x * scale, a.y * scale, a.z * scale};
}

// The distance along the ray to the nearest sphere, whose number goes to `hit`.
static NOINLINE float trace(const Vector *from, const Vector *direction, u32 *hit) {
    float nearest = 1e9f;
    for (u32 i = 0; i < COUNT; i++) {
        Vector to = subtract(*from, spheres[i].center);
        float b = dot(to, *direction), c = dot(to, to) - spheres[i].radius * spheres[i].radius;
        float root = b * b - c;
        if (root < 0) continue;
        float t = -b - __builtin_sqrtf(root);
        if (t > 0.001f && t < nearest) nearest = t, *hit = i;
    }
    return nearest;
}

static float shade(Vector from, Vector direction) {
    static const Vector light = {0.57735f, 0.57735f, -0.57735f};
    u32 hit = 0, unused;
    float t = trace(&from, &direction, &hit);
    if (t >= 1e9f) return 0.1f;
    Vector point = along(from, direction, t);
    float lit = dot(unit(subtract(point, spheres[hit].center)), light);
    if (lit < 0 || trace(&point, &light, &unused) < 1e9f) lit = 0;
    return spheres[hit].shade * (0.2f + 0.8f * lit);
}

u64 run(i32 n) {
    u64 sum = 0;
    for (i32 y = 0; y < n; y++)
        for (i32 x = 0; x < n; x++) {
            Vector direction = unit((Vector){2.0f * x / n - 1, 1 - 2.0f * y / n, 1.5f});
            sum = mix(sum, (u32)(255 * shade((Vector){0, 0, 0}, direction)));
        }
    return sum;
}
