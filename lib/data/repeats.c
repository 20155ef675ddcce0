#include "data/repeats.h"

#include <string.h>

#include "base/hash.h"
#include "base/par.h"
#include "io/bytes.h"

enum {
    AHEAD = 12,               /* rows that memory is asked for ahead of time */
    NUMBER_BYTES = 4 + 8 + 1, /* of a row: rating, time, source */
    LENGTH_BYTES = 3,         /* at most, of a text's length */
    KEY_BYTES = 2 * REC_MAX_ID_BYTES + REC_MAX_KEEP_BYTES + 10 * (4 + REC_MAX_KEEP)
};

struct search {
    struct rec_repeats *r;
    const struct rec_fields *f;
    uint8_t source;
    struct rec_piece *pieces;
    uint32_t n_pieces;
    struct rec_sieve *sieve; /* that is told */
};

enum rec_status rec_repeats_make(struct rec_repeats *r, enum rec_dups dups,
                                 struct rec_err *err)
{
    unsigned threads = rec_par_threads();

    *r = (struct rec_repeats){ .dups = dups, .n_parts = 1 };
    while (r->n_parts < threads && r->n_parts < REC_MAX_REPEATS_PARTS)
        r->n_parts *= 2;
    for (uint32_t i = 0; i < r->n_parts; i++) {
        r->parts[i].key = rec_alloc(KEY_BYTES, 1, "row", err);
        if (r->parts[i].key == NULL) {
            rec_repeats_free(r);
            return REC_ESYSTEM;
        }
    }
    return REC_OK;
}

void rec_repeats_free(struct rec_repeats *r)
{
    for (uint32_t i = 0; i < REC_MAX_REPEATS_PARTS; i++) {
        rec_rowset_free(&r->parts[i].seen);
        rec_free(r->parts[i].key);
    }
    *r = (struct rec_repeats){ 0 };
}

/* ---- keys: see rec_sieve_compare() ---- */

static uint8_t *put_text(uint8_t *p, const char *text, uint32_t n)
{
    p = rec_put_varint(p, n);
    memcpy(p, text, n);
    return p + n;
}

static size_t make_key(const struct search *s, const struct rec_raw_row *x,
                       uint8_t *key)
{
    uint8_t *p = put_text(key, x->user, x->user_len);

    p = put_text(p, x->item, x->item_len);
    if (s->r->dups != REC_DUPS_EXACT)
        return (size_t)(p - key);
    memcpy(p, &x->rating, sizeof x->rating);
    p += sizeof x->rating;
    if (s->f->has_time) {
        memcpy(p, &x->time, sizeof x->time);
        p += sizeof x->time;
    }
    for (uint32_t i = 0; i < s->f->n_keep; i++)
        p = put_text(p, x->keep[i].text, x->keep[i].len);
    if (s->source > 0)
        *p++ = s->source;
    return (size_t)(p - key);
}

static const uint8_t *skip_text(const uint8_t *p)
{
    uint64_t n = 0;

    (void)rec_get_varint(&p, p + REC_VARINT_MAX, &n); /* it is one of make_key()'s */
    return p + n;
}

static size_t key_bytes(const void *ctx, const uint8_t *key)
{
    const struct search *s = ctx;
    const uint8_t *p = skip_text(skip_text(key));

    if (s->r->dups != REC_DUPS_EXACT)
        return (size_t)(p - key);
    p += sizeof(float) + (s->f->has_time ? sizeof(int64_t) : 0);
    for (uint32_t i = 0; i < s->f->n_keep; i++)
        p = skip_text(p);
    return (size_t)(p + (s->source > 0) - key);
}

/* ---- the search ---- */

static uint32_t part_of(const struct rec_repeats *r, uint64_t hash)
{
    return (uint32_t)(hash >> 60) & (r->n_parts - 1);
}

/* Rows come with the hash of all that is in them. */
static void hash_pairs(void *ctx, uint32_t i)
{
    const struct search *s = ctx;
    struct rec_piece *p = &s->pieces[i];

    for (size_t k = 0; k < p->n; k++) {
        struct rec_raw_row *x = &p->rows[k];

        x->hash = rec_hash64(x->user, x->user_len, rec_hash_key());
        x->hash = rec_hash64(x->item, x->item_len, x->hash);
    }
}

