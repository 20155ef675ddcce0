/*
 * No guard: the passes of fused_pass.h for one width, REC_D, and the vectors of the
 * set that includes this, at most REC_SET_VB bytes.  A row is NV vectors.  Rows are
 * gathered into tiles of TILE rows on the stack, which meet the small matrices there.
 */
#define VECTOR_FITS(vb) (REC_SET_VB >= (vb) && REC_D * REC_REAL_BYTES % (vb) == 0)
#if VECTOR_FITS(64)
#define REC_VB 64
#elif VECTOR_FITS(32)
#define REC_VB 32
#else
#define REC_VB 16
#endif
#include "nn/fused_vec.h"

#define F_(name, d) name##_##d
#define F__(name, d) F_(name, d)
#define F(name) F__(name, REC_D)
#define LANES ((uint32_t)(REC_VB / REC_REAL_BYTES))
#define NV ((uint32_t)(REC_D * REC_REAL_BYTES / REC_VB))
#define NW ((REC_D + 31u) / 32u)
#define TILE (REC_D <= 64 ? 32u : 16u)
/* Sums of a product that stay in registers: RB rows of CB vectors. */
#if REC_SET_VB == 64
#define CB (NV % 4 == 0 ? 4u : NV % 3 == 0 ? 3u : NV % 2 == 0 ? 2u : 1u)
#define RB (CB == 1 ? (REC_D < 16 ? 8u : 16u) : CB == 2 ? 8u : 4u)
#else
#define CB (NV % 2 == 0 ? 2u : 1u)
#define RB (CB == 1 ? 8u : 4u)
#endif
/* Independent sums of a row, so that an addition need not wait for the one before. */
#define SPLIT (NV == 1 ? 4u : NV == 2 ? 2u : 1u)
/* Rows that are fetched ahead, found by trying; at most REC_ORDER_PAD. */
#define AHEAD (1536u / REC_D < 8 ? 8u : 1536u / REC_D > 96 ? 96u : 1536u / REC_D)
#define NODES_AHEAD 64u
#define EACH(i, n) _Pragma("GCC unroll 32") for (uint32_t i = 0; i < (n); i++)
#define INLINE static inline __attribute__((always_inline))

struct F(node) {
    rec_real s, c;
    uint32_t z_on[NW], h_on[NW];
};

INLINE uint32_t F(bits)(const uint32_t *on, uint32_t j)
{
    return on[j * LANES / 32] >> (j * LANES % 32);
}

INLINE void F(set_bits)(uint32_t *on, const vec *x)
{
    EACH(i, NW)
    on[i] = 0;
    EACH(j, NV)
    on[j * LANES / 32] |= VON(x[j]) << (j * LANES % 32);
}

#include "nn/fused_rows.h"

/* ---- forward ---- */

/* h~ = d relu(d sum w~ + b1); an item's row of h may hold a sum over its singles */
INLINE void F(hidden)(const struct rec_fused_work *k, uint32_t chunk, bool items)
{
    const vec *b = (const vec *)k->b1;

    for (uint32_t n = k->c->at[chunk]; n < k->c->at[chunk + 1]; n++) {
        vec *h = (vec *)(k->h + (size_t)n * REC_D), sum[NV];
        vec d = SPLAT((rec_real)k->g->norm[n]);

        F(gather)(k, k->w, n, sum);
        if (items && rec_fused_singles(k, n) > 0) {
            EACH(j, NV)
            sum[j] += h[j];
        }
        EACH(j, NV)
        h[j] = d * VRELU(VFMA(d, sum[j], b[j]));
    }
}

static void F(hidden_users)(const struct rec_fused_work *k, uint32_t chunk)
{
    F(hidden)(k, chunk, false);
}

static void F(hidden_items)(const struct rec_fused_work *k, uint32_t chunk)
{
    F(hidden)(k, chunk, true);
}

