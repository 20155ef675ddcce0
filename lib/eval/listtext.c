#include "eval/listtext.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/par.h"

enum { CHUNKS = 64 };

/* ---- ids ---- */

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* The byte C, which cannot stand as it is. */
static enum rec_status add_escape(enum rec_list_form form, char c, struct rec_buf *b,
                                  struct rec_err *err)
{
    unsigned code = (unsigned char)c;

    if (form == REC_LIST_CSV)
        return rec_buf_add(b, "\"\"", 2, err);
    if (form == REC_LIST_TSV)
        return rec_buf_addf(b, err, "\\x%02x", code);
    return is_control((unsigned char)c) ? rec_buf_addf(b, err, "\\u%04x", code)
                                        : rec_buf_addf(b, err, "\\%c", c);
}

static bool needs_escape(enum rec_list_form form, char c)
{
    if (form == REC_LIST_CSV)
        return c == '"';
    return is_control((unsigned char)c) || c == '\\' ||
           (form == REC_LIST_JSONL && c == '"');
}

static bool needs_quotes(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] == ',' || s[i] == '"' || s[i] == '\n' || s[i] == '\r')
            return true;
    return false;
}

static enum rec_status add_id(enum rec_list_form form, const char *s, size_t n,
                              struct rec_buf *b, struct rec_err *err)
{
    bool quotes =
        form == REC_LIST_JSONL || (form == REC_LIST_CSV && needs_quotes(s, n));
    size_t plain = 0;
    enum rec_status st = quotes ? rec_buf_add(b, "\"", 1, err) : REC_OK;

    for (size_t i = 0; st == REC_OK && i < n; i++) {
        if (!needs_escape(form, s[i]))
            continue;
        st = rec_buf_add(b, s + plain, i - plain, err);
        if (st == REC_OK)
            st = add_escape(form, s[i], b, err);
        plain = i + 1;
    }
    if (st == REC_OK)
        st = rec_buf_add(b, s + plain, n - plain, err);
    return st == REC_OK && quotes ? rec_buf_add(b, "\"", 1, err) : st;
}

/* ---- lines ---- */

enum rec_status rec_list_text_begin(struct rec_list_text *t, struct rec_err *err)
{
    char line[64], split = t->form == REC_LIST_TSV ? '\t' : ',';
    int n = snprintf(line, sizeof line, "%s%c%s%crank%cscore\n", t->keys[0], split,
                     t->keys[1], split, split);

    if (t->begun || t->form == REC_LIST_JSONL)
        return REC_OK;
    t->begun = true;
    return rec_out_write(t->out, line, (size_t)n, err);
}

static enum rec_status add_json(const struct rec_list_text *t, struct rec_owner o,
                                struct rec_hit hit, uint32_t rank, const char *score,
                                struct rec_buf *b, struct rec_err *err)
{
    size_t n;
    const char *id = rec_column_text(t->items, hit.item, &n);
    enum rec_status st = rec_buf_addf(b, err, "{\"%s\": ", t->keys[0]);

    if (st == REC_OK)
        st = add_id(t->form, o.text, o.len, b, err);
    if (st == REC_OK)
        st = rec_buf_addf(b, err, ", \"%s\": ", t->keys[1]);
    if (st == REC_OK)
        st = add_id(t->form, id, n, b, err);
    return st == REC_OK
               ? rec_buf_addf(b, err, ", \"rank\": %u, \"score\": %s}\n", rank, score)
               : st;
}

static enum rec_status add_line(const struct rec_list_text *t, struct rec_owner o,
                                struct rec_hit hit, uint32_t rank, struct rec_buf *b,
                                struct rec_err *err)
{
    char score[REC_NUM_CHARS], split = t->form == REC_LIST_TSV ? '\t' : ',';
    size_t n;
    const char *id = rec_column_text(t->items, hit.item, &n);
    enum rec_status st;

    (void)rec_format_f32(hit.score, score);
    if (t->form == REC_LIST_JSONL)
        return add_json(t, o, hit, rank, score, b, err);
    st = add_id(t->form, o.text, o.len, b, err);
    if (st == REC_OK)
        st = rec_buf_add(b, &split, 1, err);
    if (st == REC_OK)
        st = add_id(t->form, id, n, b, err);
    return st == REC_OK ? rec_buf_addf(b, err, "%c%u%c%s\n", split, rank, split, score)
                        : st;
}

/* ---- in parallel ---- */

struct work {
    const struct rec_list_text *t;
    const struct rec_owner *owner;
    const struct rec_lists *l;
    struct rec_buf text[CHUNKS];
    enum rec_status st[CHUNKS];
    struct rec_err err[CHUNKS];
};

static uint32_t first_of(const struct work *w, uint32_t chunk)
{
    return (uint32_t)((uint64_t)w->l->n * chunk / CHUNKS);
}

static void format_chunk(void *ctx, uint32_t c)
{
    struct work *w = ctx;
    enum rec_status st = REC_OK;

    for (uint32_t u = first_of(w, c); st == REC_OK && u < first_of(w, c + 1); u++) {
        const struct rec_hit *hit = w->l->hit + (size_t)u * w->l->k;

        for (uint32_t k = 0; st == REC_OK && k < w->l->n_hits[u]; k++)
            st = add_line(w->t, w->owner[u], hit[k], k + 1, &w->text[c], &w->err[c]);
    }
    w->st[c] = st;
}

enum rec_status rec_list_text_add(struct rec_list_text *t,
                                  const struct rec_owner *owner,
                                  const struct rec_lists *l, struct rec_err *err)
{
    struct work *w = rec_alloc_zero(1, sizeof *w, "text", err);
    enum rec_status st = w == NULL ? REC_ESYSTEM : rec_list_text_begin(t, err);

    if (w == NULL)
        return st;
    w->t = t;
    w->owner = owner;
    w->l = l;
    rec_par_run(CHUNKS, format_chunk, w);
    for (uint32_t c = 0; c < CHUNKS; c++) {
        if (st == REC_OK && w->st[c] != REC_OK) {
            *err = w->err[c];
            st = w->st[c];
        }
        if (st == REC_OK && w->text[c].n > 0)
            st = rec_out_write(t->out, w->text[c].data, w->text[c].n, err);
        rec_buf_free(&w->text[c]);
    }
    rec_free(w);
    return st;
}
