// Compresses 64 KiB with a hash table of earlier matches, and expands it again, n times.
#include "kernel.h"

#define SIZE 65536
#define HASH_BITS 13

static u8 input[SIZE + 8], packed[SIZE * 2], output[SIZE + 8];
static u32 heads[1 << HASH_BITS];

static inline u32 word(const u8 *p) {
    u32 out;
    __builtin_memcpy(&out, p, 4);
    return out;
}

static u8 *put_length(u8 *out, u32 length) {
    for (; length >= 128; length >>= 7) *out++ = (u8)(length | 128);
    *out++ = (u8)length;
    return out;
}

static const u8 *get_length(const u8 *in, u32 *length) {
    u32 result = 0, shift = 0;
    u8 byte;
    do byte = *in++, result |= (u32)(byte & 127) << shift, shift += 7; while (byte & 128);
    *length = result;
    return in;
}

// A packed stream is a sequence of: length of literals, literals, length of match, distance.
static NOINLINE u32 pack(const u8 *in, u32 size, u8 *start) {
    u8 *out = start;
    u32 at = 0, pending = 0;
    for (u32 i = 0; i < 1 << HASH_BITS; i++) heads[i] = ~0u;
    while (at + 4 <= size) {
        u32 hash = word(in + at) * 2654435761u >> (32 - HASH_BITS);
        u32 earlier = heads[hash];
        heads[hash] = at;
        if (earlier == ~0u || word(in + earlier) != word(in + at)) {
            at++;
            continue;
        }
        u32 length = 4;
        while (at + length < size && in[earlier + length] == in[at + length]) length++;
        out = put_length(out, at - pending);
        while (pending < at) *out++ = in[pending++];
        out = put_length(out, length);
        out = put_length(out, at - earlier);
        at += length;
        pending = at;
    }
    out = put_length(out, size - pending);
    while (pending < size) *out++ = in[pending++];
    return (u32)(out - start);
}

static NOINLINE u32 unpack(const u8 *in, u32 size, u8 *start) {
    const u8 *end = in + size;
    u8 *out = start;
    for (;;) {
        u32 length, distance;
        in = get_length(in, &length);
        while (length--) *out++ = *in++;
        if (in >= end) return (u32)(out - start);
        in = get_length(in, &length);
        in = get_length(in, &distance);
        const u8 *from = out - distance;
        while (length--) *out++ = *from++;
    }
}

u64 run(i32 n) {
    u32 random = 7;
    for (u32 i = 0; i < SIZE;) {
        u32 r = next_random(&random);
        if (i < 300 || r % 5 == 0) {
            input[i++] = (u8)(r >> 24);
        } else {
            u32 from = (r >> 3) % (i - 40), length = 4 + (r >> 20) % 30;
            while (length-- && i < SIZE) input[i++] = input[from++];
        }
    }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        input[(u32)round * 977 % SIZE] ^= (u8)(round + 1);
        u32 size = pack(input, SIZE, packed);
        if (unpack(packed, size, output) != SIZE) return 0;
        for (u32 i = 0; i < SIZE; i++)
            if (input[i] != output[i]) return 0;
        sum = mix(sum, size);
    }
    return sum;
}