/* An item's row of y, which may hold a sum over its singles. */
INLINE vec *F(y_row)(const struct rec_fused_work *k, uint32_t n)
{
    return (vec *)(k->y + (size_t)(n - k->g->n_users) * REC_D);
}

/* y = d sum h~, for the tile from node N on; rows after the last are 0 */
INLINE void F(inputs)(const struct rec_fused_work *k, uint32_t n, uint32_t rows,
                      bool items, vec (*y)[NV])
{
    for (uint32_t t = 0; t < rows; t++) {
        struct F(node) *node = (struct F(node) *)k->nodes + n + t;
        vec d = SPLAT((rec_real)k->g->norm[n + t]), sum[NV];

        F(set_bits)(node->h_on, (const vec *)(k->h + (size_t)(n + t) * REC_D));
        F(gather)(k, k->h, n + t, sum);
        if (items && rec_fused_singles(k, n + t) > 0) {
            EACH(j, NV)
            sum[j] += F(y_row)(k, n + t)[j];
        }
        EACH(j, NV)
        y[t][j] = d * sum[j];
    }
    F(clear)(y, rows, TILE);
}

/* s = relu(z) w */
INLINE void F(share)(struct F(node) * node, const vec *z, const rec_real *w)
{
    vec sum = SPLAT((rec_real)0);

    EACH(j, NV)
    sum = VFMA(VRELU(z[j]), ((const vec *)w)[j], sum);
    node->s = VSUM(sum);
    F(set_bits)(node->z_on, z);
}

/* Edges in the core. */
INLINE double F(degree)(const struct rec_fused_work *k, uint32_t n)
{
    return (double)(k->g->off[n + 1] - k->g->off[n]);
}

static void F(share_items)(const struct rec_fused_work *k, uint32_t chunk)
{
    uint32_t to = k->c->at[chunk + 1], rows;
    vec y[TILE][NV] __attribute__((aligned(64))),
        z[TILE][NV] __attribute__((aligned(64)));
    double loss = 0.0;

    for (uint32_t n = k->c->at[chunk]; n < to; n += rows) {
        rows = to - n < TILE ? to - n : TILE;
        F(inputs)(k, n, rows, true, y);
        memcpy(F(y_row)(k, n), y, rows * sizeof *y);
        F(times)(y, k->w2, k->b2, rows, z);
        for (uint32_t t = 0; t < rows; t++) {
            struct F(node) *node = (struct F(node) *)k->nodes + n + t;
            double degree = F(degree)(k, n + t) + rec_fused_singles(k, n + t), s;

            F(share)(node, z[t], k->out + REC_D);
            s = (double)node->s;
            /* what an item's share alone puts into the loss, see share_users */
            loss += (degree * s - 2.0 * k->ratings[n + t]) * s;
        }
    }
    k->loss[chunk] = loss;
}

/* The sum of the other ends' s. */
INLINE double F(shares_of)(const struct rec_fused_work *k, uint32_t n)
{
    const struct F(node) *nodes = k->nodes;
    double sum = 0.0, odd = 0.0;
    uint64_t e = k->g->off[n], end = k->g->off[n + 1];

    for (; e + 2 <= end; e += 2) {
        sum += (double)nodes[k->g->to[e]].s;
        odd += (double)nodes[k->g->to[e + 1]].s;
    }
    return e < end ? sum + (double)nodes[k->g->to[e]].s + odd : sum + odd;
}

/* forward:  s_n = relu(z) w     so:  dz_n = g_n (z > 0) w
 *           z_n = y_n W2 + b2   so:  dW2 = sum y_n' dz_n, db2 = sum dz_n
 * of which w is left out here: it is the same for all nodes of a side. */
INLINE void F(add_second)(const vec (*y)[NV], const vec (*g_on)[NV], uint32_t rows,
                          rec_real *part)
{
    vec *sum = (vec *)(part + (size_t)REC_D * REC_D);

    F(outer)(y, g_on, rows, part);
    for (uint32_t t = 0; t < rows; t++)
        EACH(j, NV)
    sum[j] += g_on[t][j];
}

