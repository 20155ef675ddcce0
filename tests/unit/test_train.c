/* train, with the network and with a learner of one's own */
#include <math.h>
#include <string.h>

#include "base/par.h"
#include "unit/files.h"
#include "unit/training.h"

/* ---- a training ---- */

enum { MAX_EPOCHS = 60 };

struct watch {
    uint64_t epochs, stop;
    double first, last, metrics[MAX_EPOCHS];
    bool starve;
    struct rec_train_hooks hooks;
    struct rec_train_log log;
    struct rec_train_result result;
};

static enum rec_status report(void *ctx, const struct rec_train_epoch *e,
                              struct rec_err *er)
{
    struct watch *w = ctx;

    CHECK(e->epoch == ++w->epochs);
    if (e->epoch == 1)
        w->first = e->loss;
    w->last = e->loss;
    if (w->starve)
        rec_mem_fail_at(1); /* nothing may be allocated from here on */
    return e->epoch == w->stop ? rec_fail(er, REC_ESYSTEM, "stopped") : REC_OK;
}

static double from_list(void *ctx, const struct rec_learner *l)
{
    struct watch *w = ctx;

    (void)l;
    return w->metrics[w->epochs];
}

/* METRIC NULL: none. */
static void begin(struct watch *w, rec_train_metric *metric)
{
    w->hooks = (struct rec_train_hooks){
        .metric = metric, .metric_ctx = w, .report = report, .report_ctx = w
    };
    CHECK(rec_train_log_open(&w->log, NULL, metric == NULL ? NULL : "list", MAX_EPOCHS,
                             &err) == REC_OK);
}

static void end(struct watch *w)
{
    CHECK(rec_train_log_close(&w->log, REC_OK, &err) == REC_OK);
}

static enum rec_status run(struct rec_gcn_learner *x, const struct rec_train_opts *o,
                           struct watch *w)
{
    struct rec_learner l = rec_gcn_learner(x);

    return rec_train(&l, o, &w->hooks, &w->log, &w->result, &err);
}

/* From its start for so many epochs, without metric: the values. */
static rec_real *trained(struct rec_graph *g, const struct rec_gcn_opts *o,
                         const struct rec_train_opts *t, bool starve, size_t *n)
{
    struct watch w = { .starve = starve };
    struct rec_gcn_learner x = make_net(g, o);

    begin(&w, NULL);
    CHECKF(run(&x, t, &w) == REC_OK, "%s", err.text);
    rec_mem_fail_at(0);
    CHECK(w.epochs == t->epochs && w.result.epochs == t->epochs);
    CHECKF(t->epochs < 10 || w.last < 0.7 * w.first, "loss %g to %g", w.first, w.last);
    end(&w);
    return take_values(&x, n);
}

/* ---- what must hold for every kind of step ---- */

static void training_gives_the_same_bits_for_any_threads_and_learns(void)
{
    struct rec_graph g = toy_graph(3000, 2000, 30000, 5);
    struct rec_train_opts t = train_opts(12);

    t.keep_best = true;
    t.by_loss = true;
    for (int k = 0; k < N_VARIANTS; k++) {
        struct rec_gcn_opts o = variant(k);
        rec_real *one = NULL;
        size_t n;

        for (unsigned threads = 1; threads <= 4; threads *= 2) {
            rec_real *x;

            rec_par_set_threads(threads);
            x = trained(&g, &o, &t, true, &n);
            if (one != NULL)
                CHECKF(memcmp(x, one, n * sizeof *x) == 0, "%d: %u threads", k,
                       threads);
            free(one);
            one = x;
        }
        free(one);
    }
    rec_par_set_threads(1);
    rec_graph_free(&g);
}

static void options_change_the_result(void)
{
    struct rec_graph g = toy_graph(300, 200, 3000, 5);
    struct rec_train_opts t = train_opts(4), cosine = t;
    struct rec_gcn_opts plain = net_opts(8);
    size_t n;
    rec_real *base = trained(&g, &plain, &t, false, &n), *x;

    for (int k = 1; k < N_VARIANTS; k++) {
        struct rec_gcn_opts o = variant(k);

        o.width = 8;
        o.batch = o.batch > 0 ? 700 : 0;
        x = trained(&g, &o, &t, false, &n);
        CHECKF(memcmp(x, base, n * sizeof *x) != 0, "%d", k);
        free(x);
    }
    cosine.schedule = REC_SCHEDULE_COSINE;
    x = trained(&g, &plain, &cosine, false, &n);
    CHECK(memcmp(x, base, n * sizeof *x) != 0);
    free(x);
    plain.batch = g.n_edges / 2; /* one batch of all: no other path */
    plain.clip_norm = 1e6;       /* never so long */
    x = trained(&g, &plain, &t, false, &n);
    CHECK(memcmp(x, base, n * sizeof *x) == 0);
    free(x);
    free(base);
    rec_graph_free(&g);
}

