#include "data/ids.h"

static enum rec_status find_ids(struct rec_reader *r, const char *name,
                                const struct rec_column **ids, size_t *n,
                                struct rec_err *err)
{
    struct rec_table *t;
    enum rec_status st = rec_reader_need(r, name, "rec-encode", &t, err);

    if (st != REC_OK)
        return st;
    st = rec_table_column(t, "id", REC_STR, 1, ids, err);
    if (st == REC_OK && (t->n_rows == 0 || t->n_rows >= UINT32_MAX))
        st = rec_fail(err, REC_EFORMAT, "section '%s' has %zu rows", name, t->n_rows);
    *n = t->n_rows;
    return st == REC_OK ? st : rec_fail_in(err, st, rec_reader_name(r));
}

enum rec_status rec_ids_read(struct rec_reader *r, const char *name, struct rec_dict *d,
                             uint32_t *n_known, struct rec_err *err)
{
    const struct rec_column *ids;
    uint32_t *index;
    size_t n;
    enum rec_status st = find_ids(r, name, &ids, &n, err);

    if (st != REC_OK)
        return st;
    index = rec_alloc(n, sizeof *index, "known ids", err);
    if (index == NULL)
        return REC_ESYSTEM;
    st = rec_dict_add_column(d, ids, n, index, err);
    for (size_t i = 0; st == REC_OK && i < n; i++)
        if (index[i] != i)
            st = rec_fail(err, REC_EFORMAT,
                          "%s: section '%s', row %zu: the same id as in row %u",
                          rec_reader_name(r), name, i, index[i]);
    rec_free(index);
    *n_known = (uint32_t)n;
    return st;
}