/*
 * g_n, from its degree and the sum of the other ends' s less that of the node's
 * ratings; sets c, and g (z > 0) in G_ON.
 */
INLINE double F(gradient)(const struct rec_fused_work *k, struct F(node) * node,
                          float norm, double degree, double rest, vec *g_on)
{
    double g = k->scale * (rest + degree * ((double)node->s + k->c0));

    node->c = (rec_real)(g * (double)norm);
    EACH(j, NV)
    g_on[j] = VKEEP(SPLAT((rec_real)g), F(bits)(node->z_on, j));
    return g;
}

/*
 * The loss is a sum over ratings (a_u + s_i - r)^2, with a_u = s_u + c0.  By nodes:
 *   sum over users (degree a^2 + 2 a (S - R)) + sum over items (degree s^2 - 2 s R)
 *   + sum r^2,   S the sum of the other ends' s, R that of the node's ratings
 */
static void F(share_users)(const struct rec_fused_work *k, uint32_t chunk)
{
    uint32_t to = k->c->at[chunk + 1], rows;
    rec_real *part = k->part + chunk * REC_FUSED_PART(REC_D);
    vec y[TILE][NV] __attribute__((aligned(64))),
        z[TILE][NV] __attribute__((aligned(64)));
    double loss = 0.0, sum_g = 0.0;

    memset(part, 0, (REC_D + 1) * REC_D * sizeof *part);
    for (uint32_t n = k->c->at[chunk]; n < to; n += rows) {
        rows = to - n < TILE ? to - n : TILE;
        F(inputs)(k, n, rows, false, y);
        F(times)(y, k->w2, k->b2, rows, z);
        for (uint32_t t = 0; t < rows; t++) {
            struct F(node) *node = (struct F(node) *)k->nodes + n + t;
            double rest = F(shares_of)(k, n + t) - k->ratings[n + t], a;
            double degree = F(degree)(k, n + t);

            F(share)(node, z[t], k->out);
            a = (double)node->s + k->c0;
            loss += a * (degree * a + 2.0 * rest);
            sum_g += F(gradient)(k, node, k->g->norm[n + t], degree, rest, z[t]);
        } /* z is done with */
        F(add_second)(y, z, rows, part);
    }
    k->loss[chunk] = loss;
    k->sum_g[chunk] = sum_g;
}

static void F(shares)(const struct rec_fused_work *k, uint32_t from, uint32_t to,
                      const uint32_t *names, rec_real *s)
{
    const struct F(node) *nodes = k->nodes;

    for (uint32_t n = from; n < to; n++)
        s[names[n]] = nodes[n].s;
}

/* Nodes whose only neighbour is themselves: d = 1, y = h = relu(w + b1). */
static void F(lonely_shares)(const struct rec_fused_work *k, uint32_t from, uint32_t to,
                             const uint32_t *names, rec_real *s)
{
    vec y[TILE][NV] __attribute__((aligned(64))),
        z[TILE][NV] __attribute__((aligned(64)));

    for (uint32_t n = from, rows; n < to; n += rows) {
        rows = to - n < TILE ? to - n : TILE;
        for (uint32_t t = 0; t < rows; t++)
            EACH(j, NV)
        y[t][j] = VRELU(((const vec *)(k->w + (size_t)(n + t) * REC_D))[j] +
                        ((const vec *)k->b1)[j]);
        F(clear)(y, rows, TILE);
        F(times)(y, k->w2, k->b2, rows, z);
        for (uint32_t t = 0; t < rows; t++) {
            struct F(node) node;

            F(share)(&node, z[t], k->out);
            s[names[n + t]] = node.s;
        }
    }
}

/* ---- backward ---- */

INLINE void F(add_node)(const struct F(node) * node, vec *sum, double *s)
{
    *s += (double)node->s;
    EACH(j, NV)
    sum[j] += VKEEP(SPLAT(node->c), F(bits)(node->z_on, j));
}

