#include "io/reader.h"

#include <stdio.h>
#include <string.h>

#include "base/par.h"
#include "io/prov.h"

enum {
    MAX_WANTS = 32,
    MAX_SECTIONS = 4096,
    HEADER_TEXT = 1 << 20,
    BATCH = 32,
    BATCH_BYTES = 8 << 20
};

enum want_kind { WANT_LOAD, WANT_DROP, WANT_BLOCKS };

struct want {
    enum want_kind kind;
    const char *pattern;
    const char *columns; /* of WANT_LOAD; NULL is all */
    rec_block_fn *fn;
    void *ctx;
};

struct section {
    uint32_t id;
    bool loaded, dropped, ended;
    const struct want *blocks;
    uint32_t seq;    /* the next frame's */
    uint64_t n_rows; /* seen so far */
    uint64_t n_frames, raw_bytes, stored_bytes;
    struct rec_table table;
};

/* A frame on its way through: read, checked and unpacked, decoded, relayed. */
struct passing {
    struct rec_frame frame;
    struct section *section; /* of a DATA or SECTION_END frame, else NULL */
    bool relayed;
    struct rec_buf scratch;
    const uint8_t *data;
    enum rec_status st;
    struct rec_err err;
};

struct rec_reader {
    struct rec_in *in;
    struct want wants[MAX_WANTS];
    uint32_t n_wants;
    struct section **sections;
    uint32_t n_sections;
    struct section *open; /* begun and not ended */
    size_t header_text;
    uint64_t digest;
    struct rec_buf prov;
    struct passing batch[BATCH];
    uint32_t n_batch;
    bool ended;
};

enum rec_status rec_reader_open(const char *path, struct rec_reader **out,
                                struct rec_err *err)
{
    struct rec_reader *r = rec_alloc_zero(1, sizeof *r, "reader", err);
    enum rec_status st;

    if (r == NULL)
        return REC_ESYSTEM;
    r->digest = REC_DIGEST_START;
    st = rec_in_open(path, false, &r->in, err);
    if (st == REC_OK)
        st = rec_preamble_read(r->in, err);
    if (st != REC_OK) {
        rec_reader_close(r);
        return st;
    }
    *out = r;
    return REC_OK;
}

static enum rec_status add_want(struct rec_reader *r, struct want want,
                                struct rec_err *err)
{
    if (r->n_wants == MAX_WANTS)
        return rec_fail(err, REC_ESYSTEM, "too many sections are asked for");
    r->wants[r->n_wants++] = want;
    return REC_OK;
}

enum rec_status rec_reader_load(struct rec_reader *r, const char *pattern,
                                struct rec_err *err)
{
    return add_want(r, (struct want){ .kind = WANT_LOAD, .pattern = pattern }, err);
}

enum rec_status rec_reader_load_columns(struct rec_reader *r, const char *pattern,
                                        const char *columns, struct rec_err *err)
{
    return add_want(
        r, (struct want){ .kind = WANT_LOAD, .pattern = pattern, .columns = columns },
        err);
}

enum rec_status rec_reader_drop(struct rec_reader *r, const char *pattern,
                                struct rec_err *err)
{
    return add_want(r, (struct want){ .kind = WANT_DROP, .pattern = pattern }, err);
}

enum rec_status rec_reader_blocks(struct rec_reader *r, const char *pattern,
                                  rec_block_fn *fn, void *ctx, struct rec_err *err)
{
    return add_want(
        r,
        (struct want){ .kind = WANT_BLOCKS, .pattern = pattern, .fn = fn, .ctx = ctx },
        err);
}

static bool fits(const char *pattern, const char *name)
{
    size_t n = strlen(pattern);

    if (n > 0 && pattern[n - 1] == '*')
        return strncmp(pattern, name, n - 1) == 0;
    return strcmp(pattern, name) == 0;
}

static enum rec_status damaged(const struct rec_frame *f, const char *what,
                               struct rec_err *err)
{
    return rec_fail(err, REC_EFORMAT, "section %u, frame %u: %s", f->section, f->seq,
                    what);
}