static void need_of_memory_is_known_before(void)
{
    struct rec_graph g = toy_graph(300, 200, 3000, 5);
    uint64_t before = rec_mem_now();

    for (int k = 0; k < N_VARIANTS; k++) {
        struct rec_gcn_opts o = variant(k);
        struct rec_gcn_learner x;
        uint64_t need;

        o.batch = o.batch > 0 ? 700 : 0;
        need = rec_gcn_learner_bytes(&g, &o, false);
        x = make_net(&g, &o);
        CHECK(rec_mem_now() - before == need);
        CHECK(rec_gcn_learner_bytes(&g, &o, true) >
              need + 500 * 16 * sizeof(rec_real) - 1);
        rec_gcn_learner_free(&x);
        rec_mem_limit(before + need);
        CHECK(rec_gcn_learner_fits(&g, &o, false, &err) == REC_ESYSTEM);
        CHECK(strstr(err.text, "MiB") != NULL && strstr(err.text, "--hidden") != NULL);
        rec_mem_limit(before + 10 * need);
        CHECK(rec_gcn_learner_fits(&g, &o, false, &err) == REC_OK);
        rec_mem_limit(0);
    }
    rec_graph_free(&g);
}

/* ---- best weights, patience, ends ---- */

static void need_of_the_fused_path_is_known_before(void)
{
    struct rec_gcn_opts o = net_opts(16);

    o.plain = false;
    for (int k = 0; k < 8; k++) { /* with more edges, and with more singles */
        struct rec_graph g =
            k < 4 ? toy_graph(3000, 900, 20000, 5) : toy_graph(9000, 900, 9000, 5);
        uint64_t before = rec_mem_now(), need, took;
        struct rec_gcn_learner x;

        o.no_ratings = k % 2 == 1;
        o.frees_edges = k % 4 >= 2;
        need = rec_gcn_learner_bytes(&g, &o, false);
        x = make_net(&g, &o);
        took = rec_mem_now() - before;
        CHECK(x.fused != NULL);
        CHECKF(took <= need && need - took < need / 4, "%d of %d", (int)took,
               (int)need);
        rec_gcn_learner_free(&x);
        rec_graph_free(&g);
    }
}

/* Edges that are freed may be more than all that is made in their place. */
static void a_dense_graph_needs_what_is_made_before_its_edges_are_freed(void)
{
    struct rec_graph g = toy_graph(300, 200, 200000, 5);
    struct rec_gcn_opts o = net_opts(16);
    uint64_t before = rec_mem_now(), edges = rec_graph_edge_bytes(&g), need;
    struct rec_gcn_learner x;

    o.plain = false;
    o.frees_edges = true;
    need = rec_gcn_learner_bytes(&g, &o, false);
    CHECK(need > edges / 4 && need < edges);
    rec_mem_limit(before + need + edges / 4); /* the order's own scratch */
    CHECK(rec_gcn_learner_make(&x, &g, &o, &err) == REC_OK);
    rec_mem_limit(0);
    CHECK(rec_mem_now() < before);
    rec_gcn_learner_free(&x);
    rec_graph_free(&g);
}

static void a_log_grows_beyond_the_room_made_for_it_and_keeps_its_rows(void)
{
    struct rec_train_log log;
    size_t n = 70000;

    CHECK(rec_train_log_open(&log, NULL, "valid_rmse", 1000000, &err) == REC_OK);
    for (size_t i = 0; i < n; i++)
        CHECK(rec_train_log_add(&log, (double)i, (double)i + 0.5, &err) == REC_OK);
    CHECK(rec_train_log_rows(&log) == n);
    for (size_t i = 0; i < n; i++)
        CHECK(rec_train_log_loss(&log, i) == (double)i &&
              rec_train_log_metric(&log, i) == (double)i + 0.5);
    rec_mem_fail_at(1); /* no room for more: an error, and the rows stay */
    while (rec_train_log_add(&log, 0.0, 0.0, &err) == REC_OK)
        n++;
    rec_mem_fail_at(0);
    CHECK(rec_train_log_rows(&log) == n && rec_train_log_loss(&log, 69999) == 69999.0);
    CHECK(rec_train_log_close(&log, REC_OK, &err) == REC_OK);
}

