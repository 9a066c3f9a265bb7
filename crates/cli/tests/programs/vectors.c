/* The same computations with vector instructions and without: prints a line for each, with a checksum, and says
 * if the two differ. Built by vectors.sh. */
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <wasm_simd128.h>

enum { LENGTH = 1000 };

static uint8_t bytes[LENGTH], more[LENGTH];
static int16_t shorts[LENGTH];
static float floats[LENGTH];

static void say(const char *what, uint32_t vectors, uint32_t scalars) {
    char line[100];
    size_t n = strlen(what);
    memcpy(line, what, n);
    line[n++] = ' ';
    for (int shift = 28; shift >= 0; shift -= 4)
        line[n++] = "0123456789abcdef"[vectors >> shift & 15];
    if (vectors != scalars) {
        memcpy(line + n, " differs", 8);
        n += 8;
    }
    line[n++] = '\n';
    write(1, line, n);
}

static uint32_t hash(const void *data, size_t length) {
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < length; i++)
        sum = (sum ^ ((const uint8_t *)data)[i]) * 16777619u;
    return sum;
}

/* Bytes added with saturation, in steps of 16 and one by one. */
static void saturation(void) {
    uint8_t fast[LENGTH], slow[LENGTH];
    size_t i = 0;
    for (; i + 16 <= LENGTH; i += 16)
        wasm_v128_store(fast + i, wasm_u8x16_add_sat(wasm_v128_load(bytes + i), wasm_v128_load(more + i)));
    for (; i < LENGTH; i++)
        fast[i] = bytes[i] + more[i] > 255 ? 255 : bytes[i] + more[i];
    for (volatile size_t j = 0; j < LENGTH; j++)
        slow[j] = bytes[j] + more[j] > 255 ? 255 : bytes[j] + more[j];
    say("saturation", hash(fast, LENGTH), hash(slow, LENGTH));
}

/* The sum of products of shorts. */
static void products(void) {
    v128_t sums = wasm_i32x4_const_splat(0);
    size_t i = 0;
    for (; i + 8 <= LENGTH; i += 8)
        sums = wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(wasm_v128_load(shorts + i), wasm_v128_load(shorts + LENGTH - 8 - i)));
    uint32_t fast = wasm_i32x4_extract_lane(sums, 0) + wasm_i32x4_extract_lane(sums, 1) +
                    wasm_i32x4_extract_lane(sums, 2) + wasm_i32x4_extract_lane(sums, 3);
    uint32_t slow = 0;
    for (volatile size_t j = 0; j < LENGTH; j++) {
        size_t group = j / 8 * 8;
        slow += (int32_t)shorts[j] * shorts[LENGTH - 8 - group + j % 8];
    }
    say("products", fast, slow);
}

/* The bytes in another order, and how many are equal to their neighbours. */
static void order(void) {
    uint8_t fast[LENGTH], slow[LENGTH];
    uint32_t fast_equal = 0, slow_equal = 0;
    size_t whole = LENGTH / 16 * 16;
    for (size_t i = 0; i < whole; i += 16) {
        v128_t v = wasm_v128_load(bytes + i);
        v128_t w = wasm_i8x16_shuffle(v, v, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        wasm_v128_store(fast + i, w);
        fast_equal += __builtin_popcount(wasm_i8x16_bitmask(wasm_i8x16_eq(v, w)));
    }
    for (volatile size_t j = 0; j < whole; j++) {
        slow[j] = bytes[j / 16 * 16 + 15 - j % 16];
        slow_equal += slow[j] == bytes[j];
    }
    say("order", hash(fast, whole) + fast_equal, hash(slow, whole) + slow_equal);
}

/* Square roots and comparisons of floats; lanes are chosen by masks. */
static void roots(void) {
    float fast[LENGTH], slow[LENGTH];
    for (size_t i = 0; i < LENGTH; i += 4) {
        v128_t v = wasm_v128_load(floats + i);
        v128_t root = wasm_f32x4_sqrt(wasm_f32x4_abs(v));
        wasm_v128_store(fast + i, wasm_v128_bitselect(root, wasm_f32x4_neg(root), wasm_f32x4_ge(v, wasm_f32x4_const_splat(0))));
    }
    for (volatile size_t j = 0; j < LENGTH; j++) {
        float root = __builtin_sqrtf(__builtin_fabsf(floats[j]));
        slow[j] = floats[j] >= 0 ? root : -root;
    }
    say("roots", hash(fast, sizeof fast), hash(slow, sizeof slow));
}

/* What the compiler makes vectors of by itself. */
__attribute__((noinline)) static uint32_t differences(const int16_t *a, size_t n) {
    uint32_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (a[i] < 0 ? -a[i] : a[i]) << (i & 3);
    return sum;
}

static void automatic(void) {
    uint32_t slow = 0;
    for (volatile size_t j = 0; j < LENGTH; j++)
        slow += (shorts[j] < 0 ? -shorts[j] : shorts[j]) << (j & 3);
    say("automatic", differences(shorts, LENGTH), slow);
}

int main(void) {
    uint32_t seed = 1;
    for (size_t i = 0; i < LENGTH; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = seed >> 24;
        more[i] = seed >> 16;
        shorts[i] = seed >> 12;
        floats[i] = (float)(int32_t)seed / 65536;
    }
    saturation();
    products();
    order();
    roots();
    automatic();
}
