#include "data/rows.h"

#include <stdlib.h>
#include <string.h>

#include "unit/test.h"

static struct rec_err err;

static void make_table(struct rec_table *t)
{
    rec_table_init(t, "t", REC_KIND_TABLE);
    rec_table_add(t, "id", REC_STR, 1, REC_PLAIN, NULL);
    rec_table_add(t, "byte", REC_U8, 1, REC_PLAIN, NULL);
    rec_table_add(t, "pair", REC_F32, 2, REC_PLAIN, NULL);
    rec_table_add(t, "time", REC_I64, 1, REC_PLAIN, NULL);
}

/* Row X says the same in each of its columns; some texts are empty. */
static void add_row(struct rec_table *t, uint32_t x)
{
    size_t i = t->n_rows;
    float pair[2] = { (float)x, -(float)x };
    char text[32] = "";

    if (x % 5 != 0)
        (void)snprintf(text, sizeof text, "%0*u", (int)(x % 7 + 1), x);
    CHECK(rec_table_reserve(t, i + 1, &err) == REC_OK);
    CHECK(rec_buf_add(&t->cols[0].text, text, strlen(text), &err) == REC_OK);
    t->cols[0].at[i + 1] = t->cols[0].text.n;
    ((uint8_t *)t->cols[1].data)[i] = (uint8_t)x;
    memcpy((float *)t->cols[2].data + 2 * i, pair, sizeof pair);
    ((int64_t *)t->cols[3].data)[i] = x;
    t->n_rows++;
}

/* T holds rows x[0 .. n): built row by row, it is the same. */
static void check_rows(const struct rec_table *t, const uint32_t *x, size_t n)
{
    struct rec_table want;

    make_table(&want);
    for (size_t i = 0; i < n; i++)
        add_row(&want, x[i]);
    CHECK(t->n_rows == n);
    for (uint32_t c = 0; c < 4 && n > 0; c++) {
        const struct rec_column *a = &t->cols[c], *b = &want.cols[c];
        size_t bytes = rec_type_bytes(a->type) * a->width * n;

        if (a->type == REC_STR)
            CHECK(
                a->text.n == b->text.n &&
                memcmp(a->at, b->at, (n + 1) * sizeof *a->at) == 0 &&
                (a->text.n == 0 || memcmp(a->text.data, b->text.data, a->text.n) == 0));
        else
            CHECK(memcmp(a->data, b->data, bytes) == 0);
    }
    rec_table_free(&want);
}

enum { MOST = 400 };

/* Random appends, shifts and selections, against an array of row numbers. */
static void rows_stay_whole_whatever_is_done_to_them(void)
{
    struct rec_table t, from;
    uint32_t have[4 * MOST], next = 0;
    uint64_t seed = 11;
    size_t n = 0;

    make_table(&t);
    make_table(&from);
    for (int round = 0; round < 300; round++) {
        size_t k = test_random(&seed) % MOST, first, m;
        uint8_t keep[4 * MOST];

        rec_table_clear(&from);
        for (size_t i = 0; i < k; i++)
            add_row(&from, next + (uint32_t)i);
        first = k > 0 ? test_random(&seed) % k : 0;
        m = k > first && n < 3 * MOST ? test_random(&seed) % (k - first + 1) : 0;
        CHECK(rec_rows_append(&t, &from, first, m, &err) == REC_OK);
        for (size_t i = 0; i < m; i++)
            have[n++] = next + (uint32_t)(first + i);
        next += (uint32_t)k;
        check_rows(&t, have, n);

        m = test_random(&seed) % (n + 1) / (1 + test_random(&seed) % 4);
        rec_rows_shift(&t, m);
        n -= m;
        memmove(have, have + m, n * sizeof *have);
        check_rows(&t, have, n);

        m = 0;
        for (size_t i = 0; i < n; i++) {
            keep[i] = test_random(&seed) % 4 < (unsigned)round % 5;
            have[m] = have[i];
            m += keep[i];
        }
        n = m;
        rec_rows_keep(&t, keep);
        check_rows(&t, have, n);
    }
    rec_table_free(&t);
    rec_table_free(&from);
}

int main(void)
{
    RUN(rows_stay_whole_whatever_is_done_to_them);
    return test_end();
}
