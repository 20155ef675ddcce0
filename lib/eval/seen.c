#include "eval/seen.h"

#include <string.h>

void rec_seen_free(struct rec_seen *s)
{
    rec_free(s->off);
    rec_free(s->item);
    *s = (struct rec_seen){ 0 };
}

void rec_count_items(const struct rec_ratings *x, uint32_t *count)
{
    memset(count, 0, x->n_items * sizeof *count);
    for (size_t i = 0; i < x->n; i++)
        count[x->item[i]] += x->part[i] == REC_TRAIN;
}

static bool counts(const struct rec_ratings *x, unsigned parts, double least, size_t i)
{
    return (parts >> x->part[i] & 1) != 0 && (double)x->rating[i] >= least;
}

/* The rows that count, in order of the items: a counting sort. */
static size_t sort_by_item(const struct rec_ratings *x, unsigned parts, double least,
                           uint64_t *next, size_t *row)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n; i++)
        if (counts(x, parts, least, i)) {
            next[x->item[i] + 1]++;
            n++;
        }
    for (uint32_t i = 0; i < x->n_items; i++)
        next[i + 1] += next[i];
    for (size_t i = 0; i < x->n; i++)
        if (counts(x, parts, least, i))
            row[next[x->item[i]]++] = i;
    return n;
}

/* Each of the N rows to its user's list, then items that come again are dropped. */
static void deal(const struct rec_ratings *x, const size_t *row, size_t n,
                 struct rec_seen *s)
{
    uint64_t from = 0, kept = 0;

    for (size_t k = 0; k < n; k++)
        s->off[x->user[row[k]] + 1]++;
    for (uint32_t u = 0; u < x->n_users; u++)
        s->off[u + 1] += s->off[u];
    for (size_t k = 0; k < n; k++)
        s->item[s->off[x->user[row[k]]]++] = x->item[row[k]];
    for (uint32_t u = 0; u < x->n_users; u++) { /* off[u] is now the end of u's */
        uint64_t to = s->off[u], first = kept;

        for (uint64_t e = from; e < to; e++)
            if (e == from || s->item[e] != s->item[e - 1])
                s->item[kept++] = s->item[e];
        s->off[u] = first;
        from = to;
    }
    s->off[x->n_users] = kept;
}

enum rec_status rec_seen_make(const struct rec_ratings *x, unsigned parts, double least,
                              struct rec_seen *out, struct rec_err *err)
{
    static const char what[] = "the items of users";
    struct rec_seen s = { 0 };
    uint64_t *next = rec_alloc_zero((size_t)x->n_items + 1, sizeof *next, what, err);
    size_t *row = next == NULL ? NULL : rec_alloc(x->n, sizeof *row, what, err);
    enum rec_status st = REC_ESYSTEM;

    if (row != NULL)
        s.off = rec_alloc_zero((size_t)x->n_users + 1, sizeof *s.off, what, err);
    if (s.off != NULL) {
        size_t n = sort_by_item(x, parts, least, next, row);

        s.item = rec_alloc(n, sizeof *s.item, what, err);
        if (s.item != NULL) {
            deal(x, row, n, &s);
            *out = s;
            s = (struct rec_seen){ 0 };
            st = REC_OK;
        }
    }
    rec_free(next);
    rec_free(row);
    rec_seen_free(&s);
    return st;
}
