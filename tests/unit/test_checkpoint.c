/* checkpoint: a training that is stopped and gone on with */
#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "io/reader.h"
#include "unit/files.h"
#include "unit/training.h"

static volatile sig_atomic_t stop_now;

struct watch {
    uint64_t stop_at; /* ask for the end after this epoch */
};

static enum rec_status report(void *ctx, const struct rec_train_epoch *e,
                              struct rec_err *er)
{
    const struct watch *w = ctx;

    (void)er;
    stop_now = e->epoch == w->stop_at;
    return REC_OK;
}

/* Worsens from epoch 20 on. */
static double metric(void *ctx, const struct rec_learner *l)
{
    static const uint32_t user[] = { 1 }, item[] = { 2 };
    const struct rec_ratings x = { .n = 1, .user = user, .item = item };

    (void)ctx;
    return fabs(l->rating(l->self, &x, 0) - 3.0);
}

static enum rec_status run(struct rec_graph *g, const struct rec_gcn_opts *o,
                           const struct rec_train_opts *t, uint64_t stop_at,
                           struct rec_gcn_learner *x, struct rec_train_log *log)
{
    struct watch w = { stop_at };
    struct rec_train_hooks hooks = { metric, NULL, report, &w, &stop_now };
    struct rec_train_result result;
    struct rec_learner l = rec_gcn_learner(x);

    stop_now = 0;
    *x = make_net(g, o);
    CHECK(rec_train_log_open(log, NULL, "list", t->epochs, &err) == REC_OK);
    return rec_train(&l, t, &hooks, log, &result, &err);
}

static void drop(struct rec_gcn_learner *x, struct rec_train_log *log)
{
    rec_gcn_learner_free(x);
    CHECK(rec_train_log_close(log, REC_OK, &err) == REC_OK);
}

static struct rec_train_opts save_opts(const char *path)
{
    struct rec_train_opts t = train_opts(20);

    t.checkpoint = path;
    t.settings = "--hidden 16 --seed 1";
    t.input = 0x1234567890abcdefu;
    return t;
}

/* The values and the log of a training; both are the caller's. */
static rec_real *whole(struct rec_graph *g, const struct rec_gcn_opts *o,
                       const struct rec_train_opts *t, struct rec_train_log *log,
                       size_t *n)
{
    struct rec_train_opts plain = *t;
    struct rec_gcn_learner x;

    plain.checkpoint = NULL;
    CHECKF(run(g, o, &plain, 0, &x, log) == REC_OK, "%s", err.text);
    return take_values(&x, n);
}

static void same_log(const struct rec_train_log *a, const struct rec_train_log *b)
{
    CHECK(rec_train_log_rows(a) == rec_train_log_rows(b));
    for (size_t i = 0; i < rec_train_log_rows(a); i++)
        CHECK(rec_train_log_loss(a, i) == rec_train_log_loss(b, i) &&
              rec_train_log_metric(a, i) == rec_train_log_metric(b, i));
}

/* Stopped after epoch 3, 4, 11 and at the end, each time gone on with. */
static void stopped_four_times(struct rec_graph *g, const struct rec_gcn_opts *o,
                               struct rec_train_opts t, const rec_real *wanted,
                               const struct rec_train_log *wanted_log)
{
    static const uint64_t stops[] = { 3, 4, 11, 20, 0, 0 };
    struct rec_gcn_learner x;
    struct rec_train_log log;
    rec_real *got;
    size_t n;

    t.resume = NULL;
    for (size_t i = 0; i < 6; i++) {
        enum rec_status st;

        rec_par_set_threads(1 + (unsigned)i % 3);
        st = run(g, o, &t, stops[i], &x, &log);
        if (st != REC_OK) {
            char text[40];

            (void)snprintf(text, sizeof text, "stopped after epoch %d;", (int)stops[i]);
            CHECKF(stops[i] > 0 && strstr(err.text, text), "%s", err.text);
            drop(&x, &log);
        } else {
            got = take_values(&x, &n);
            CHECK(memcmp(got, wanted, n * sizeof *got) == 0);
            same_log(&log, wanted_log);
            CHECK(rec_train_log_close(&log, REC_OK, &err) == REC_OK);
            free(got);
        }
        CHECK((st == REC_OK) == (stops[i] == 0 || rec_train_log_rows(wanted_log) < 20));
        t.resume = t.checkpoint;
    }
    rec_par_set_threads(1);
}

