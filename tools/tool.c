#include "tools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "base/par.h"
#include "base/version.h"

enum { DEFAULT_LEVEL = 1 };

struct rec_tool_args rec_args = { .level = DEFAULT_LEVEL };

const struct rec_tool *rec_tool;

static const struct rec_opt common[] = {
    { "output", 'o', REC_OPT_TEXT, &rec_args.output, "FILE",
      "write FILE when all is done", 0, 0, false },
    { "threads", 'T', REC_OPT_COUNT, &rec_args.threads, "N",
      "threads, 0 = all processors; never changes the result", 0, 1024, false },
    { "memory", 'M', REC_OPT_SIZE, &rec_args.memory, "SIZE",
      "bound on memory, e.g. 512M; 0 = none", 0, 0, false },
    { "compress", 'z', REC_OPT_COUNT, &rec_args.level, "0..9", "zlib level of files", 0,
      9, false },
    { "force", 'f', REC_OPT_FLAG, &rec_args.force, NULL,
      "write binary data to a terminal", 0, 0, false },
    { "progress", 0, REC_OPT_CHOICE, &rec_args.progress, "auto|always|never",
      "a progress line", 0, 0, false },
    { "quiet", 'q', REC_OPT_FLAG, &rec_args.quiet, NULL,
      "no warnings; a progress line only if asked for", 0, 0, false },
    { "verbose", 'v', REC_OPT_COUNTED, &rec_args.verbose, NULL, "say what is done", 0,
      0, false },
    { "help", 'h', REC_OPT_FLAG, &rec_args.help, NULL, "this help", 0, 0, false },
    { "version", 'V', REC_OPT_FLAG, &rec_args.version, NULL, "the version", 0, 0,
      false },
};

enum { N_COMMON = sizeof common / sizeof *common };

/* ---- signals ---- */

static void on_signal(int signal)
{
    rec_out_remove_temporaries();
    (void)raise(signal); /* SA_RESETHAND: dies of it, with status 128 + n */
}

volatile sig_atomic_t rec_stop;

static void on_stop(int number)
{
    if (rec_stop != 0) { /* the second: at once */
        (void)signal(number, SIG_DFL);
        on_signal(number);
    }
    rec_stop = number;
}

static void handle(void (*handler)(int), int flags)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction before;

        /* nohup's and a background job's "ignore" stays */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(signals[i], &action, NULL);
    }
}

static void catch_signals(void)
{
    (void)signal(SIGXFSZ, SIG_IGN); /* a file too large is a failed write */
    handle(on_signal, (int)SA_RESETHAND);
}

void rec_catch_stop(bool on)
{
    handle(on ? on_stop : on_signal, on ? SA_RESTART : (int)SA_RESETHAND);
}

/* ---- options and operands ---- */

static void print_help(const struct rec_opt *opts, size_t n_own)
{
    printf("usage: %s [options]%s%s\n\n%s\n\noptions (default in parentheses):\n",
           rec_tool->name, rec_tool->operands[0] != '\0' ? " " : "", rec_tool->operands,
           rec_tool->summary);
    rec_opt_help(opts, n_own, stdout);
    rec_opt_help(opts + n_own, N_COMMON, stdout);
    printf("\nexample: %s\n", rec_tool->example);
}

/* A is a path; B an operand, "-" for standard input. */
static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    bool is_stdin = strcmp(b, "-") == 0;

    return stat(a, &x) == 0 &&
           (is_stdin ? fstat(STDIN_FILENO, &y) : stat(b, &y)) == 0 &&
           x.st_dev == y.st_dev && x.st_ino == y.st_ino && S_ISREG(x.st_mode);
}

static enum rec_status check_operands(int n, char **operands, struct rec_err *err)
{
    static const char *const from_stdin[] = { "-" };
    bool takes_none = (rec_tool->flags & REC_TOOL_NO_INPUT) != 0;
    int n_stdin = 0;

    if (takes_none && n > 0)
        return rec_fail(err, REC_EUSAGE, "takes no operand: '%s'", operands[0]);
    if (!(rec_tool->flags & REC_TOOL_MANY) && n > 1)
        return rec_fail(err, REC_EUSAGE, "takes one file: '%s' is one too many",
                        operands[1]);
    rec_args.files = n > 0 ? (const char *const *)operands : from_stdin;
    rec_args.n_files = n > 0 ? (uint32_t)n : 1;
    for (uint32_t i = 0; i < rec_args.n_files && !takes_none; i++) {
        const char *file = rec_args.files[i];

        if (strcmp(file, "-") == 0 && isatty(STDIN_FILENO))
            return rec_fail(err, REC_EUSAGE,
                            "standard input is a terminal; -h for help");
        if (strcmp(file, "-") == 0 && n_stdin++ > 0)
            return rec_fail(err, REC_EUSAGE, "standard input is named twice");
        if (rec_args.output != NULL && same_file(rec_args.output, file))
            return rec_fail(err, REC_EUSAGE, "%s is the input: write another file",
                            strcmp(file, "-") == 0 ? rec_args.output : file);
    }
    return REC_OK;
}

