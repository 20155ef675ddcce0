#ifndef REC_OPT_H
#define REC_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/status.h"

/*
 * One table parses the options, checks them, prints the help and records in the
 * provenance those that change the result.  VALUE points to the default, which the
 * parser overwrites.
 */
enum rec_opt_kind {
    REC_OPT_FLAG,   /* bool */
    REC_OPT_TEXT,   /* const char *, NULL = not given */
    REC_OPT_FILE,   /* the same, a file to read: recorded without its folders */
    REC_OPT_TEXTS,  /* struct rec_opt_texts, one more each time; never recorded */
    REC_OPT_COUNT,  /* uint64_t in lo..hi */
    REC_OPT_REAL,   /* double in lo..hi; NaN as a default is left open, not shown */
    REC_OPT_SIZE,   /* uint64_t bytes, K M G T */
    REC_OPT_CHOICE, /* int, index into the words of ARG, split at '|' */
    REC_OPT_COUNTED /* int, one more each time the option is given */
};

enum { REC_OPT_MAX_TEXTS = 64 };

struct rec_opt_texts {
    size_t n;
    const char *text[REC_OPT_MAX_TEXTS];
};

struct rec_opt {
    const char *name; /* long name without the dashes */
    char letter;      /* short name, or 0 */
    enum rec_opt_kind kind;
    void *value;
    const char *arg;  /* what the help calls the argument */
    const char *help; /* NULL: the next option explains both, on the same line */
    double lo, hi;    /* range of COUNT and REAL; both 0: any */
    bool recorded;    /* changes the result */
};

/*
 * Parses ARGV (getopt_long: operands and options may be mixed, "--" ends options).
 * On return argv[*first_operand ..] are the operands.  REC_EUSAGE on an unknown
 * option, a missing argument or a value out of range.
 */
enum rec_status rec_opt_parse(const struct rec_opt *opts, size_t n, int argc,
                              char **argv, int *first_operand,
                              struct rec_err *err) REC_MUST_USE;

/* Whether the last rec_opt_parse() met the option of this long name. */
bool rec_opt_given(const char *name);

/* Two columns, defaults included, one option a line, or several that have one help. */
void rec_opt_help(const struct rec_opt *opts, size_t n, FILE *out);

/* Appends "--name value ..." of the recorded options, quoted for a shell. */
enum rec_status rec_opt_record(const struct rec_opt *opts, size_t n,
                               struct rec_buf *out, struct rec_err *err) REC_MUST_USE;

#endif
