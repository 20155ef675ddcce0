#include "eval/topk.h"

#include <math.h>

#include "base/clones.h"

/* Whether A comes after B in a list. */
static bool worse(struct rec_hit a, struct rec_hit b)
{
    return a.score < b.score || (a.score <= b.score && a.item > b.item);
}

/* A heap whose root is the worst: puts X into place AT or below. */
static void sink(struct rec_hit *heap, uint32_t n, uint32_t at, struct rec_hit x)
{
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && worse(heap[child + 1], heap[child]))
            child++;
        if (!worse(heap[child], x))
            break;
        heap[at] = heap[child];
    }
    heap[at] = x;
}

static void rise(struct rec_hit *heap, uint32_t at, struct rec_hit x)
{
    for (uint32_t up; at > 0 && worse(x, heap[up = (at - 1) / 2]); at = up)
        heap[at] = heap[up];
    heap[at] = x;
}

/* The first of the whole blocks from FROM on that has a score not below or at LIMIT. */
enum { BLOCK = 64 };
REC_CLONES static uint32_t skip_blocks(const float *score, uint32_t from, uint32_t n,
                                       float limit)
{
    while (from + BLOCK <= n) {
        uint32_t any = 0;

        for (uint32_t j = 0; j < BLOCK; j++)
            any |= (uint32_t) !(score[from + j] <= limit);
        if (any != 0)
            break;
        from += BLOCK;
    }
    return from;
}

bool rec_topk(const float *score, uint32_t n, uint32_t k, struct rec_hit *out,
              uint32_t *n_out)
{
    float limit = -INFINITY; /* what a further item must be above */
    uint32_t m = 0, end;

    for (uint32_t i = 0; k > 0 && i < n; i = end) {
        i = skip_blocks(score, i, n, limit);
        end = n - i < BLOCK ? n : i + BLOCK;
        for (uint32_t at = i; at < end; at++) {
            struct rec_hit x = { score[at], at };

            if (x.score <= limit)
                continue;
            if (!isfinite(x.score))
                return false;
            if (m < k)
                rise(out, m++, x);
            else
                sink(out, m, 0, x);
            if (m == k)
                limit = out[0].score;
        }
    }
    *n_out = m;
    while (m-- > 1) { /* the worst to the end */
        struct rec_hit last = out[m];

        out[m] = out[0];
        sink(out, m, 0, last);
    }
    return true;
}
