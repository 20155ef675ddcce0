/* gcn */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/par.h"
#include "nn/gcn.h"
#include "nn/kernels.h"
#include "nn/kind.h"
#include "nn/settings.h"
#include "unit/files.h"
#include "unit/toy.h"

static struct rec_err err;

/* As rec_gcn_init(), but with biases that are not 0. */
static void make_model(struct rec_gcn *m, const struct rec_graph *g, uint32_t width,
                       uint32_t layers)
{
    CHECK(rec_gcn_make(m, g, width, layers, true, &err) == REC_OK);
    rec_gcn_init(m, 7);
    for (uint32_t l = 0; l < layers; l++)
        for (uint32_t j = 0; j < width; j++)
            CHECK(m->b[l].x[j] == 0);
    for (uint32_t l = 0; l < layers; l++)
        rec_param_uniform(&m->b[l], 8, 0.3);
}

/* ---- forward and loss, the plain way ---- */

/* H (N, D) becomes A^ H, by edges and degrees. */
static void slow_propagate(const struct rec_graph *g, double *h, uint32_t d)
{
    double *y = calloc((size_t)g->n_nodes * d, sizeof *y);

    CHECK(y != NULL);
    for (uint32_t n = 0; n < g->n_nodes; n++) {
        double own = (double)(g->off[n + 1] - g->off[n]) + 1.0;

        for (uint32_t j = 0; j < d; j++)
            y[(size_t)n * d + j] = h[(size_t)n * d + j] / own;
        for (uint64_t e = g->off[n]; e < g->off[n + 1]; e++) {
            uint32_t to = g->to[e];
            double other = (double)(g->off[to + 1] - g->off[to]) + 1.0;

            for (uint32_t j = 0; j < d; j++)
                y[(size_t)n * d + j] += h[(size_t)to * d + j] / sqrt(own * other);
        }
    }
    memcpy(h, y, (size_t)g->n_nodes * d * sizeof *y);
    free(y);
}

/* H = relu(H w + b); W NULL is the identity. */
static void slow_layer(double *h, uint32_t n, uint32_t d, const rec_real *w,
                       const rec_real *b)
{
    double *row = calloc(d, sizeof *row);

    CHECK(row != NULL);
    for (uint32_t r = 0; r < n; r++, h += d) {
        for (uint32_t j = 0; j < d; j++) {
            row[j] = (double)b[j] + (w == NULL ? h[j] : 0.0);
            for (uint32_t k = 0; w != NULL && k < d; k++)
                row[j] += h[k] * (double)w[k * d + j];
        }
        for (uint32_t j = 0; j < d; j++)
            h[j] = row[j] > 0.0 ? row[j] : 0.0;
    }
    free(row);
}

/* Last layer's outputs; the caller frees them. */
static double *slow_forward(const struct rec_gcn *m, const struct rec_graph *g)
{
    uint32_t n = m->n_nodes, d = m->width;
    double *h = calloc((size_t)n * d, sizeof *h);

    CHECK(h != NULL);
    for (size_t i = 0; i < (size_t)n * d; i++)
        h[i] = (double)m->w[0].x[i];
    for (uint32_t l = 0; l < m->n_layers; l++) {
        slow_propagate(g, h, d);
        slow_layer(h, n, d, l == 0 ? NULL : m->w[l].x, m->b[l].x);
    }
    return h;
}

static double slow_rating(const struct rec_gcn *m, const double *h, uint32_t user,
                          uint32_t item)
{
    uint32_t d = m->width;
    double sum = (double)m->c.x[0];

    for (uint32_t j = 0; j < d; j++)
        sum += h[(size_t)user * d + j] * (double)m->out.x[j] +
               h[((size_t)m->n_users + item) * d + j] * (double)m->out.x[d + j];
    return sum;
}

static void ratings_and_loss_are_those_of_the_formula(void)
{
    static const uint32_t widths[] = { 1, 5, 16, 40 };
    struct rec_graph g = toy_graph(17, 29, 300, 3);
    struct rec_chunks c;

    rec_chunks_cut(&g, &c);
    for (uint32_t i = 0; i < 12; i++) {
        struct rec_gcn m;
        struct rec_gcn_state s;
        double *h, loss = 0.0, got;

        make_model(&m, &g, widths[i % 4], 1 + i / 4);
        CHECK(rec_gcn_state_make(&s, &m, &c, &err) == REC_OK);
        rec_gcn_forward(&m, &g, &c, &s);
        got = rec_gcn_loss(&m, &g, &c, &s);
        h = slow_forward(&m, &g);
        for (uint32_t u = 0; u < g.n_users; u++) {
            for (uint32_t v = 0; v < g.n_items; v++)
                CHECK(fabs(rec_gcn_rating(&m, &s, u, v) - slow_rating(&m, h, u, v)) <
                      1e-4);
            for (uint64_t e = g.off[u]; e < g.off[u + 1]; e++) {
                double error =
                    slow_rating(&m, h, u, g.to[e] - g.n_users) - (double)g.rating[e];

                loss += error * error / ((double)g.n_edges / 2.0);
            }
        }
        CHECKF(fabs(got - loss) < 1e-4 * loss, "%g not %g", got, loss);
        free(h);
        rec_gcn_state_free(&s);
        rec_gcn_free(&m);
    }
    rec_graph_free(&g);
}