static bool is_listed(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = list; *p != '\0'; p += strcspn(p, " "), p += *p == ' ')
        if (strcspn(p, " ") == n && memcmp(p, name, n) == 0)
            return true;
    return false;
}

/* What becomes of a new section. */
static void apply_wants(const struct rec_reader *r, struct section *s)
{
    bool wanted[REC_MAX_COLUMNS] = { false };
    struct rec_column *cols = s->table.cols;

    for (uint32_t i = 0; i < r->n_wants; i++) {
        const struct want *w = &r->wants[i];

        if (!fits(w->pattern, s->table.name))
            continue;
        if (w->kind == WANT_DROP)
            s->dropped = true;
        else if (w->kind == WANT_BLOCKS)
            s->blocks = w;
        else
            s->loaded = true;
        for (uint32_t k = 0; k < s->table.n_cols && w->kind == WANT_LOAD; k++)
            wanted[k] |= w->columns == NULL || is_listed(w->columns, cols[k].name);
    }
    s->loaded = s->loaded && s->blocks == NULL;
    for (uint32_t k = 0; k < s->table.n_cols; k++) {
        cols[k].skipped = s->loaded && !wanted[k];
        cols[k].borrowed = s->blocks != NULL; /* a block lives as long as its frame */
    }
}

/* A SECTION frame: makes the section and says what becomes of it. */
static enum rec_status begin_section(struct rec_reader *r, const struct rec_frame *f,
                                     struct rec_err *err)
{
    struct section *s;
    struct section **list;
    enum rec_status st;
    uint32_t id;

    if (r->open != NULL)
        return damaged(f, "begins inside another section", err);
    if (r->n_sections == MAX_SECTIONS)
        return damaged(f, "more than 4096 sections", err);
    if (f->codec != REC_CODEC_NONE)
        return damaged(f, "a packed section header", err);
    if (r->header_text + f->stored.n > HEADER_TEXT)
        return damaged(f, "section headers of more than 1 MiB", err);
    for (uint32_t i = 0; i < r->n_sections; i++)
        if (r->sections[i]->id == f->section)
            return damaged(f, "begins a second time", err);
    r->header_text += f->stored.n;
    list = rec_realloc(r->sections, r->n_sections + 1, sizeof *list, "sections", err);
    if (list == NULL)
        return REC_ESYSTEM;
    r->sections = list;
    s = rec_alloc_zero(1, sizeof *s, "section", err);
    if (s == NULL)
        return REC_ESYSTEM;
    list[r->n_sections++] = s;
    st = rec_table_read_header(&s->table, &id, (const char *)f->stored.data,
                               f->stored.n, err);
    if (st != REC_OK)
        return st;
    if (id != f->section || f->seq != 0)
        return damaged(f, "its header text gives another number", err);
    for (uint32_t i = 0; i + 1 < r->n_sections; i++)
        if (strcmp(r->sections[i]->table.name, s->table.name) == 0)
            return damaged(f, "a second section of this name", err);
    s->id = id;
    s->seq = 1;
    apply_wants(r, s);
    r->open = s;
    return REC_OK;
}

/* Books a frame and says in P what is to be done with it. */
static enum rec_status route(struct rec_reader *r, struct passing *p,
                             struct rec_err *err)
{
    struct rec_frame *f = &p->frame;
    struct section *s = r->open;