/* sum += c (z > 0) over N of the nodes, those that TO names or else the first; the
 * result is the sum of their s */
INLINE double F(add_nodes)(const struct F(node) * nodes, const uint32_t *to, size_t n,
                           vec *sum)
{
    double s = 0.0;
    size_t e = 0;

    if (SPLIT > 1 && n >= 8) {
        vec more[SPLIT][NV];
        double more_s[SPLIT] = { 0.0 };

        EACH(i, SPLIT)
        EACH(j, NV)
        more[i][j] = SPLAT((rec_real)0);
        for (; n - e >= SPLIT; e += SPLIT)
            EACH(i, SPLIT)
            {
                if (to != NULL)
                    __builtin_prefetch(&nodes[to[e + i + NODES_AHEAD]]);
                F(add_node)
                (&nodes[to == NULL ? e + i : to[e + i]], more[i], &more_s[i]);
            }
        EACH(i, SPLIT)
        {
            s += more_s[i];
            EACH(j, NV)
            sum[j] += more[i][j];
        }
    }
    for (; e < n; e++) {
        if (to != NULL)
            __builtin_prefetch(&nodes[to[e + NODES_AHEAD]]);
        F(add_node)(&nodes[to == NULL ? e : to[e]], sum, &s);
    }
    return s;
}

/* sum = sum over the other ends of c (z > 0); the result is that of their s */
INLINE double F(gather_nodes)(const struct rec_fused_work *k, uint32_t n, vec *sum)
{
    uint64_t from = k->g->off[n];

    EACH(j, NV)
    sum[j] = SPLAT((rec_real)0);
    return F(add_nodes)(k->nodes, k->g->to + from, k->g->off[n + 1] - from, sum);
}

/* P = w_others sum + w_own c (z > 0), the gradient d dz of the node and its edges */
INLINE void F(second)(const struct F(node) * node, const rec_real *w_own,
                      const rec_real *w_others, vec *sum)
{
    EACH(j, NV)
    {
        vec own = VKEEP(SPLAT(node->c), F(bits)(node->z_on, j));

        sum[j] =
            VFMA(((const vec *)w_others)[j], sum[j], ((const vec *)w_own)[j] * own);
    }
}

/* forward:  h = relu(z1)    so:  dz1 = dh (h > 0),   dh = d X;   sets dz1~ = d dz1 */
INLINE void F(first)(const struct F(node) * node, float norm, const vec *x, vec *dz,
                     vec *db)
{
    vec d = SPLAT((rec_real)norm);

    EACH(j, NV)
    {
        vec dz1 = VKEEP(d * x[j], F(bits)(node->h_on, j));

        db[j] += dz1;
        dz[j] = d * dz1;
    }
}

static void F(back_items)(const struct rec_fused_work *k, uint32_t chunk)
{
    uint32_t to = k->c->at[chunk + 1], rows;
    rec_real *part = k->part + chunk * REC_FUSED_PART(REC_D);
    vec p[TILE][NV] __attribute__((aligned(64))),
        x[TILE][NV] __attribute__((aligned(64)));
    vec *db = (vec *)(part + (size_t)(REC_D + 1) * REC_D);

    memset(part, 0, REC_FUSED_PART(REC_D) * sizeof *part);
    for (uint32_t n = k->c->at[chunk]; n < to; n += rows) {
        rows = to - n < TILE ? to - n : TILE;
        for (uint32_t t = 0; t < rows; t++) {
            struct F(node) *node = (struct F(node) *)k->nodes + n + t;
            double rest = F(gather_nodes)(k, n + t, p[t]) - k->ratings[n + t];
            uint32_t more = rec_fused_singles(k, n + t), item = n + t - k->g->n_users;

            rest += F(add_nodes)((struct F(node) *)k->nodes + k->g->n_nodes +
                                     k->singles->at[item],
                                 NULL, more, p[t]);
            (void)F(gradient)(k, node, k->g->norm[n + t], F(degree)(k, n + t) + more,
                              rest, x[t]);
            F(second)(node, k->out + REC_D, k->out, p[t]);
        }
        F(add_second)
        ((const vec(*)[NV])F(y_row)(k, n), x, rows, part);
        F(clear)(p, rows, TILE);
        /* forward:  z = y W2    so:  dy = dz W2', here d dy summed over edges */
        F(times)(p, k->w2t, NULL, rows, x);
        for (uint32_t t = 0; t < rows; t++)
            F(first)
        ((struct F(node) *)k->nodes + n + t, k->g->norm[n + t], x[t],
         (vec *)(k->h + (size_t)(n + t) * REC_D), db);
    }
}