static void make_survives_every_failed_allocation(void)
{
    struct rec_graph g = toy_graph(5, 7, 30, 3);
    struct rec_chunks c;
    uint64_t before = rec_mem_now(), at = 0;
    enum rec_status st = REC_ESYSTEM;

    rec_chunks_cut(&g, &c);
    while (st != REC_OK) {
        struct rec_gcn m = { .n_nodes = 0 };
        struct rec_gcn_state s = { .s = NULL };

        rec_mem_fail_at(++at);
        st = rec_gcn_make(&m, &g, 4, 3, true, &err);
        if (st == REC_OK)
            st = rec_gcn_state_make(&s, &m, &c, &err);
        rec_mem_fail_at(0);
        if (st == REC_OK)
            CHECK(rec_mem_now() - before == rec_gcn_bytes(&g, 4, 3, &c));
        CHECK(st == REC_OK || (st == REC_ESYSTEM && s.s == NULL));
        rec_gcn_state_free(&s);
        rec_gcn_free(&m);
        rec_gcn_free(&m);
        CHECKF(rec_mem_now() == before, "allocation %d: a leak", (int)at);
    }
    CHECKF(at == 8 * 4 + 7 + 4 + 1, "%d allocations", (int)at - 1);
    rec_graph_free(&g);
}

/* ---- sections ---- */

static bool same_weights(struct rec_gcn *a, struct rec_gcn *b)
{
    struct rec_param *p;

    for (uint32_t i = 0; (p = rec_gcn_param(a, i)) != NULL; i++)
        if (memcmp(p->x, rec_gcn_param(b, i)->x, rec_param_size(p) * sizeof *p->x) != 0)
            return false;
    return true;
}

static enum rec_status write_and_read(struct rec_gcn *m, const struct rec_graph *g,
                                      struct rec_gcn *back)
{
    struct rec_writer *w;
    struct rec_reader *r;
    enum rec_status st;

    CHECK(rec_writer_open(files_path("model"), 6, &w, &err) == REC_OK);
    CHECK(rec_gcn_write(m, w, "rec-test", &err) == REC_OK);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
    CHECK(rec_reader_open(files_path("model"), &r, &err) == REC_OK);
    CHECK(rec_reader_load(r, "model*", &err) == REC_OK);
    CHECKF(rec_reader_run(r, NULL, &err) == REC_OK, "%s", err.text);
    st = rec_gcn_read(back, r, g, NULL, &err);
    rec_reader_close(r);
    return st;
}

static void model_comes_back_from_a_file(void)
{
    struct rec_graph g = toy_graph(30, 20, 300, 5), other = toy_graph(31, 20, 300, 5);
    uint64_t before = rec_mem_now();
    struct rec_gcn m, back = { .n_nodes = 77 };

    make_model(&m, &g, 5, 3);
    CHECK(write_and_read(&m, &other, &back) == REC_EFORMAT && back.n_nodes == 77);
    CHECK(strstr(err.text, "another graph") != NULL);
    CHECKF(write_and_read(&m, &g, &back) == REC_OK, "%s", err.text);
    CHECK(back.width == 5 && back.n_layers == 3 && same_weights(&m, &back));
    CHECK(back.w[0].dx == NULL);
    rec_gcn_free(&back);
    m.out.x[3] = INFINITY;
    CHECK(write_and_read(&m, &g, &back) == REC_EFORMAT);
    CHECK(strstr(err.text, "model.w'") != NULL);
    rec_gcn_free(&m);
    CHECK(rec_mem_now() == before);
    rec_graph_free(&g);
    rec_graph_free(&other);
}

/* A file whose section `model` says that it is of kind NAME, or says no kind. */
static enum rec_status read_kind(const char *name, struct rec_trained *out)
{
    struct rec_table t;
    struct rec_writer *w;
    struct rec_reader *r;
    enum rec_status st;

    rec_settings_init(&t, "model", "rec-test");
    CHECK(rec_settings_add_number(&t, "width", 4, &err) == REC_OK);
    if (name != NULL)
        CHECK(rec_settings_add(&t, "model", name, &err) == REC_OK);
    CHECK(rec_writer_open(files_path("kind"), 6, &w, &err) == REC_OK);
    CHECK(rec_writer_table(w, &t, &err) == REC_OK);
    CHECK(rec_writer_finish(w, "@PG\tID:x\n", &err) == REC_OK);
    rec_table_free(&t);
    CHECK(rec_reader_open(files_path("kind"), &r, &err) == REC_OK);
    CHECK(rec_trained_load(r, &err) == REC_OK);
    CHECKF(rec_reader_run(r, NULL, &err) == REC_OK, "%s", err.text);
    st = rec_trained_get(r, NULL, 0, out, &err);
    rec_reader_close(r);
    return st;
}

static void a_model_of_a_kind_that_is_not_known_is_refused(void)
{
    static const char *const names[] = { "tree", "gc", "gcnn", "", NULL };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct rec_trained t = { .kind = NULL };

        CHECK(read_kind(names[i], &t) == REC_EFORMAT && t.self == NULL);
        CHECKF(strstr(err.text, "not known here") != NULL, "%s", err.text);
        rec_trained_free(&t);
    }
    for (int i = 0; i < REC_N_MODELS; i++) { /* known: something else is missing */
        struct rec_trained t = { .kind = NULL };

        if (!rec_model_kinds[i]->graph)
            continue; /* needs the ratings */
        CHECK(read_kind(rec_model_kinds[i]->name, &t) == REC_EFORMAT);
        CHECK(strstr(err.text, "section 'graph'") != NULL && t.self == NULL);
        rec_trained_free(&t);
    }
}

int main(void)
{
    files_begin();
    rec_kernels_init();
    RUN(ratings_and_loss_are_those_of_the_formula);
    RUN(make_survives_every_failed_allocation);
    RUN(model_comes_back_from_a_file);
    RUN(a_model_of_a_kind_that_is_not_known_is_refused);
    files_end();
    return test_end();
}
