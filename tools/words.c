#include "tools/tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Words on stderr. */

enum progress { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

static bool line_is_open; /* a progress line without its newline */

void rec_progress_end(void)
{
    if (line_is_open)
        fputc('\n', stderr);
    line_is_open = false;
}

static void say(const char *fmt, va_list ap)
{
    rec_progress_end();
    fprintf(stderr, "%s: ", rec_tool->name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void rec_warn(const char *fmt, ...)
{
    va_list ap;

    if (rec_args.quiet)
        return;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

void rec_note(const char *fmt, ...)
{
    va_list ap;

    if (rec_args.verbose == 0)
        return;
    va_start(ap, fmt);
    say(fmt, ap);
    va_end(ap);
}

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void rec_progress(const char *text, double done, double total)
{
    static double start, last;
    double now = now_s();
    bool ends = done >= total;

    if (rec_args.progress == PROGRESS_NEVER ||
        (rec_args.progress == PROGRESS_AUTO &&
         (rec_args.quiet || !isatty(STDERR_FILENO))))
        return;
    if (start == 0.0)
        start = now;
    if (!ends && now - last < 0.2)
        return;
    last = now;
    line_is_open = true;
    fprintf(stderr, "\r%s: %s  %3.0f%%  %.1f s left \033[K", rec_tool->name, text,
            100.0 * done / total,
            done > 0.0 ? (now - start) * (total - done) / done : 0.0);
    if (ends)
        rec_progress_end();
    fflush(stderr);
}