static void keep_best_gives_the_weights_of_the_lowest_metric(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(16);

    for (uint64_t best = 0; best <= 6; best++) { /* after so many epochs, of 6 */
        struct watch w = { .epochs = 0 };
        struct rec_train_opts t = train_opts(6), few = train_opts(best);
        struct rec_gcn_learner x = make_net(&g, &o);
        rec_real *got, *wanted;
        size_t n;

        for (int i = 0; i < 7; i++)
            w.metrics[i] = i == 3 && best != 3 ? NAN : 5.0 + i;
        w.metrics[best] = 1.0;
        t.keep_best = true;
        begin(&w, from_list);
        CHECKF(run(&x, &t, &w) == REC_OK, "%s", err.text);
        CHECKF(w.result.kept == best && w.result.metric == 1.0, "best %d", (int)best);
        end(&w);
        got = take_values(&x, &n);
        wanted = trained(&g, &o, &few, false, &n);
        CHECKF(memcmp(got, wanted, n * sizeof *got) == 0, "best %d", (int)best);
        free(got);
        free(wanted);
    }
    rec_graph_free(&g);
}

static void patience_ends_it_so_many_epochs_after_the_best(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(4);

    for (uint64_t best = 0; best <= 12; best += 4)
        for (uint64_t patience = 1; patience <= 5; patience += 2) {
            struct watch w = { .epochs = 0 };
            struct rec_train_opts t = train_opts(20);
            struct rec_gcn_learner x = make_net(&g, &o);

            for (uint64_t i = 0; i < 30; i++) /* falls up to the best, then stays */
                w.metrics[i] = i < best ? 50.0 - (double)i : i == best ? 1.0 : 2.0;
            t.keep_best = true;
            t.patience = patience;
            begin(&w, from_list);
            CHECKF(run(&x, &t, &w) == REC_OK, "%s", err.text);
            CHECK(w.result.epochs == best + patience && w.result.kept == best);
            CHECK(w.result.metric == 1.0);
            CHECK(rec_train_log_rows(&w.log) == best + patience + 1);
            end(&w);
            rec_gcn_learner_free(&x);
        }
    rec_graph_free(&g);
}

static void training_stops_when_told_to_or_when_the_loss_is_no_number(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(4);
    struct rec_train_opts t = train_opts(50);
    uint64_t before = rec_mem_now();
    struct watch w = { .stop = 3, .result = { .kept = 77 } };
    struct rec_gcn_learner x = make_net(&g, &o);

    begin(&w, NULL);
    CHECK(run(&x, &t, &w) == REC_ESYSTEM);
    CHECK(w.epochs == 3 && strcmp(err.text, "stopped") == 0 && w.result.kept == 77);
    end(&w);
    w = (struct watch){ .stop = 99 };
    t.lr = 1e30;
    begin(&w, NULL);
    CHECK(run(&x, &t, &w) == REC_ENUMERIC && w.epochs < 10);
    CHECKF(strstr(err.text, "epoch ") != NULL, "%s", err.text);
    end(&w);
    rec_gcn_learner_free(&x);
    x = make_net(&g, &o);
    x.m.w[0].x[5] = NAN;
    w = (struct watch){ .stop = 99, .result = { .kept = 77 } };
    begin(&w, NULL);
    CHECK(run(&x, &t, &w) == REC_ENUMERIC && w.result.kept == 77);
    CHECKF(strstr(err.text, "epoch 1: ") != NULL && strstr(err.text, "weights W1"),
           "%s", err.text);
    end(&w);
    rec_gcn_learner_free(&x);
    CHECK(rec_mem_now() == before);
    rec_graph_free(&g);
}

