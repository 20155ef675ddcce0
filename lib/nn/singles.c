#include "nn/singles.h"

enum { LEAST = 256 }; /* of a chunk */

static void cut(struct rec_singles *x)
{
    uint32_t size = x->n / REC_SINGLE_CHUNKS + 1, item = 0;

    size = size < LEAST ? LEAST : size;
    for (uint32_t at = 0; at < x->n; at += size) {
        while (x->at[item + 1] <= at)
            item++;
        x->item[x->n_chunks] = item;
        x->cut[x->n_chunks++] = at;
    }
    x->cut[x->n_chunks] = x->n;
}

enum rec_status rec_singles_make(const struct rec_order *o, const struct rec_graph *g,
                                 struct rec_singles *out, struct rec_err *err)
{
    struct rec_singles x = { .n = o->n_singles, .at = o->singles };

    x.rating = rec_alloc(x.n, sizeof *x.rating, "graph edges", err);
    if (x.rating == NULL)
        return REC_ESYSTEM;
    for (uint32_t i = 0; i < x.n; i++)
        x.rating[i] = g->rating[g->off[o->from[o->n_core + i]]];
    cut(&x);
    *out = x;
    return REC_OK;
}

void rec_singles_free(struct rec_singles *x)
{
    rec_free(x->rating);
    *x = (struct rec_singles){ 0 };
}