enum rec_status rec_refuse_terminal(struct rec_err *err)
{
    if (rec_args.output == NULL && !rec_args.force && isatty(STDOUT_FILENO))
        return rec_fail(err, REC_EUSAGE,
                        "binary data for a terminal: use a pipe, -o FILE, or -f");
    return REC_OK;
}

enum rec_status rec_check_side_file(const char *option, const char *path,
                                    struct rec_err *err)
{
    if (path == NULL)
        return REC_OK;
    if (strcmp(path, "-") == 0)
        return rec_fail(err, REC_EUSAGE, "--%s: standard output is taken; name a file",
                        option);
    for (uint32_t i = 0; i < rec_args.n_files; i++)
        if (same_file(path, rec_args.files[i]))
            return rec_fail(err, REC_EUSAGE, "--%s: %s is the input", option, path);
    if (rec_args.output != NULL &&
        (strcmp(path, rec_args.output) == 0 || same_file(path, rec_args.output)))
        return rec_fail(err, REC_EUSAGE, "--%s: %s is the output", option, path);
    return REC_OK;
}

static enum rec_status check_output(struct rec_err *err)
{
    if (rec_args.output != NULL && strcmp(rec_args.output, "-") == 0)
        rec_args.output = NULL;
    return rec_tool->flags & REC_TOOL_BINARY_OUT ? rec_refuse_terminal(err) : REC_OK;
}

static enum rec_status apply_threads(struct rec_err *err)
{
    const char *env = getenv("REC_THREADS");

    if (rec_args.threads == 0 && env != NULL &&
        (!rec_parse_u64(env, strlen(env), &rec_args.threads) ||
         rec_args.threads > 1024))
        return rec_fail(err, REC_EUSAGE, "REC_THREADS is '%s', not a number in 0..1024",
                        env);
    rec_par_set_threads((unsigned)rec_args.threads);
    return REC_OK;
}

/* Text that could not be written must not pass for success. */
static enum rec_status close_stdout(struct rec_err *err)
{
    int failed = ferror(stdout);

    if (fflush(stdout) != 0 || failed || (close(STDOUT_FILENO) != 0 && errno != EBADF))
        return rec_fail_errno(err, "stdout: cannot write");
    return REC_OK;
}

static enum rec_status run(const struct rec_opt *opts, int argc, char **argv,
                           struct rec_err *err)
{
    int first = 0;
    enum rec_status st =
        rec_opt_parse(opts, rec_tool->n_opts + N_COMMON, argc, argv, &first, err);

    if (st != REC_OK)
        return st;
    if (rec_args.help || rec_args.version) {
        if (rec_args.help)
            print_help(opts, rec_tool->n_opts);
        else
            printf("%s (rec) %s\n", rec_tool->name, REC_VERSION);
        return close_stdout(err);
    }
    st = check_operands(argc - first, argv + first, err);
    if (st == REC_OK)
        st = check_output(err);
    if (st == REC_OK)
        st = apply_threads(err);
    if (st != REC_OK)
        return st;
    rec_mem_limit(rec_args.memory);
    catch_signals();
    st = rec_tool->run(err);
    if (st == REC_OK)
        st = close_stdout(err);
    rec_note("peak memory %.1f MiB", (double)rec_mem_peak() / 1048576.0);
    return st;
}

/*
 * A descriptor of 0, 1, 2 that came closed would be given to the next file opened, and
 * words for stderr would land in it.  Opened the wrong way round, it still fails to
 * read or write.
 */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            _exit(REC_ESYSTEM);
}

/*
 * OpenBLAS starts a thread for each processor when it is loaded, and they spin: rows
 * are shared out by us, so none is wanted, whatever the environment asks for, and where
 * memory is limited (ulimit -v) they never end.  It reads its setting before main(): so
 * it is set, and the program started again.
 */
static void quieten_blas(char **argv)
{
    static const char setting[] = "OPENBLAS_NUM_THREADS";

    const char *is = getenv(setting);

    if ((is == NULL || strcmp(is, "1") != 0) && setenv(setting, "1", 1) == 0)
        (void)execv("/proc/self/exe", argv); /* if it cannot be: slower, not wrong */
}

int rec_tool_main(const struct rec_tool *the_tool, int argc, char **argv)
{
    struct rec_opt opts[REC_TOOL_MAX_OPTS];
    struct rec_err err = { "" };
    enum rec_status st;

    hold_standard_descriptors();
    rec_tool = the_tool;
    if (rec_tool->flags & REC_TOOL_BLAS)
        quieten_blas(argv);
    if (rec_tool->n_opts > 0)
        memcpy(opts, rec_tool->opts, rec_tool->n_opts * sizeof *opts);
    memcpy(opts + rec_tool->n_opts, common, sizeof common);
    st = run(opts, argc, argv, &err);
    rec_progress_end();
    if (st != REC_OK && err.text[0] != '\0')
        fprintf(stderr, "%s: %s\n", rec_tool->name, err.text);
    if (st != REC_OK && rec_stop != 0) {
        (void)signal(rec_stop, SIG_DFL);
        (void)raise(rec_stop);
    }
    return (int)st;
}
