#include <string.h>
#include <time.h>

#include "base/par.h"
#include "nn/fused_state.h"

bool rec_fused_serves(const struct rec_gcn *m, const struct rec_adam *adam)
{
    /* Weight decay moves the rows of nodes without edges, too. */
    return m->n_layers == 2 && rec_fused_find(m->width) != NULL &&
           adam->weight_decay == 0.0;
}

/* ---- passes ---- */

enum pass { HIDDEN, SHARE_ITEMS, SHARE_USERS, BACK_ITEMS, UPDATE_USERS, UPDATE_ITEMS };

/* One side of a pass: of items alone, or of users and singles. */
struct running {
    const struct rec_fused_work *k;
    rec_fused_pass *users, *singles, *items;
};

static void users_chunk(void *ctx, uint32_t chunk)
{
    const struct running *p = ctx;
    uint32_t users = p->k->c->n_user_chunks;

    if (chunk < users)
        p->users(p->k, chunk);
    else
        p->singles(p->k, chunk - users);
}

static void items_chunk(void *ctx, uint32_t chunk)
{
    const struct running *p = ctx;

    p->items(p->k, p->k->c->n_user_chunks + chunk);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void run(struct rec_fused *f, enum pass pass, struct running p)
{
    double start = f->seconds == NULL ? 0.0 : now();

    p.k = &f->work;
    if (p.items == NULL)
        rec_par_run(f->c.n_user_chunks + f->singles.n_chunks, users_chunk, &p);
    else
        rec_par_run(f->c.n - f->c.n_user_chunks, items_chunk, &p);
    if (f->seconds != NULL)
        f->seconds[pass] += now() - start;
}

/* Adds what chunks of singles have kept aside into the rows of items, in their order.
 */
static void carry(struct rec_fused *f, size_t which, rec_real *table)
{
    size_t d = f->width;

    for (size_t chunk = 0; chunk < f->singles.n_chunks; chunk++) {
        const rec_real *from = f->work.carry + (2 * chunk + which) * d;
        rec_real *to = table + f->singles.item[chunk] * d;

        for (size_t j = 0; rec_singles_go_on(&f->singles, (uint32_t)chunk) && j < d;
             j++)
            to[j] += from[j];
    }
}

static void take_small_tensors(struct rec_fused *f, const struct rec_gcn *m)
{
    size_t d = f->width;
    struct rec_fused_work *k = &f->work;

    memcpy(k->w2, m->w[1].x, d * d * sizeof *k->w2);
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++)
            k->w2t[j * d + i] = k->w2[i * d + j];
    memcpy(k->b1, m->b[0].x, d * sizeof *k->b1);
    memcpy(k->b2, m->b[1].x, d * sizeof *k->b2);
    memcpy(k->out, m->out.x, 2 * d * sizeof *k->out);
    k->c0 = (double)m->c.x[0];
}

double rec_fused_forward(struct rec_fused *f, struct rec_gcn *m)
{
    const struct rec_fused_passes *p = f->passes;
    uint32_t n = f->c.n + f->singles.n_chunks;
    double loss, sum = 0.0, sum_g = 0.0;

    take_small_tensors(f, m);
    run(f, HIDDEN, (struct running){ NULL, p->hidden_users, p->hidden_singles, NULL });
    carry(f, REC_CARRY_H, f->work.h_items);
    carry(f, REC_CARRY_Y, f->work.y);
    run(f, HIDDEN, (struct running){ .items = p->hidden_items });
    run(f, SHARE_ITEMS, (struct running){ .items = p->share_items });
    run(f, SHARE_USERS,
        (struct running){ NULL, p->share_users, p->share_singles, NULL });
    for (uint32_t chunk = 0; chunk < n; chunk++) {
        sum += f->work.loss[chunk];
        sum_g += f->work.sum_g[chunk]; /* each rating once: items have none */
    }
    m->c.dx[0] = (rec_real)sum_g;
    loss = (sum + f->sum_squares) / f->n_ratings;
    return loss < 0.0 ? 0.0 : loss; /* a NaN stays one */
}

/* Adds the sums of chunks FIRST .. END, in their order. */
static void add_up(struct rec_fused *f, uint32_t first, uint32_t end)
{
    size_t n = REC_FUSED_PART(f->width);

    for (uint32_t chunk = first; chunk < end; chunk++)
        for (size_t i = 0; i < n; i++)
            f->sums[i] += f->work.part[chunk * n + i];
}

enum side { USERS, ITEMS };

/*
 * PART holds, for the nodes n of a side, M = sum of g_n y_n (z_n > 0)', q = sum of g_n
 * (z_n > 0), and the sum of dz1_n.
 *
 *   forward:  z = y W2 + b2, s = relu(z) w
 *   so:       dW2[i,j] = M[i,j] w[j]              db2[j] = q[j] w[j]
 *             dw[j] = sum of g_n relu(z_n[j])
 *                   = sum over i of W2[i,j] M[i,j] + b2[j] q[j]
 *   forward:  z1 = A^ W1 + b1       so:  db1 = sum of dz1
 */
