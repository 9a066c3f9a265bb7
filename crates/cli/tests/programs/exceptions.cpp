// What C++ programs do with exceptions. Prints a line for each thing that happens. Built by exceptions.sh, in both
// encodings that compilers emit.
#include <exception>
#include <stdexcept>
#include <string.h>
#include <unistd.h>

static void say(const char *what, int number = -1) {
    char line[80];
    size_t n = 0;
    while (*what && n < 60)
        line[n++] = *what++;
    if (number >= 0) {
        line[n++] = ' ';
        char digits[10];
        int d = 0;
        do
            digits[d++] = '0' + number % 10;
        while (number /= 10);
        while (d)
            line[n++] = digits[--d];
    }
    line[n++] = '\n';
    write(1, line, n);
}

struct Base {
    virtual int kind() const { return 1; }
    virtual ~Base() {}
};
struct Derived : Base {
    int value;
    explicit Derived(int value) : value(value) {}
    int kind() const override { return value; }
};
struct Other {};

/// Says when it is destroyed.
struct Guard {
    const char *name;
    int number;
    ~Guard() { say(name, number); }
};

__attribute__((noinline)) static int thrower(int what) {
    Guard guard{"leaves thrower", what};
    switch (what) {
    case 0: throw std::runtime_error("a runtime error");
    case 1: throw Derived(5);
    case 2: throw 42;
    case 3: throw Other{};
    default: return what;
    }
}

/// Catches by type, by base class and everything.
__attribute__((noinline)) static int catcher(int what) {
    try {
        return thrower(what);
    } catch (const std::exception &error) {
        say(error.what());
        return 100;
    } catch (const Base &base) {
        say("a base of kind", base.kind());
        return 200;
    } catch (int number) {
        say("a number", number);
        return 300;
    } catch (...) {
        say("something");
        return 400;
    }
}

/// Recursion with a destructor in each frame; some frames catch and throw again.
__attribute__((noinline)) static int deep(int n, int *destroyed) {
    struct Count {
        int *count;
        ~Count() { ++*count; }
    } count{destroyed};
    if (n == 0)
        throw Derived(7);
    if (n % 100 == 0) {
        try {
            return deep(n - 1, destroyed) + 1;
        } catch (Base &) {
            *destroyed += 1000;
            throw;
        }
    }
    return deep(n - 1, destroyed) + 1;
}

struct Member {
    int n;
    Member(int n) : n(n) {
        if (n == 3)
            throw n;
    }
    ~Member() { say("destroys member", n); }
};
struct Whole {
    Member a, b, c;
    Whole() : a(1), b(2), c(3) {}
};

__attribute__((noinline)) static double half(double x) {
    if (x < 1)
        throw x;
    return x / 2;
}

/// Numbers that change in a loop whose body throws now and then.
static void loops() {
    double sum = 0;
    long long steps = 0;
    for (int i = 0; i < 20000; i++) {
        double x = i % 64;
        try {
            for (;;) {
                x = half(x);
                sum += x;
                steps++;
            }
        } catch (double rest) {
            sum += rest;
        }
    }
    say("steps", (int)steps);
    say("sum", (int)sum);
}

int main() {
    for (int what = 0; what < 5; what++)
        say("returns", catcher(what));

    int destroyed = 0;
    try {
        deep(1000, &destroyed);
    } catch (const Derived &derived) {
        say("deep", derived.value);
        say("destroyed", destroyed);
    }

    try {
        Whole whole;
    } catch (int n) {
        say("a constructor threw", n);
    }

    try {
        try {
            throw std::out_of_range("inner");
        } catch (std::exception &error) {
            Guard guard{"leaves clause", 1};
            throw std::logic_error("outer");
        }
    } catch (std::logic_error &error) {
        say(error.what());
    }

    loops();
    return 0;
}