static void a_training_gone_on_with_gives_the_same_bits(void)
{
    struct rec_graph g = toy_graph(300, 200, 3000, 5);

    for (int k = 0; k < N_VARIANTS; k++) {
        int how = k % 3; /* last, best by metric, cosine and best by loss */
        struct rec_gcn_opts o = variant(k);
        struct rec_train_opts t = save_opts(files_path("ck"));
        struct rec_train_log log;
        rec_real *wanted;
        size_t n;

        o.batch = o.batch > 0 ? 700 : 0;
        t.keep_best = how > 0;
        t.by_loss = how == 2;
        t.schedule = how == 2 ? REC_SCHEDULE_COSINE : REC_SCHEDULE_NONE;
        t.every = k % 2 == 0 ? 0 : 7;
        wanted = whole(&g, &o, &t, &log, &n);
        stopped_four_times(&g, &o, t, wanted, &log);
        free(wanted);
        CHECK(rec_train_log_close(&log, REC_OK, &err) == REC_OK);
        (void)unlink(t.checkpoint);
    }
    rec_graph_free(&g);
}

static void more_epochs_are_as_if_asked_for_at_first(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(4);
    struct rec_train_opts t = save_opts(files_path("ck"));
    struct rec_gcn_learner x;
    struct rec_train_log log, wanted_log;
    rec_real *wanted, *got;
    size_t n;

    t.keep_best = true;
    t.epochs = 33;
    wanted = whole(&g, &o, &t, &wanted_log, &n);
    t.epochs = 12;
    CHECK(run(&g, &o, &t, 0, &x, &log) == REC_OK);
    drop(&x, &log);
    t.epochs = 33;
    t.resume = t.checkpoint;
    CHECKF(run(&g, &o, &t, 0, &x, &log) == REC_OK, "%s", err.text);
    got = take_values(&x, &n);
    CHECK(memcmp(got, wanted, n * sizeof *got) == 0);
    same_log(&log, &wanted_log);
    CHECK(rec_train_log_close(&log, REC_OK, &err) == REC_OK);
    t.epochs = 32;
    CHECK(run(&g, &o, &t, 0, &x, &log) == REC_EUSAGE);
    CHECKF(strstr(err.text, "at epoch 33, beyond --epochs 32"), "%s", err.text);
    drop(&x, &log);
    CHECK(rec_train_log_close(&wanted_log, REC_OK, &err) == REC_OK);
    free(wanted);
    free(got);
    rec_graph_free(&g);
}

/* ---- what is refused ---- */

static enum rec_status try(struct rec_graph *g, const struct rec_gcn_opts *o,
                           const struct rec_train_opts *t)
{
    struct rec_gcn_learner x;
    struct rec_train_log log;
    enum rec_status st = run(g, o, t, 0, &x, &log);

    drop(&x, &log);
    return st;
}

static void other_input_settings_or_model_are_refused(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5), larger = toy_graph(31, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(4), wider = net_opts(5);
    struct rec_train_opts t = save_opts(files_path("ck"));
    uint64_t before = rec_mem_now();

    CHECK(try(&g, &o, &t) == REC_OK);
    t.resume = t.checkpoint;
    CHECK(try(&g, &o, &t) == REC_OK);
    t.input++;
    CHECK(try(&g, &o, &t) == REC_EFORMAT && strstr(err.text, "another input") != NULL);
    t.input--;
    t.settings = "--hidden 16 --seed 2";
    CHECK(try(&g, &o, &t) == REC_EUSAGE);
    CHECKF(strstr(err.text, "made with --seed 1, not with --seed 2:"), "%s", err.text);
    t.settings = "--hidden 160 --seed 1";
    CHECK(try(&g, &o, &t) == REC_EUSAGE &&
          strstr(err.text, "--hidden 16, not") != NULL);
    t.settings = "--hidden 16";
    CHECK(try(&g, &o, &t) == REC_EUSAGE);
    t.settings = "--hidden 16 --seed 1 --more 1";
    CHECK(try(&g, &o, &t) == REC_EUSAGE);
    t.settings = "--hidden 16 --seed 1";
    CHECK(try(&larger, &o, &t) == REC_EFORMAT && try(&g, &wider, &t) == REC_EFORMAT);
    o.n_layers = 3;
    CHECK(try(&g, &o, &t) == REC_EFORMAT);
    o.n_layers = 1;
    CHECK(try(&g, &o, &t) == REC_EFORMAT && rec_mem_now() == before);
    rec_graph_free(&g);
    rec_graph_free(&larger);
}

