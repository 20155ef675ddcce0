#ifndef REC_TOOL_H
#define REC_TOOL_H

#include <signal.h>

#include "base/opt.h"
#include "io/reader.h"
#include "io/writer.h"

/*
 * What every tool does the same way: options, help, operands, standard input and
 * output, messages, signals, progress, exit status.  A tool is a table of options, a
 * sentence and a run(); rec_tool_main() does the rest.
 */
enum {
    REC_TOOL_BINARY_OUT = 1, /* writes a container: never to a terminal without -f */
    REC_TOOL_MANY = 2,       /* takes any number of files, not just one */
    REC_TOOL_NO_INPUT = 4,   /* takes none */
    REC_TOOL_BLAS = 8        /* uses OpenBLAS */
};

/* What the common options and the operands said. */
struct rec_tool_args {
    const char *const *files; /* at least one; "-" is standard input */
    uint32_t n_files;
    const char *output; /* NULL: standard output */
    uint64_t level, threads, memory;
    bool quiet, force, help, version;
    int verbose, progress;
};

struct rec_tool {
    const char *name;
    const char *operands; /* "[FILE]" */
    const char *summary;  /* what it reads, does and writes; a few lines */
    const char *example;
    unsigned flags;
    const struct rec_opt *opts;
    size_t n_opts;
    enum rec_status (*run)(struct rec_err *err);
};

extern struct rec_tool_args rec_args;
extern const struct rec_tool *rec_tool; /* the one that runs */
enum { REC_TOOL_MAX_OPTS = 64 };        /* its own and the common ones */

/* Parses, runs, reports; returns the exit status. */
int rec_tool_main(const struct rec_tool *tool, int argc, char **argv);

/* A line on stderr: rec_warn() unless -q, rec_note() only with -v. */
void rec_warn(const char *fmt, ...) REC_PRINTF(1, 2);
void rec_note(const char *fmt, ...) REC_PRINTF(1, 2);

/*
 * The progress line: "TEXT  37%  1.2 s left", at most five times a second, if
 * --progress allows it.  DONE == TOTAL ends the line.
 */
void rec_progress(const char *text, double done, double total);
/* A newline, if a progress line is without one. */
void rec_progress_end(void);

/*
 * For a work that can be gone on with.  While ON, the first INT, TERM or HUP only sets
 * rec_stop to its number, and the tool fails with a sentence when it has saved what
 * there is; rec_tool_main() then dies of the signal, with status 128 + n.  A second one
 * ends it at once.
 */
extern volatile sig_atomic_t rec_stop;
void rec_catch_stop(bool on);

/* REC_EUSAGE if standard output is a terminal, binary data are due there and -f was not
 * given.  Done for every REC_TOOL_BINARY_OUT. */
enum rec_status rec_refuse_terminal(struct rec_err *err) REC_MUST_USE;

/* For a further file that an option names to be written: REC_EUSAGE if it is the input
 * or the output.  PATH may be NULL. */
enum rec_status rec_check_side_file(const char *option, const char *path,
                                    struct rec_err *err) REC_MUST_USE;

/*
 * A stage from a stream to a stream.  WANT says what it needs of the input and what it
 * leaves out; MAKE, called when the input has been read to its END and relayed, writes
 * its sections.  Then the provenance of this run and END follow.  CTX is the tool's
 * own.
 */
struct rec_stage {
    enum rec_status (*want)(struct rec_reader *r, void *ctx, struct rec_err *err);
    enum rec_status (*make)(struct rec_reader *r, struct rec_writer *w, void *ctx,
                            struct rec_err *err);
};
enum rec_status rec_stage_run(const struct rec_stage *stage, void *ctx,
                              struct rec_err *err) REC_MUST_USE;

/* The options of this run that change its result, but for the one named EXCEPT (or
 * NULL), as provenance has them, with a NUL behind. */
enum rec_status rec_record_options(const char *except, struct rec_buf *out,
                                   struct rec_err *err) REC_MUST_USE;

/*
 * Appends the provenance of this run (INPUT is the digest of what it read) and ends the
 * stream.  R is NULL for a first stage.  W is freed whatever the result.
 */
enum rec_status rec_stage_finish(const struct rec_reader *r, struct rec_writer *w,
                                 uint64_t input, struct rec_err *err) REC_MUST_USE;

#endif
