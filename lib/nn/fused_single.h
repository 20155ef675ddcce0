/*
 * No guard: included by fused_width.h for each width.  The passes over singles, the
 * users of one edge (nn/singles.h).  Their rows of H~ and dZ1~ are nowhere kept: a row
 * of W~ is read anyway, the item's row is the same for all of them, and so h~ is made
 * again where it is wanted.  What the item needs of its singles are sums:
 *
 *   hidden_singles  sum of w~ into the item's row of h, sum of h~ into its row of y
 *   update_singles  sum of dz1~ into its row of y
 *
 * A chunk writes those of the items that begin in it.  What it has of the item that
 * went on from the chunk before goes into its row of `carry`, to be added afterwards in
 * the order of chunks.
 */
/* Where a chunk puts its sum over the singles of ITEM; WHICH table, TABLE of items. */
INLINE vec *F(sum_of)(const struct rec_fused_work *k, uint32_t chunk, uint32_t item,
                      int which, rec_real *table)
{
    return (vec *)(k->singles->at[item] < k->singles->cut[chunk]
                       ? k->carry + ((size_t)chunk * 2 + (size_t)which) * REC_D
                       : table + (size_t)item * REC_D);
}

/* The row of ITEM of a table over all nodes. */
INLINE const vec *F(item_row)(const struct rec_fused_work *k, const rec_real *table,
                              uint32_t item)
{
    return (const vec *)(table + (size_t)(k->g->n_users + item) * REC_D);
}

/* h~ of a single, of its own row and the item's */
INLINE void F(single)(const struct rec_fused_work *k, const vec *w, const vec *w_item,
                      vec *h)
{
    vec d = SPLAT((rec_real)k->single_norm);

    EACH(j, NV)
    h[j] = d * VRELU(VFMA(d, w[j] + w_item[j], ((const vec *)k->b1)[j]));
}

static void F(hidden_singles)(const struct rec_fused_work *k, uint32_t chunk)
{
    const struct rec_singles *x = k->singles;
    uint32_t at = x->cut[chunk], end = x->cut[chunk + 1], to;
    const vec *w = (const vec *)(k->w + (size_t)(k->g->n_nodes + at) * REC_D);

    for (uint32_t item = x->item[chunk]; at < end; item++) {
        vec w_item[NV], sum_w[NV], sum_h[NV], h[NV];

        to = x->at[item + 1] < end ? x->at[item + 1] : end;
        if (at == to)
            continue;
        EACH(j, NV)
        {
            w_item[j] = F(item_row)(k, k->w, item)[j];
            sum_w[j] = sum_h[j] = SPLAT((rec_real)0);
        }
        for (; at < to; at++, w += NV) {
            F(single)(k, w, w_item, h);
            EACH(j, NV)
            {
                sum_w[j] += w[j];
                sum_h[j] += h[j];
            }
        }
        EACH(j, NV)
        {
            F(sum_of)(k, chunk, item, REC_CARRY_H, k->h_items)[j] = sum_w[j];
            F(sum_of)(k, chunk, item, REC_CARRY_Y, k->y)[j] = sum_h[j];
        }
    }
}

/* The items of ROWS singles from AT on, none of them before ITEM. */
INLINE void F(items_of)(const struct rec_singles *x, uint32_t item, uint32_t at,
                        uint32_t rows, uint32_t *items)
{
    for (uint32_t t = 0; t < rows; t++) {
        while (x->at[item + 1] <= at + t)
            item++;
        items[t] = item;
    }
}