/* Of what is spoilt, the one that came first is named. */
static void the_first_bad_tensor_is_named(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5);
    struct rec_gcn_opts o = net_opts(4);
    struct rec_gcn_learner x = make_net(&g, &o);
    struct rec_learner l = rec_gcn_learner(&x);
    char text[96];

    (void)l.loss(l.self);
    CHECK(rec_learner_bad_tensor(&l, text) == NULL);
    CHECK(rec_learner_bad_output(&l, text) == NULL);
    x.s.h[1][3] = INFINITY;
    CHECK(strcmp(rec_learner_bad_output(&l, text), "the output of layer 2") == 0);
    x.m.w[1].x[2] = NAN;
    CHECK(strcmp(rec_learner_bad_tensor(&l, text), "the weights W2") == 0);
    x.m.b[0].v[3] = INFINITY;
    CHECK(strcmp(rec_learner_bad_tensor(&l, text), "the gradient of b1") == 0);
    x.m.out.m[7] = NAN;
    CHECK(strcmp(rec_learner_bad_tensor(&l, text), "the gradient of w") == 0);
    rec_gcn_learner_free(&x);
    rec_graph_free(&g);
}

static void train_survives_every_failed_allocation(void)
{
    struct rec_graph g = toy_graph(5, 7, 30, 3);
    struct rec_gcn_opts o = net_opts(4);
    struct rec_train_opts t = train_opts(2);
    enum rec_status st = REC_ESYSTEM;

    o.batch = 5;
    t.keep_best = t.by_loss = true;
    t.every = 1;
    t.checkpoint = files_path("starved");
    t.settings = "--a 1";
    for (uint64_t at = 1, before = rec_mem_now(); st != REC_OK; at++) {
        struct rec_gcn_learner x = { .g = NULL };
        struct watch w = { .epochs = 0 };

        begin(&w, NULL);
        rec_mem_fail_at(at);
        st = rec_gcn_learner_make(&x, &g, &o, &err);
        if (st == REC_OK)
            st = run(&x, &t, &w);
        rec_mem_fail_at(0);
        end(&w);
        rec_gcn_learner_free(&x);
        CHECK(rec_mem_now() == before && (st == REC_OK || st == REC_ESYSTEM));
        CHECK(at > 30 || st != REC_OK);
    }
    rec_graph_free(&g);
}

/* ---- the schedule, with a learner of one weight ---- */

struct one {
    struct rec_param p;
    double lr[MAX_EPOCHS];
    uint64_t epochs;
};

static struct rec_param *one_param(void *self, uint32_t i)
{
    return i == 0 ? &((struct one *)self)->p : NULL;
}

static double one_loss(void *self)
{
    return (double)((struct one *)self)->p.x[0];
}

static void one_epoch(void *self, uint64_t epoch, double lr)
{
    struct one *x = self;

    CHECK(epoch == x->epochs + 1);
    x->lr[x->epochs++] = lr;
    x->p.x[0] -= (rec_real)lr;
}

static void schedules_are_those_of_the_formula(void)
{
    struct one x = { .epochs = 0 };
    struct rec_learner l = { &x, one_param, one_loss, one_epoch, NULL, NULL };
    struct rec_train_opts t = train_opts(30);

    CHECK(rec_param_make(&x.p, "x", 1, 1, true, &err) == REC_OK);
    for (int cosine = 0; cosine < 2; cosine++) {
        struct watch w = { .epochs = 0 };

        begin(&w, NULL);
        x.epochs = 0;
        t.schedule = cosine ? REC_SCHEDULE_COSINE : REC_SCHEDULE_NONE;
        CHECK(rec_train(&l, &t, &w.hooks, &w.log, &w.result, &err) == REC_OK);
        for (int i = 0; i < 30; i++) {
            double lr = 0.02 * (0.05 + 0.95 / 2.0 * (1.0 + cos(acos(-1.0) * i / 30.0)));

            CHECK(fabs(x.lr[i] - (cosine ? lr : 0.02)) < 1e-15);
        }
        end(&w);
    }
    CHECK(x.lr[0] == 0.02 && x.lr[29] < 0.0011);
    rec_param_free(&x.p);
}

int main(void)
{
    files_begin();
    RUN(training_gives_the_same_bits_for_any_threads_and_learns);
    RUN(options_change_the_result);
    RUN(need_of_memory_is_known_before);
    RUN(need_of_the_fused_path_is_known_before);
    RUN(a_dense_graph_needs_what_is_made_before_its_edges_are_freed);
    RUN(a_log_grows_beyond_the_room_made_for_it_and_keeps_its_rows);
    RUN(keep_best_gives_the_weights_of_the_lowest_metric);
    RUN(patience_ends_it_so_many_epochs_after_the_best);
    RUN(training_stops_when_told_to_or_when_the_loss_is_no_number);
    RUN(the_first_bad_tensor_is_named);
    RUN(train_survives_every_failed_allocation);
    RUN(schedules_are_those_of_the_formula);
    files_end();
    return test_end();
}
