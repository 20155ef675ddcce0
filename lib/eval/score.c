#include "eval/score.h"

#include "nn/kernels.h"

double rec_predict_mean(const void *ctx, const struct rec_ratings *x, size_t i)
{
    (void)x;
    (void)i;
    return ((const struct rec_biases *)ctx)->mean;
}

double rec_predict_biases(const void *ctx, const struct rec_ratings *x, size_t i)
{
    const struct rec_biases *b = ctx;

    return b->mean + b->user[x->user[i]] + b->item[x->item[i]];
}

const char *rec_trained_name(const struct rec_trained *t)
{
    return t->name;
}

double rec_predict_trained(const void *ctx, const struct rec_ratings *x, size_t i)
{
    const struct rec_trained *t = ctx;

    if (t->m.n_layers == 0)
        return rec_rgnn_predict(&t->rgnn, x, i);
    return rec_gcn_rating(&t->m, &t->s, x->user[i], x->item[i]);
}

enum rec_status rec_trained_load(struct rec_reader *r, struct rec_err *err)
{
    enum rec_status st = rec_graph_load(r, err);

    return st == REC_OK ? rec_gcn_load(r, err) : st;
}

enum rec_status rec_trained_get(struct rec_reader *r, const struct rec_ratings *ratings,
                                unsigned parts, struct rec_trained *out,
                                struct rec_err *err)
{
    struct rec_graph g = { 0 };
    struct rec_trained t = { .name = "gcn" };
    struct rec_chunks c;
    enum rec_status st;

    if (rec_rgnn_is(r)) {
        t.name = "rgnn";
        st = rec_rgnn_read(r, ratings, parts, &t.rgnn, err);
        if (st == REC_OK)
            *out = t;
        return st;
    }
    st = rec_graph_get(r, &g, err);

    if (st == REC_OK)
        st = rec_gcn_read(&t.m, r, &g, err);
    if (st == REC_OK)
        st = rec_gcn_state_make(&t.s, &t.m, NULL, err);
    if (st == REC_OK) {
        rec_kernels_init();
        rec_chunks_cut(&g, &c);
        rec_gcn_forward(&t.m, &g, &c, &t.s);
        *out = t;
        t = (struct rec_trained){ 0 };
    }
    rec_trained_free(&t);
    rec_graph_free(&g);
    return st;
}

void rec_trained_free(struct rec_trained *t)
{
    rec_rgnn_trained_free(&t->rgnn);
    rec_gcn_state_free(&t->s);
    rec_gcn_free(&t->m);
}

bool rec_has_valid(const struct rec_ratings *x)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_VALID)
            return true;
    return false;
}

static struct rec_errors valid_errors(const struct rec_ratings *x,
                                      const struct rec_learner *l)
{
    struct rec_errors e = { 0 };

    for (size_t i = 0; i < x->n; i++)
        if (x->part[i] == REC_VALID)
            rec_errors_add(&e, l->rating(l->self, x, i), (double)x->rating[i]);
    return e;
}

double rec_valid_rmse(void *ctx, const struct rec_learner *l)
{
    struct rec_errors e = valid_errors(ctx, l);

    return rec_rmse(&e);
}

double rec_valid_mae(void *ctx, const struct rec_learner *l)
{
    struct rec_errors e = valid_errors(ctx, l);

    return rec_mae(&e);
}