static enum rec_status read_bad(const char *path, const struct rec_train_opts *t,
                                struct rec_gcn_learner *x, struct rec_train_log *log)
{
    struct rec_checkpoint c = { .input = t->input, .settings = t->settings };
    struct rec_learner l = rec_gcn_learner(x);
    enum rec_status st = rec_checkpoint_read(path, &c, &l, log, &err);

    CHECK(st == REC_OK ||
          (strstr(err.text, "bad: ") != NULL && rec_train_log_rows(log) == 0));
    return st;
}

static void any_cut_or_changed_byte_is_refused(void)
{
    struct rec_graph g = toy_graph(5, 4, 20, 5);
    struct rec_gcn_opts o = net_opts(1);
    struct rec_train_opts t = save_opts(files_path("ck"));
    struct rec_gcn_learner x = make_net(&g, &o);
    struct rec_train_log log;
    const char *path;
    size_t n;
    char *b;
    int fd;

    CHECK(try(&g, &o, &t) == REC_OK);
    b = files_read(t.checkpoint, &n);
    path = files_write("bad", b, n);
    fd = open(path, O_WRONLY);
    CHECK(rec_train_log_open(&log, NULL, "list", 20, &err) == REC_OK);
    for (size_t i = 0; i < n; i += i < 500 ? 1 : 5) {
        char changed = (char)(b[i] ^ 0x10);

        if (i == 9)
            continue; /* the minor version */
        CHECK(pwrite(fd, &changed, 1, (off_t)i) == 1);
        CHECKF(read_bad(path, &t, &x, &log) == REC_EFORMAT, "byte %zu changed", i);
        CHECK(pwrite(fd, b + i, 1, (off_t)i) == 1);
    }
    for (size_t i = n - 1; i > 5; i -= 5) {
        CHECK(ftruncate(fd, (off_t)i) == 0);
        CHECKF(read_bad(path, &t, &x, &log) == REC_EFORMAT, "cut at %zu", i);
    }
    CHECK(ftruncate(fd, 0) == 0 && pwrite(fd, b, n, 0) == (ssize_t)n);
    CHECK(read_bad(path, &t, &x, &log) == REC_OK);
    CHECK(close(fd) == 0);
    drop(&x, &log);
    free(b);
    rec_graph_free(&g);
}

/* A stream that is whole, but no whole checkpoint. */
static void missing_sections_are_noticed(void)
{
    static const char *const names[] = { "train", "train.log", "model.W1", "adam.v.b2",
                                         "best.c" };
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(4);
    struct rec_train_opts t = save_opts(files_path("ck"));

    t.keep_best = true;
    CHECK(try(&g, &o, &t) == REC_OK);
    for (size_t i = 0; i < 5; i++) {
        struct rec_reader *r;
        struct rec_writer *w;

        CHECK(rec_reader_open(files_path("ck"), &r, &err) == REC_OK);
        CHECK(rec_writer_open(files_path("less"), 0, &w, &err) == REC_OK);
        CHECK(rec_reader_drop(r, names[i], &err) == REC_OK);
        CHECK(rec_reader_run(r, w, &err) == REC_OK);
        CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
        rec_reader_close(r);
        t.resume = files_path("less");
        CHECKF(try(&g, &o, &t) == REC_EFORMAT, "%s", names[i]);
    }
    rec_graph_free(&g);
}

static void bad_tensors_leave_the_last_good_checkpoint(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(4);
    struct rec_train_opts t = save_opts(files_path("ck"));
    size_t n, m;
    char *before, *after;

    t.every = 1;
    CHECK(try(&g, &o, &t) == REC_OK);
    before = files_read(t.checkpoint, &n);
    t.resume = t.checkpoint;
    t.epochs = 50;
    t.lr = 1e30;
    CHECK(try(&g, &o, &t) == REC_ENUMERIC);
    CHECKF(strstr(err.text, "ck holds the state after epoch 20") != NULL, "%s",
           err.text);
    after = files_read(t.checkpoint, &m);
    CHECK(n == m && memcmp(before, after, n) == 0);
    free(before);
    free(after);
    rec_graph_free(&g);
}

int main(void)
{
    files_begin();
    RUN(a_training_gone_on_with_gives_the_same_bits);
    RUN(more_epochs_are_as_if_asked_for_at_first);
    RUN(other_input_settings_or_model_are_refused);
    RUN(any_cut_or_changed_byte_is_refused);
    RUN(missing_sections_are_noticed);
    RUN(bad_tensors_leave_the_last_good_checkpoint);
    files_end();
    return test_end();
}