    p->section = NULL;
    p->relayed = true;
    switch (f->type) {
    case REC_FRAME_PROV:
        if (f->codec != REC_CODEC_NONE ||
            !rec_prov_ok((const char *)f->stored.data, f->stored.n))
            return damaged(f, "provenance that is not lines of @PG", err);
        if (r->prov.n + f->stored.n > HEADER_TEXT)
            return damaged(f, "provenance of more than 1 MiB", err);
        return rec_buf_add(&r->prov, f->stored.data, f->stored.n, err);
    case REC_FRAME_SECTION: {
        enum rec_status st = rec_frame_check(f, err);

        if (st == REC_OK)
            st = begin_section(r, f, err);
        if (st == REC_OK)
            p->relayed = !r->open->dropped;
        return st;
    }
    case REC_FRAME_DATA:
    case REC_FRAME_SECTION_END:
        if (s == NULL || s->id != f->section || s->seq != f->seq)
            return damaged(f, "out of order", err);
        if (f->first != s->n_rows)
            return damaged(f, "rows are missing before it", err);
        p->relayed = !s->dropped;
        p->section = s;
        s->seq++;
        if (f->type == REC_FRAME_SECTION_END) {
            s->ended = true;
            r->open = NULL;
            return REC_OK;
        }
        if (f->rows == 0 ||
            f->rows > (uint64_t)f->raw_bytes * 8 / rec_table_least_bits(&s->table))
            return damaged(f, "more rows than its bytes can hold", err);
        s->n_rows += f->rows;
        s->n_frames++;
        s->raw_bytes += f->raw_bytes;
        s->stored_bytes += f->stored.n;
        return REC_OK;
    default:
        if (f->flags & REC_FRAME_CRITICAL)
            return rec_fail(err, REC_EFORMAT,
                            "a frame of type %u, which this version does not know",
                            f->type);
        return REC_OK;
    }
}

/* Numbers find their place in a table without what comes before them, texts do not. */
static void check_and_unpack(void *ctx, uint32_t i)
{
    struct passing *p = &((struct rec_reader *)ctx)->batch[i];
    const struct rec_frame *f = &p->frame;
    struct section *s = p->section;

    p->st = rec_frame_check(f, &p->err);
    if (p->st != REC_OK || f->type != REC_FRAME_DATA ||
        !(s->loaded || s->blocks != NULL))
        return;
    p->st = rec_frame_unpack(f, &p->scratch, &p->data, &p->err);
    if (p->st == REC_OK && s->loaded)
        p->st = rec_table_decode(&s->table, (size_t)f->first, f->rows, p->data,
                                 f->raw_bytes, REC_PART_FIXED, &p->err);
}

/* The rest of a DATA frame, or the end of a section, for whom it concerns. */
static enum rec_status hand_over(struct passing *p, struct rec_err *err)
{
    struct section *s = p->section;
    const struct rec_frame *f = &p->frame;
    enum rec_status st;

    if (f->type == REC_FRAME_SECTION_END) /* one without rows is still shown */
        return s->blocks != NULL && f->first == 0
                   ? s->blocks->fn(s->blocks->ctx, &s->table, err)
                   : REC_OK;
    if (s->loaded) {
        s->table.n_rows = (size_t)f->first + f->rows;
        return rec_table_decode(&s->table, (size_t)f->first, f->rows, p->data,
                                f->raw_bytes, REC_PART_TEXT, err);
    }
    st = rec_table_reserve(&s->table, f->rows, err);
    if (st == REC_OK)
        st = rec_table_decode(&s->table, 0, f->rows, p->data, f->raw_bytes,
                              REC_PART_ALL, err);
    if (st == REC_OK) {
        s->table.n_rows = f->rows;
        st = s->blocks->fn(s->blocks->ctx, &s->table, err);
    }
    rec_table_clear(&s->table);
    return st;
}

/* Room for the rows that a batch brings. */
static enum rec_status make_room(struct rec_reader *r, struct rec_err *err)
{
    enum rec_status st = REC_OK;

    for (uint32_t i = 0; i < r->n_batch && st == REC_OK; i++) {
        const struct rec_frame *f = &r->batch[i].frame;
        struct section *s = r->batch[i].section;

        if (f->type == REC_FRAME_DATA && s->loaded)
            st = rec_table_reserve(&s->table, (size_t)f->first + f->rows, err);
    }
    return st;
}

static enum rec_status pass_batch(struct rec_reader *r, struct rec_writer *relay,
                                  struct rec_err *err)
{
    enum rec_status room = make_room(r, err);

    if (room != REC_OK)
        return room;
    rec_par_run(r->n_batch, check_and_unpack, r);
    for (uint32_t i = 0; i < r->n_batch; i++) {
        struct passing *p = &r->batch[i];
        struct section *s = p->section;

        if (p->st != REC_OK) {
            *err = p->err;
            return p->st;
        }
        if (s != NULL && (s->loaded || s->blocks != NULL)) {
            enum rec_status st = hand_over(p, err);

            if (st != REC_OK)
                return st;
        }
        r->digest = rec_frame_digest(r->digest, &p->frame);
        if (p->relayed && relay != NULL) {
            enum rec_status st = rec_writer_relay(relay, &p->frame, err);

            if (st != REC_OK)
                return st;
        }
    }
    r->n_batch = 0;
    return REC_OK;
}

