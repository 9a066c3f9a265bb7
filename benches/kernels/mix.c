// A bit of everything that embedded programs do, n times: a linked list that is searched, sorted and reversed,
// a matrix of 16-bit numbers, a state machine over text; all results go through a CRC-16.
#include "kernel.h"

#define ITEMS 200
#define SIZE 12

typedef struct Item { struct Item *next; i16 key, data; } Item;

static Item pool[ITEMS];
static i16 a[SIZE][SIZE], b[SIZE][SIZE];
static i32 c[SIZE][SIZE];
static const char numbers[] = "5012,-874,+122,12.5,-110.700,.1234500,-.1,+5.5e3,1e-12,0x8e,T0.3e-1F,87.3E+1,x,--1,7..3,";

static u16 crc_byte(u8 byte, u16 crc) {
    for (int i = 0; i < 8; i++) {
        u32 carry = (byte ^ crc) & 1;
        byte >>= 1, crc >>= 1;
        if (carry) crc ^= 0xa001;
    }
    return crc;
}

static u16 crc_word(u32 word, u16 crc) {
    for (int i = 0; i < 4; i++) crc = crc_byte((u8)(word >> (8 * i)), crc);
    return crc;
}

static NOINLINE Item *find(Item *list, i16 key) {
    while (list && list->key != key) list = list->next;
    return list;
}

static NOINLINE Item *reverse(Item *list) {
    Item *out = 0;
    while (list) {
        Item *next = list->next;
        list->next = out, out = list, list = next;
    }
    return out;
}

typedef i32 (*Order)(const Item *, const Item *);
static i32 by_key(const Item *x, const Item *y) { return x->key - y->key; }
static i32 by_data(const Item *x, const Item *y) { return x->data - y->data; }

// Merge sort of the list, bottom up.
static NOINLINE Item *sort(Item *list, Order order) {
    for (u32 width = 1;; width *= 2) {
        Item *rest = list, *tail = 0;
        u32 merges = 0;
        list = 0;
        while (rest) {
            Item *left = rest, *right = rest;
            u32 lefts = 0, rights = width;
            merges++;
            while (lefts < width && right) lefts++, right = right->next;
            while (lefts || (rights && right)) {
                Item *taken;
                if (lefts && (!rights || !right || order(left, right) <= 0))
                    taken = left, left = left->next, lefts--;
                else
                    taken = right, right = right->next, rights--;
                if (tail) tail->next = taken;
                else list = taken;
                tail = taken;
            }
            rest = right;
        }
        if (tail) tail->next = 0;
        if (merges <= 1) return list;
    }
}

static NOINLINE u16 lists(u32 seed, u16 crc) {
    for (u32 i = 0; i < ITEMS; i++) {
        pool[i].next = i + 1 < ITEMS ? &pool[i + 1] : 0;
        pool[i].key = (i16)i;
        pool[i].data = (i16)(next_random(&seed) & 0x7fff);
    }
    Item *list = &pool[0];
    for (i16 key = 0; key < ITEMS; key += 5) {
        Item *item = find(list, key);
        if (item) crc = crc_word((u16)item->data, crc);
        list = reverse(list);
    }
    list = sort(list, by_data);
    crc = crc_word((u16)list->key, crc);
    list = sort(list, by_key);
    return crc_word((u16)list->next->data, crc);
}

static NOINLINE u16 matrices(u32 seed, u16 crc) {
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) a[i][j] = (i16)(seed + i * j), b[i][j] = (i16)(seed * 3 + i - j);
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            i32 sum = 0;
            for (int k = 0; k < SIZE; k++) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
    i32 total = 0, last = 0;
    for (int i = 0; i < SIZE; i++)
        for (int j = 0; j < SIZE; j++) {
            total += c[i][j] > last ? 10 : (c[i][j] >> 4 & 15) * (c[i][j] >> 9 & 127);
            last = c[i][j];
        }
    return crc_word((u32)total, crc);
}

enum State { START, INVALID, SIGN, INTEGER, FLOAT, EXPONENT, SCIENTIFIC, STATES };

static inline i32 digit(u8 byte) { return (u32)(byte - '0') < 10; }

static enum State step(enum State state, u8 byte) {
    switch (state) {
    case START: return digit(byte) ? INTEGER : byte == '+' || byte == '-' ? SIGN : byte == '.' ? FLOAT : INVALID;
    case SIGN: return digit(byte) ? INTEGER : byte == '.' ? FLOAT : INVALID;
    case INTEGER: return digit(byte) ? INTEGER : byte == '.' ? FLOAT : byte == 'e' || byte == 'E' ? EXPONENT : INVALID;
    case FLOAT: return digit(byte) ? FLOAT : byte == 'e' || byte == 'E' ? EXPONENT : INVALID;
    case EXPONENT: return byte == '+' || byte == '-' || digit(byte) ? SCIENTIFIC : INVALID;
    case SCIENTIFIC: return digit(byte) ? SCIENTIFIC : INVALID;
    default: return INVALID;
    }
}

static NOINLINE u16 states(u32 seed, u16 crc) {
    u32 finals[STATES] = {0};
    enum State state = START;
    for (u32 round = 0; round < 4; round++)
        for (u32 i = 0; i + 1 < sizeof numbers; i++) {
            u8 byte = (u8)numbers[i];
            if (byte == ',') finals[state]++, state = START;
            else if ((i ^ seed) % 61) state = step(state, byte);
        }
    for (int i = 0; i < STATES; i++) crc = crc_word(finals[i], crc);
    return crc;
}

u64 run(i32 n) {
    u16 crc = 0;
    u64 sum = 0;
    for (i32 round = 1; round <= n; round++) {
        crc = lists((u32)round, crc);
        crc = matrices((u32)round, crc);
        crc = states((u32)round, crc);
        sum = mix(sum, crc);
    }
    return sum;
}
