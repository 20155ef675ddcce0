#include "nn/rgnn_size.h"

#include "data/features.h"
#include "nn/rgnn_mask.h"

/* What the sizes of its arrays go by. */
struct sizes {
    uint64_t edges, nodes, rows, valid; /* rows: of all parts */
    uint64_t width, slots, bases, features, extra;
    bool timed, by_level;
};

static uint64_t n_taus(const struct rec_rgnn_opts *o, bool timed)
{
    enum { CHOSEN = 6 };

    if (!timed)
        return 0;
    return o->taus == NULL ? CHOSEN
                           : (uint64_t)o->taus->n[REC_USERS] + o->taus->n[REC_ITEMS];
}

static struct sizes find_sizes(const struct rec_ratings *r,
                               const struct rec_rgnn_opts *o)
{
    struct sizes z = { .nodes = (uint64_t)r->n_users + r->n_items,
                       .rows = r->n,
                       .width = o->width,
                       .timed = r->time != NULL && !o->no_time,
                       .by_level = o->basis == REC_RGNN_LEVEL };
    float levels[REC_RGNN_MANY_LEVELS];

    for (size_t i = 0; i < r->n; i++) {
        z.edges += r->part[i] == REC_TRAIN;
        z.valid += r->part[i] == REC_VALID;
    }
    z.slots = z.by_level ? rec_rgnn_levels(r, levels) : 1;
    z.bases = z.by_level ? z.slots : 2;
    z.extra = r->n_extra;
    z.features = n_taus(o, z.timed) + z.extra + 4;
    return z;
}

static uint64_t edge_bytes(const struct sizes *z)
{
    uint64_t a_side = 3 * 4 + (z->timed ? 4 : 0) /* to, edge, rating, order */
                      + 4 + 4 + 1;               /* row, list, skip */

    return 2 * a_side + (z->timed ? 8 : 0) + z->extra * sizeof(float) +
           (z->features + 1) * sizeof(rec_real) +
           (z->by_level ? 1 : 2) * sizeof(rec_real) /* delta, rho */
           + rec_rgnn_strips((uint32_t)z->width) * sizeof(uint64_t);
}

static uint64_t node_bytes(const struct sizes *z, uint64_t folds)
{
    return (z->slots + folds) * sizeof(uint64_t)        /* off, at */
           + (folds + 1) * (sizeof(double) + 4)         /* bias, count */
           + 4 * z->bases * z->width * sizeof(rec_real) /* a table, its Adam */
           + (2 * z->width + 2) * sizeof(rec_real);     /* h, g, dot, square */
}

/* Of side features of nodes: V and c with their Adam, dh and a sum a node. */
static uint64_t known_bytes(const struct rec_ratings *r, uint64_t d, bool best)
{
    uint64_t n_values = 0, n_nodes = 0;

    for (int s = 0; r->features != NULL && s < 2; s++)
        if (r->features->f[s].n_cols > 0) {
            n_values += r->features->f[s].n_cols * (d + 1);
            n_nodes += s == REC_USERS ? r->n_users : r->n_items;
        }
    return ((best ? 5 : 4) * n_values + n_nodes * (d + 1)) * sizeof(rec_real);
}

uint64_t rec_rgnn_bytes(const struct rec_ratings *r, const struct rec_rgnn_opts *o,
                        bool best)
{
    struct sizes z = find_sizes(r, o);
    uint64_t folds = o->n_folds < z.edges ? o->n_folds : z.edges;
    uint64_t bytes = z.edges * edge_bytes(&z) + z.nodes * node_bytes(&z, folds) +
                     known_bytes(r, z.width, best);

    if (z.valid > 0)
        bytes += 4 * z.rows + z.valid * (z.features + 1) * sizeof(rec_real);
    if (best)
        bytes += z.nodes * z.bases * z.width * sizeof(rec_real);
    return bytes + (64 + REC_RGNN_CHUNKS) * z.width * sizeof(rec_real);
}

enum rec_status rec_rgnn_fits(const struct rec_ratings *r,
                              const struct rec_rgnn_opts *o, uint32_t n_members,
                              bool best, struct rec_err *err)
{
    struct sizes z = find_sizes(r, o);
    uint64_t written = z.nodes * z.bases * z.width * sizeof(float);

    return rec_mem_expect(n_members * rec_rgnn_bytes(r, o, best) +
                              rec_writer_bytes(written),
                          "training", "a smaller --hidden needs less", err);
}