static void free_batch(struct rec_reader *r)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        rec_frame_free(&r->batch[i].frame);
        rec_buf_free(&r->batch[i].scratch);
    }
}

static enum rec_status at_end(struct rec_reader *r, const struct rec_frame *end,
                              struct rec_err *err)
{
    if (r->open != NULL)
        return rec_fail(err, REC_EFORMAT, "END inside section '%s'",
                        r->open->table.name);
    if (end->first != r->digest)
        return rec_fail(err, REC_EFORMAT,
                        "the digest at the end is not that of the frames before it: "
                        "frames are missing or changed");
    for (uint32_t i = 0; i < r->n_sections; i++)
        r->sections[i]->table.n_rows = (size_t)r->sections[i]->n_rows;
    return REC_OK;
}

enum rec_status rec_reader_run(struct rec_reader *r, struct rec_writer *relay,
                               struct rec_err *err)
{
    size_t bytes = 0;
    enum rec_status st = REC_OK;

    while (st == REC_OK && !r->ended) {
        struct passing *p = &r->batch[r->n_batch];

        st = rec_frame_read(r->in, &p->frame, err);
        if (st != REC_OK)
            break;
        if (p->frame.type == REC_FRAME_END) {
            st = pass_batch(r, relay, err);
            if (st == REC_OK)
                st = at_end(r, &p->frame, err);
            r->ended = true;
            break;
        }
        st = route(r, p, err);
        if (st != REC_OK)
            break;
        r->n_batch++;
        bytes += p->frame.raw_bytes;
        if (r->n_batch == BATCH || bytes >= rec_mem_part(BATCH_BYTES, 16)) {
            st = pass_batch(r, relay, err);
            bytes = 0;
        }
    }
    free_batch(r); /* what follows needs the memory */
    /* What concerns this input says so; a full disk behind the relay does not. */
    return st == REC_EFORMAT ? rec_fail_in(err, st, rec_in_name(r->in)) : st;
}

struct rec_table *rec_reader_table(struct rec_reader *r, const char *name)
{
    for (uint32_t i = 0; i < r->n_sections; i++)
        if (strcmp(r->sections[i]->table.name, name) == 0)
            return &r->sections[i]->table;
    return NULL;
}

enum rec_status rec_reader_need(struct rec_reader *r, const char *name,
                                const char *maker, struct rec_table **out,
                                struct rec_err *err)
{
    struct rec_table *t = rec_reader_table(r, name);

    if (t == NULL)
        return rec_fail(err, REC_EFORMAT,
                        "%s: no section '%s': run it through %s first",
                        rec_in_name(r->in), name, maker);
    *out = t;
    return REC_OK;
}

uint32_t rec_reader_n_sections(const struct rec_reader *r)
{
    return r->n_sections;
}

struct rec_section_info rec_reader_section(const struct rec_reader *r, uint32_t index)
{
    const struct section *s = r->sections[index];

    return (struct rec_section_info){ s->id, &s->table, s->n_frames, s->raw_bytes,
                                      s->stored_bytes };
}

const struct rec_buf *rec_reader_prov(const struct rec_reader *r)
{
    return &r->prov;
}

uint64_t rec_reader_digest(const struct rec_reader *r)
{
    return r->digest;
}

const char *rec_reader_name(const struct rec_reader *r)
{
    return rec_in_name(r->in);
}

void rec_reader_close(struct rec_reader *r)
{
    if (r == NULL)
        return;
    for (uint32_t i = 0; i < r->n_sections; i++) {
        rec_table_free(&r->sections[i]->table);
        rec_free(r->sections[i]);
    }
    free_batch(r);
    rec_free(r->sections);
    rec_buf_free(&r->prov);
    rec_in_close(r->in);
    rec_free(r);
}
