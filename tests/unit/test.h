#ifndef REC_TEST_H
#define REC_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A test program calls RUN() for each of its tests and ends in `return test_end();`.
 * It prints TAP and fails if a test failed.  CHECK() and test_fail() may stand in
 * helpers too: a failed check leaves the whole test, and the next one is run.
 */
static struct {
    unsigned n, n_failed;
    bool in_child;
    jmp_buf leave;
    char why[1400];
} test;

#define RUN(fn) test_run(#fn, fn)
#define CHECK(what) test_check((what), __FILE__, __LINE__, #what)
/* The same with a printf format that tells which case it was. */
#define CHECKF(what, ...) \
    ((what) ? (void)0 : test_fail(__FILE__, __LINE__, #what ": " __VA_ARGS__))

__attribute__((format(printf, 3, 4), noreturn, unused)) static void test_fail(
    const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    int n = snprintf(test.why, sizeof test.why, "%s:%d: ", file, line);

    va_start(ap, fmt);
    (void)vsnprintf(test.why + n, sizeof test.why - (size_t)n, fmt, ap);
    va_end(ap);
    for (char *p = test.why; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' ';
    if (test.in_child) {
        printf("# in a child: %s\n", test.why);
        (void)fflush(stdout);
        _exit(1);
    }
    longjmp(test.leave, 1);
}

static inline void test_check(bool ok, const char *file, int line, const char *what)
{
    if (!ok)
        test_fail(file, line, "%s", what);
}

static inline void test_run(const char *name, void (*fn)(void))
{
    bool ok = setjmp(test.leave) == 0;

    if (ok)
        fn();
    test.n++;
    test.n_failed += !ok;
    printf("%sok %u - %s\n", ok ? "" : "not ", test.n, name);
    if (!ok)
        printf("# %s\n", test.why);
    (void)fflush(stdout);
}

static inline int test_end(void)
{
    printf("1..%u\n", test.n);
    (void)fflush(stdout);
    return test.n_failed > 0;
}

/* Whether FN comes to its end in a child process: for what might crash. */
static inline bool test_survives(void (*fn)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        test.in_child = true;
        fn();
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* Random numbers that owe nothing to the code under test (splitmix64). */
static inline uint64_t test_random(uint64_t *state)
{
    uint64_t x = *state += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

#endif
