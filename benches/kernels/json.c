// Writes a JSON document, then parses it by recursive descent, n times: branches on bytes, small functions.
#include "kernel.h"

#define SIZE 60000

static char text[SIZE];
static const char *at;
static u64 sum;
static u32 depth, values;

static char *put(char *out, const char *s) {
    while (*s) *out++ = *s++;
    return out;
}

static char *put_number(char *out, u32 value) {
    char digits[12];
    int count = 0;
    do digits[count++] = (char)('0' + value % 10), value /= 10; while (value);
    while (count) *out++ = digits[--count];
    return out;
}

static void generate(void) {
    u32 random = 4242;
    char *out = put(text, "{\"items\": [\n");
    for (u32 id = 0; out < text + SIZE - 300; id++) {
        if (id) out = put(out, ",\n");
        out = put(put_number(put(out, "  {\"id\": "), id), ", \"price\": ");
        out = put_number(out, next_random(&random) % 10000);
        *out++ = '.';
        out = put_number(out, 10 + next_random(&random) % 90);
        out = put(out, ", \"name\": \"item \\\"");
        for (u32 i = next_random(&random) % 12; i; i--) *out++ = (char)('a' + next_random(&random) % 26);
        out = put(out, "\\\" \\n\", \"tags\": [true, false, null, -");
        out = put_number(out, next_random(&random) % 500);
        out = put(out, "e2, \"x\"], \"nested\": {\"a\": {\"b\": []}}}");
    }
    put(out, "\n]}");
}

static void skip_space(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') at++;
}

static NOINLINE i32 parse_string(void) {
    u32 hash = 5381;
    for (at++; *at != '"'; at++) {
        if (!*at) return 0;
        if (*at == '\\') at++;
        hash = hash * 33 + (u8)*at;
    }
    at++;
    sum = mix(sum, hash);
    return 1;
}

static NOINLINE i32 parse_number(void) {
    i32 negative = *at == '-', exponent = 0;
    double value = 0, scale = 1;
    at += negative;
    while ((u32)(*at - '0') < 10) value = value * 10 + (*at++ - '0');
    if (*at == '.')
        for (at++; (u32)(*at - '0') < 10; at++) scale *= 0.1, value += scale * (*at - '0');
    if (*at == 'e' || *at == 'E')
        for (at++; (u32)(*at - '0') < 10; at++) exponent = exponent * 10 + (*at - '0');
    while (exponent--) value *= 10;
    sum = mix(sum, bits(negative ? -value : value));
    return 1;
}

static i32 parse_word(const char *word, u32 value) {
    while (*word)
        if (*at++ != *word++) return 0;
    sum = mix(sum, value);
    return 1;
}

static i32 parse_value(void);

static NOINLINE i32 parse_sequence(char close, i32 keyed) {
    at++;
    depth++;
    skip_space();
    while (*at != close) {
        if (keyed) {
            if (*at != '"' || !parse_string()) return 0;
            skip_space();
            if (*at++ != ':') return 0;
        }
        if (!parse_value()) return 0;
        skip_space();
        if (*at == ',') at++, skip_space();
        else if (*at != close) return 0;
    }
    at++;
    sum = mix(sum, depth--);
    return 1;
}

static NOINLINE i32 parse_value(void) {
    skip_space();
    values++;
    switch (*at) {
    case '{': return parse_sequence('}', 1);
    case '[': return parse_sequence(']', 0);
    case '"': return parse_string();
    case 't': return parse_word("true", 1);
    case 'f': return parse_word("false", 2);
    case 'n': return parse_word("null", 3);
    default: return (*at == '-' || (u32)(*at - '0') < 10) && parse_number();
    }
}

u64 run(i32 n) {
    generate();
    sum = 0, values = 0;
    for (i32 round = 0; round < n; round++) {
        at = text, depth = 0;
        if (!parse_value() || depth) return 0;
    }
    return mix(sum, values);
}
