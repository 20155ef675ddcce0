#ifndef REC_DICT_H
#define REC_DICT_H

#include "base/mem.h"
#include "io/table.h"

/*
 * A set of byte strings, numbered 0, 1, 2, ... by first sight.  Strings are compared
 * byte by byte, never by hash alone; the hash is keyed per process and no result
 * depends on it.  { 0 } is empty.
 */
struct rec_dict {
    uint32_t n;
    size_t cap;   /* room in at[] */
    uint64_t *at; /* string i is text[at[i] .. at[i + 1]) */
    struct rec_buf text;
    uint64_t *slots; /* high half: hash; low half: index + 1, or 0 */
    uint32_t slot_bits;
};

/* Finds or adds; *index is the string's number and *is_new says which it was. */
enum rec_status rec_dict_add(struct rec_dict *d, const void *s, size_t n,
                             uint32_t *index, bool *is_new,
                             struct rec_err *err) REC_MUST_USE;

/* The same for rows 0 .. n - 1 of a str column, in order; index (n) is filled in. */
enum rec_status rec_dict_add_column(struct rec_dict *d, const struct rec_column *text,
                                    size_t n, uint32_t *index,
                                    struct rec_err *err) REC_MUST_USE;

/* Whether the string is there; *index is its number then. */
bool rec_dict_find(const struct rec_dict *d, const void *s, size_t n, uint32_t *index);
/* The same for rows 0 .. n - 1 of a str column; UINT32_MAX for those that are not. */
void rec_dict_find_column(const struct rec_dict *d, const struct rec_column *text,
                          size_t n, uint32_t *index);

/* The same for N strings: string k is len[k] bytes at s[k]. */
void rec_dict_find_many(const struct rec_dict *d, const char *const *s,
                        const uint32_t *len, size_t n, uint32_t *index);

/* Bytes that D takes now. */
uint64_t rec_dict_bytes(const struct rec_dict *d);

/*
 * The most bytes that D takes while N more strings of BYTES bytes in all are added, and
 * while rec_dict_rank() ranks them, `rank` included.
 */
uint64_t rec_dict_need(const struct rec_dict *d, size_t n, size_t bytes);

/*
 * Ranks in byte order: rank[i] is the place of string i among all, sorted as unsigned
 * bytes, a prefix first -- the order of scikit-learn's LabelEncoder for UTF-8 text.
 * Gives up the hash table: nothing can be added afterwards.
 *   rank   (d->n)  filled in
 */
enum rec_status rec_dict_rank(struct rec_dict *d, uint32_t *rank,
                              struct rec_err *err) REC_MUST_USE;

/*
 * The strings as a dict section NAME with one column `id`, string i in row rank[i], or
 * in row i if RANK is NULL.  D is emptied, unless this fails.
 */
enum rec_status rec_dict_table(struct rec_dict *d, const uint32_t *rank,
                               const char *name, struct rec_table *out,
                               struct rec_err *err) REC_MUST_USE;

void rec_dict_free(struct rec_dict *d);

#endif
