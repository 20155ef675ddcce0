/*
 * passes FILE WIDTH THREADS EPOCHS [SET]: what an epoch of the fused path takes on the
 * graph of FILE, by pass: TSV, milliseconds (least and median), bytes by the formulas
 * of fused_pass.h, how many of them are gathered along edges, and the rate they come
 * to; beside them what the machine does in the same run: a triad over arrays (STREAM),
 * and the gathering of rows of WIDTH floats at random from a table as large as the
 * model's.  By these two a pass is expected between two times: all its bytes at the
 * rate of the triad (least_ms), and the gathered ones at that of the gather (most_ms).
 * Below is what caches hold, above what is bound by arithmetic.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/par.h"
#include "nn/fused.h"
#include "nn/kernels.h"

enum { CHUNKS = 64 };
/* Rows of what is printed: the passes, and these. */
enum { EPOCH = REC_FUSED_PASSES, TRIAD, GATHER, ROWS };
static const char *const others[] = { "epoch", "triad", "gather" };

static struct rec_err err;

static void must(enum rec_status st)
{
    if (st != REC_OK) {
        fprintf(stderr, "passes: %s\n", err.text);
        exit(2);
    }
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the machine ---- */

struct machine {
    float *a, *b, *c;
    uint32_t *at;
    size_t n; /* floats */
    uint32_t width, rows;
};

REC_CLONES static void triad(void *ctx, uint32_t chunk)
{
    const struct machine *k = ctx;
    size_t from = k->n / CHUNKS * chunk;
    float *restrict a = k->a;
    const float *restrict b = k->b, *restrict c = k->c;

    for (size_t i = from; i < from + k->n / CHUNKS; i++)
        a[i] = b[i] + 3.0f * c[i];
}

REC_CLONES static void gather(void *ctx, uint32_t chunk)
{
    const struct machine *k = ctx;
    uint32_t from = k->rows / CHUNKS * chunk, d = k->width;
    float sum[256] = { 0 };

    for (uint32_t i = from; i < from + k->rows / CHUNKS; i++) {
        const float *row = k->b + (size_t)k->at[i] * d;

        for (uint32_t j = 0; j < d; j += 16)
            __builtin_prefetch(k->b + (size_t)k->at[i + 32] * d + j);
        for (uint32_t j = 0; j < d; j++)
            sum[j] += row[j];
    }
    for (uint32_t j = 0; j < d; j++) /* so that it is not left out */
        k->a[chunk * 256 + j] = sum[j];
}

static void machine_make(struct machine *k, uint32_t n_nodes, uint32_t width)
{
    uint64_t x = 1;

    *k = (struct machine){ .n = (size_t)n_nodes * width, .width = width };
    k->rows = n_nodes;
    if (k->n < CHUNKS * 256)
        k->n = CHUNKS * 256;
    k->a = rec_alloc_zero(k->n, sizeof *k->a, "array", &err);
    k->b = rec_alloc_zero(k->n, sizeof *k->b, "array", &err);
    k->c = rec_alloc_zero(k->n, sizeof *k->c, "array", &err);
    k->at = rec_alloc_zero((size_t)n_nodes + 64, sizeof *k->at, "array", &err);
    must(k->a && k->b && k->c && k->at ? REC_OK : REC_ESYSTEM);
    memset(k->b, 1, k->n * sizeof *k->b);
    memset(k->c, 1, k->n * sizeof *k->c);
    for (uint32_t i = 0; i < n_nodes; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        k->at[i] = (uint32_t)((x >> 32) * n_nodes >> 32);
    }
}

static double timed(struct machine *k, rec_chunk_fn *fn)
{
    double start = now();

    rec_par_run(CHUNKS, fn, k);
    return now() - start;
}

/* ---- the passes ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* What a pass, or all of them, takes and moves. */
struct row {
    double least_s, median_s, bytes, gathered;
};

static struct row row_of(double *s, size_t n, double bytes, double gathered)
{
    qsort(s, n, sizeof *s, by_value);
    return (struct row){ s[0], s[n / 2], bytes, gathered };
}

static void print(const char *name, struct row x, struct row stream, struct row random)
{
    double stream_s = stream.least_s / stream.bytes;
    double random_s = random.least_s / random.bytes;

    printf("%s\t%.3f\t%.3f\t%.1f\t%.1f\t%.1f\t%.3f\t%.3f\n", name, 1e3 * x.least_s,
           1e3 * x.median_s, x.bytes / 1e6, x.gathered / 1e6, x.bytes / 1e9 / x.least_s,
           1e3 * x.bytes * stream_s,
           1e3 * ((x.bytes - x.gathered) * stream_s + x.gathered * random_s));
}

static void load(const char *path, struct rec_graph *g)
{
    struct rec_reader *r;

    must(rec_reader_open(path, &r, &err));
    must(rec_graph_load(r, &err));
    must(rec_reader_run(r, NULL, &err));
    must(rec_graph_get(r, g, &err));
    rec_reader_close(r);
}

static void measure(const struct rec_graph *g, uint32_t width, size_t epochs)
{
    static const struct rec_adam adam = { 0.01, 0.9, 0.999, 1e-8, 0.0 };
    double *s = calloc(ROWS * epochs, sizeof *s), bytes[ROWS], gathered[ROWS] = { 0 };
    struct row rows[ROWS];
    struct machine k;
    struct rec_gcn m;
    struct rec_fused *f;

    must(rec_gcn_make(&m, g, width, 2, true, &err));
    if (s == NULL || !rec_fused_serves(&m, &adam)) {
        fprintf(stderr, "passes: width %u is not served\n", width);
        exit(2);
    }
    rec_gcn_init(&m, 1);
    must(rec_fused_make(g, width, &f, &err));
    must(rec_fused_begin(f, &m, &err));
    rec_fused_bytes(f, bytes, gathered);
    machine_make(&k, g->n_nodes, width);
    for (size_t e = 0; e < epochs; e++) {
        double pass[REC_FUSED_PASSES] = { 0 }, start = now();

        rec_fused_watch(f, pass);
        (void)rec_fused_forward(f, &m);
        rec_fused_step(f, &m, &adam, e + 1);
        s[EPOCH * epochs + e] = now() - start;
        for (size_t i = 0; i < REC_FUSED_PASSES; i++)
            s[i * epochs + e] = pass[i];
        s[TRIAD * epochs + e] = timed(&k, triad);
        s[GATHER * epochs + e] = timed(&k, gather);
    }
    bytes[EPOCH] = 0.0;
    for (size_t i = 0; i < REC_FUSED_PASSES; i++) {
        bytes[EPOCH] += bytes[i];
        gathered[EPOCH] += gathered[i];
    }
    bytes[TRIAD] = 12.0 * (double)k.n;
    bytes[GATHER] = gathered[GATHER] = 4.0 * k.rows * (width + 1.0);
    for (size_t i = 0; i < ROWS; i++)
        rows[i] = row_of(s + i * epochs, epochs, bytes[i], gathered[i]);
    printf("pass\tmin_ms\tmedian_ms\tMB\tgathered\tGB_per_s\tleast_ms\tmost_ms\n");
    for (size_t i = 0; i < ROWS; i++)
        print(i < REC_FUSED_PASSES ? rec_fused_names[i] : others[i - REC_FUSED_PASSES],
              rows[i], rows[TRIAD], rows[GATHER]);
}

int main(int argc, char **argv)
{
    struct rec_graph g;

    if (argc < 5 || (argc > 5 && !rec_kernel_set_use(argv[5])) || atoi(argv[2]) < 1 ||
        atoi(argv[2]) > 256 || atoi(argv[4]) < 1) {
        fprintf(stderr, "usage: passes FILE WIDTH THREADS EPOCHS [SET]\n");
        return 2;
    }
    rec_par_set_threads((unsigned)atoi(argv[3]));
    rec_kernels_init();
    load(argv[1], &g);
    measure(&g, (uint32_t)atoi(argv[2]), (size_t)atoi(argv[4]));
    return 0;
}