/* forward:  z1 = d sum w~     so:  dW1 = d SUM, the sum of dz1~.
 * Then Adam, with W~ = d W1 */
INLINE void F(adam)(const struct rec_fused_work *k, uint32_t n, float norm,
                    const vec *sum)
{
    const struct rec_adam_rates *r = &k->rates;
    size_t at = (size_t)n * REC_D;
    vec *w = (vec *)(k->w + at), *m = (vec *)(k->m + at), *v = (vec *)(k->v + at);
    rec_real d = (rec_real)norm;
    vec step = SPLAT(d * r->step), epsilon = SPLAT(r->epsilon);

    EACH(j, NV)
    {
        vec dw = d * sum[j];
        vec m_new = r->beta1 * m[j] + r->new1 * dw;
        vec v_new = r->beta2 * v[j] + r->new2 * dw * dw;

        m[j] = m_new;
        v[j] = v_new;
        w[j] -= step * m_new / VFMA(VSQRT(v_new), SPLAT(r->root2), epsilon);
    }
}

static void F(update_users)(const struct rec_fused_work *k, uint32_t chunk)
{
    uint32_t to = k->c->at[chunk + 1], rows;
    vec p[TILE][NV] __attribute__((aligned(64))),
        x[TILE][NV] __attribute__((aligned(64)));
    vec *db =
        (vec *)(k->part + chunk * REC_FUSED_PART(REC_D) + (size_t)(REC_D + 1) * REC_D);

    memset(db, 0, REC_D * sizeof(rec_real));
    for (uint32_t n = k->c->at[chunk]; n < to; n += rows) {
        rows = to - n < TILE ? to - n : TILE;
        for (uint32_t t = 0; t < rows; t++) {
            (void)F(gather_nodes)(k, n + t, p[t]);
            F(second)((struct F(node) *)k->nodes + n + t, k->out, k->out + REC_D, p[t]);
        }
        F(clear)(p, rows, TILE);
        F(times)(p, k->w2t, NULL, rows, x);
        for (uint32_t t = 0; t < rows; t++) {
            float norm = k->g->norm[n + t];
            vec sum[NV];

            F(first)
            ((struct F(node) *)k->nodes + n + t, norm, x[t],
             (vec *)(k->h + (size_t)(n + t) * REC_D), db);
            F(gather)(k, k->h, n + t, sum);
            F(adam)(k, n + t, norm, sum);
        }
    }
}

static void F(update_items)(const struct rec_fused_work *k, uint32_t chunk)
{
    for (uint32_t n = k->c->at[chunk]; n < k->c->at[chunk + 1]; n++) {
        vec sum[NV];

        F(gather)(k, k->h, n, sum);
        if (rec_fused_singles(k, n) > 0) {
            EACH(j, NV)
            sum[j] += F(y_row)(k, n)[j];
        }
        F(adam)(k, n, k->g->norm[n], sum);
    }
}

#include "nn/fused_single.h"

#undef VECTOR_FITS
#undef REC_VB
#undef F_
#undef F__
#undef F
#undef LANES
#undef NV
#undef NW
#undef TILE
#undef CB
#undef RB
#undef SPLIT
#undef AHEAD
#undef NODES_AHEAD
#undef EACH
#undef INLINE
#undef REC_D
