// Work of a text tool on 32 KiB, n times: copy, measure, compare, search, reverse, change case; with loops of
// single bytes as well as bulk memory instructions.
#include "kernel.h"

#define SIZE 32768

static char text[SIZE + 1], copy[SIZE + 1];

static NOINLINE u32 length(const char *s) {
    const char *p = s;
    while (*p) p++;
    return (u32)(p - s);
}

static NOINLINE i32 compare(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return (u8)*a - (u8)*b;
}

static NOINLINE void copy_bytes(char *to, const char *from) {
    while ((*to++ = *from++)) {}
}

static NOINLINE void reverse(char *s, u32 size) {
    for (char *a = s, *b = s + size - 1; a < b; a++, b--) {
        char t = *a;
        *a = *b;
        *b = t;
    }
}

static NOINLINE u32 words(const char *s) {
    u32 count = 0, inside = 0;
    for (; *s; s++) {
        u32 letter = (u32)((*s | 32) - 'a') < 26;
        count += letter & !inside;
        inside = letter;
    }
    return count;
}

static NOINLINE void upper(char *s) {
    for (; *s; s++)
        if ((u32)(*s - 'a') < 26) *s -= 32;
}

static NOINLINE u32 find(const char *hay, const char *needle) {
    u32 found = 0;
    for (; *hay; hay++) {
        u32 i = 0;
        while (needle[i] && hay[i] == needle[i]) i++;
        found += !needle[i];
    }
    return found;
}

u64 run(i32 n) {
    u32 random = 99;
    for (u32 i = 0; i < SIZE; i++) {
        u32 r = next_random(&random) % 32;
        text[i] = r < 26 ? (char)('a' + r) : ' ';
    }
    u64 sum = 0;
    for (i32 round = 0; round < n; round++) {
        copy_bytes(copy, text);
        copy[round % SIZE] = 'Q';
        sum = mix(sum, (u64)(i64)compare(text, copy));
        reverse(copy, length(copy));
        sum = mix(sum, words(copy));
        sum = mix(sum, find(copy, "abc"));
        upper(copy);
        sum = mix(sum, (u8)copy[round * 37 % SIZE]);
        __builtin_memmove(text + 1, text, SIZE - 1);
        __builtin_memset(text, 'a' + round % 26, 16);
    }
    return sum;
}