static void add_small_gradients(struct rec_fused *f, struct rec_gcn *m, enum side side)
{
    size_t d = f->width;
    const rec_real *sums = f->sums, *q = sums + d * d, *dz1 = q + d;
    const rec_real *w = f->work.out + (side == USERS ? 0 : d);
    rec_real *dw = m->out.dx + (side == USERS ? 0 : d);

    memset(f->sums, 0, REC_FUSED_PART(d) * sizeof *f->sums);
    if (side == USERS) {
        add_up(f, 0, f->c.n_user_chunks);
        add_up(f, f->c.n, f->c.n + f->singles.n_chunks);
    } else {
        add_up(f, f->c.n_user_chunks, f->c.n);
    }
    for (size_t i = 0; i < d; i++)
        for (size_t j = 0; j < d; j++) {
            m->w[1].dx[i * d + j] += sums[i * d + j] * w[j];
            dw[j] += f->work.w2[i * d + j] * sums[i * d + j];
        }
    for (size_t j = 0; j < d; j++) {
        dw[j] += f->work.b2[j] * q[j];
        m->b[1].dx[j] += q[j] * w[j];
        m->b[0].dx[j] += dz1[j];
    }
}

void rec_fused_step(struct rec_fused *f, struct rec_gcn *m, const struct rec_adam *adam,
                    uint64_t step)
{
    const struct rec_fused_passes *p = f->passes;
    size_t d = f->width;
    struct rec_param *t;

    f->work.rates = rec_adam_rates(adam, step);
    run(f, BACK_ITEMS, (struct running){ .items = p->back_items });
    run(f, UPDATE_USERS,
        (struct running){ NULL, p->update_users, p->update_singles, NULL });
    carry(f, REC_CARRY_Y, f->work.y);
    run(f, UPDATE_ITEMS, (struct running){ .items = p->update_items });
    memset(m->w[1].dx, 0, d * d * sizeof(rec_real));
    memset(m->b[0].dx, 0, d * sizeof(rec_real));
    memset(m->b[1].dx, 0, d * sizeof(rec_real));
    memset(m->out.dx, 0, 2 * d * sizeof(rec_real));
    add_small_gradients(f, m, USERS);
    add_small_gradients(f, m, ITEMS);
    for (uint32_t i = 1; (t = rec_gcn_param(m, i)) != NULL; i++)
        rec_adam_step(adam, step, t);
}

/* ---- what others want to know ---- */

struct shares {
    const struct rec_fused *f;
    rec_real *s;
};

static void shares_chunk(void *ctx, uint32_t chunk)
{
    const struct shares *k = ctx;
    const struct rec_order *o = &k->f->order;
    uint32_t from = chunk * REC_FUSED_MOVE;
    uint32_t to =
        o->n_nodes - from < REC_FUSED_MOVE ? o->n_nodes : from + REC_FUSED_MOVE;
    uint32_t cut = to < o->n_active ? to : o->n_active > from ? o->n_active : from;

    k->f->passes->shares(&k->f->work, from, cut, o->from, k->s);
    k->f->passes->lonely_shares(&k->f->work, cut, to, o->from, k->s);
}

void rec_fused_shares(const struct rec_fused *f, rec_real *s)
{
    struct shares k = { f, s };

    rec_par_run((f->order.n_nodes + REC_FUSED_MOVE - 1) / REC_FUSED_MOVE, shares_chunk,
                &k);
}

const char *const rec_fused_names[REC_FUSED_PASSES] = {
    "hidden", "share_items", "share_users", "back_items", "update_users", "update_items"
};

void rec_fused_watch(struct rec_fused *f, double seconds[REC_FUSED_PASSES])
{
    f->seconds = seconds;
}

void rec_fused_bytes(const struct rec_fused *f, double bytes[REC_FUSED_PASSES],
                     double gathered[REC_FUSED_PASSES])
{
    double row = (double)(f->width * sizeof(rec_real)), e = (double)f->g.n_edges / 2.0;
    double r = (double)rec_fused_node_bytes(f->width), i = f->g.n_items;
    double u = f->g.n_users, s = f->singles.n, q = 0.0, n = u + i;

    for (uint32_t j = 0; j < f->g.n_items; j++)
        q += f->singles.at[j + 1] > f->singles.at[j];
    gathered[HIDDEN] = 2.0 * e * row;
    gathered[SHARE_ITEMS] = gathered[UPDATE_ITEMS] = e * row;
    gathered[SHARE_USERS] = gathered[UPDATE_USERS] = e * (row + r);
    gathered[BACK_ITEMS] = e * r;
    bytes[HIDDEN] = 8.0 * e + n * (2.0 * row + 12.0) + s * row + q * 4.0 * row;
    bytes[SHARE_ITEMS] = 4.0 * e + i * (2.0 * row + r) + q * row;
    bytes[SHARE_USERS] =
        4.0 * e + u * (row + r) + s * (row + r + 4.0) + q * (2.0 * row + r);
    bytes[BACK_ITEMS] = 4.0 * e + i * (2.0 * row + r) + s * r;
    bytes[UPDATE_USERS] =
        4.0 * e + u * (8.0 * row + r) + s * (6.0 * row + r) + q * (2.0 * row + r);
    bytes[UPDATE_ITEMS] = 4.0 * e + i * 7.0 * row + q * row;
    for (int p = 0; p < REC_FUSED_PASSES; p++)
        bytes[p] += gathered[p];
}