static void F(share_singles)(const struct rec_fused_work *k, uint32_t chunk)
{
    const struct rec_singles *x = k->singles;
    uint32_t to = x->cut[chunk + 1], item = x->item[chunk], rows, items[TILE];
    rec_real *part = k->part + (k->c->n + chunk) * REC_FUSED_PART(REC_D);
    vec y[TILE][NV] __attribute__((aligned(64))),
        z[TILE][NV] __attribute__((aligned(64)));
    double loss = 0.0, sum_g = 0.0;

    memset(part, 0, (REC_D + 1) * REC_D * sizeof *part);
    for (uint32_t at = x->cut[chunk]; at < to; at += rows, item = items[rows - 1]) {
        struct F(node) *nodes = (struct F(node) *)k->nodes + k->g->n_nodes + at;
        const vec *w = (const vec *)(k->w + (size_t)(k->g->n_nodes + at) * REC_D);
        vec d = SPLAT((rec_real)k->single_norm), h[NV];

        rows = to - at < TILE ? to - at : TILE;
        F(items_of)(x, item, at, rows, items);
        for (uint32_t t = 0; t < rows; t++, w += NV) {
            F(single)(k, w, F(item_row)(k, k->w, items[t]), h);
            F(set_bits)(nodes[t].h_on, h);
            EACH(j, NV)
            y[t][j] = d * (h[j] + F(item_row)(k, k->h, items[t])[j]);
        }
        F(clear)(y, rows, TILE);
        F(times)(y, k->w2, k->b2, rows, z);
        for (uint32_t t = 0; t < rows; t++) {
            const struct F(node) *other =
                (const struct F(node) *)k->nodes + k->g->n_users + items[t];
            double rest = (double)other->s - (double)x->rating[at + t], a;

            F(share)(&nodes[t], z[t], k->out);
            a = (double)nodes[t].s + k->c0;
            loss += a * (a + 2.0 * rest); /* as in share_users, of degree 1 */
            sum_g += F(gradient)(k, &nodes[t], k->single_norm, 1.0, rest, z[t]);
        }
        F(add_second)(y, z, rows, part);
    }
    k->loss[k->c->n + chunk] = loss;
    k->sum_g[k->c->n + chunk] = sum_g;
}

/* P of singles AT .. AT + ROWS, see second(). */
INLINE void F(single_seconds)(const struct rec_fused_work *k, uint32_t at,
                              uint32_t rows, const uint32_t *items, vec (*p)[NV])
{
    const struct F(node) *nodes = (const struct F(node) *)k->nodes;

    for (uint32_t t = 0; t < rows; t++) {
        const struct F(node) *other = nodes + k->g->n_users + items[t];

        EACH(j, NV)
        p[t][j] = VKEEP(SPLAT(other->c), F(bits)(other->z_on, j));
        F(second)(nodes + k->g->n_nodes + at + t, k->out, k->out + REC_D, p[t]);
    }
    F(clear)(p, rows, TILE);
}

static void F(update_singles)(const struct rec_fused_work *k, uint32_t chunk)
{
    const struct rec_singles *x = k->singles;
    uint32_t to = x->cut[chunk + 1], item = x->item[chunk], rows, items[TILE];
    vec p[TILE][NV] __attribute__((aligned(64))),
        dz[TILE][NV] __attribute__((aligned(64)));
    vec sum[NV], *db = (vec *)(k->part + (k->c->n + chunk) * REC_FUSED_PART(REC_D) +
                               (size_t)(REC_D + 1) * REC_D);

    memset(db, 0, REC_D * sizeof(rec_real));
    EACH(j, NV)
    sum[j] = SPLAT((rec_real)0);
    for (uint32_t at = x->cut[chunk]; at < to; at += rows) {
        uint32_t n = k->g->n_nodes + at;

        rows = to - at < TILE ? to - at : TILE;
        F(items_of)(x, item, at, rows, items);
        F(single_seconds)(k, at, rows, items, p);
        F(times)(p, k->w2t, NULL, rows, dz);
        for (uint32_t t = 0; t < rows; t++) {
            if (items[t] != item) {
                EACH(j, NV)
                {
                    F(sum_of)(k, chunk, item, REC_CARRY_Y, k->y)[j] = sum[j];
                    sum[j] = SPLAT((rec_real)0);
                }
                item = items[t];
            }
            F(first)
            ((const struct F(node) *)k->nodes + n + t, k->single_norm, dz[t], dz[t],
             db);
            EACH(j, NV)
            {
                sum[j] += dz[t][j];
                dz[t][j] += F(item_row)(k, k->h, item)[j];
            }
            F(adam)(k, n + t, k->single_norm, dz[t]);
        }
    }
    EACH(j, NV)
    F(sum_of)(k, chunk, item, REC_CARRY_Y, k->y)[j] = sum[j];
}