static void search_part(void *ctx, uint32_t i)
{
    const struct search *s = ctx;
    struct rec_repeats_part *part = &s->r->parts[i];

    for (uint32_t k = 0; k < s->n_pieces; k++) {
        struct rec_piece *p = &s->pieces[k];

        for (size_t n = 0; n < p->n; n++) {
            struct rec_raw_row *row = &p->rows[n];

            if (n + AHEAD < p->n && part_of(s->r, row[AHEAD].hash) == i)
                rec_rowset_prefetch(&part->seen, row[AHEAD].hash);
            if (part_of(s->r, row->hash) != i)
                continue;
            part->st =
                rec_rowset_add(&part->seen, part->key, make_key(s, row, part->key),
                               row->hash, &row->kept, &part->err);
            if (part->st != REC_OK)
                return;
        }
    }
}

/* The first row that repeats, if there is one. */
static enum rec_status refuse_repeated(const struct search *s, struct rec_err *err)
{
    for (uint32_t k = 0; k < s->n_pieces; k++) {
        const struct rec_piece *p = &s->pieces[k];
        const struct rec_raw_row *row = p->rows;

        for (size_t i = 0; i < p->n_origins; i++) {
            const struct rec_origin *o = &p->origins[i];
            char user[60], item[60];

            if (o->fate != REC_TAKEN || (row++)->kept)
                continue;
            row--;
            rec_printable(row->user, row->user_len, user, sizeof user);
            rec_printable(row->item, row->item_len, item, sizeof item);
            return rec_fail(err, REC_EINPUT,
                            "%s:%llu: user '%s' has rated item '%s' before", s->f->file,
                            (unsigned long long)o->line, user, item);
        }
    }
    return REC_OK;
}

enum rec_status rec_repeats_drop(struct rec_repeats *r, const struct rec_fields *f,
                                 uint8_t source, struct rec_piece *pieces,
                                 uint32_t n_pieces, struct rec_err *err)
{
    struct search s = { r, f, source, pieces, n_pieces, NULL };

    if (r->dups != REC_DUPS_EXACT)
        rec_par_run(n_pieces, hash_pairs, &s);
    rec_par_run(r->n_parts, search_part, &s);
    for (uint32_t i = 0; i < r->n_parts; i++)
        if (r->parts[i].st != REC_OK) {
            *err = r->parts[i].err;
            return r->parts[i].st;
        }
    return r->dups == REC_DUPS_ERROR ? refuse_repeated(&s, err) : REC_OK;
}

/* ---- when memory ends ---- */

uint64_t rec_repeats_growth(const struct rec_repeats *r, const struct rec_fields *f,
                            const struct rec_piece *pieces, uint32_t n_pieces)
{
    uint64_t sum = 0;
    size_t rows = 0;

    for (uint32_t k = 0; k < n_pieces; k++) {
        rows += pieces[k].n;
        sum += f->is_list ? pieces[k].id_bytes
                          : (uint64_t)(pieces[k].span->end - pieces[k].span->text);
    }
    sum += rows * (NUMBER_BYTES + LENGTH_BYTES * (2 + (uint64_t)f->n_keep));
    sum += sum / 16; /* ends of blocks */
    for (uint32_t i = 0; i < r->n_parts; i++)
        sum += rec_rowset_growth(&r->parts[i].seen, rows, 0);
    return sum;
}

static enum rec_status tell(void *ctx, const uint8_t *key, size_t n,
                            struct rec_err *err)
{
    const struct search *s = ctx;

    return rec_sieve_seen(s->sieve, key, n, err);
}

enum rec_status rec_repeats_tell(struct rec_repeats *r, const struct rec_fields *f,
                                 uint8_t source, struct rec_sieve *sieve,
                                 struct rec_err *err)
{
    struct search s = { r, f, source, NULL, 0, sieve };
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; st == REC_OK && i < r->n_parts; i++)
        st = rec_rowset_each(&r->parts[i].seen, key_bytes, tell, &s, err);
    return st;
}
