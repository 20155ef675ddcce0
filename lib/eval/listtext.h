#ifndef REC_LISTTEXT_H
#define REC_LISTTEXT_H

#include "eval/recommend.h"
#include "io/column.h"
#include "io/file.h"

/*
 * Lists as text: a line for each item of each list, whose it is, the item, its rank
 * from 1 and its score in the fewest digits that read back as the same float.
 *
 *   tsv    under a header; control bytes and backslashes of ids become \xNN
 *   csv    under a header; ids are quoted where they need it (RFC 4180)
 *   jsonl  an object a line; bytes of ids beyond ASCII stay as they are
 */
enum rec_list_form { REC_LIST_TSV, REC_LIST_CSV, REC_LIST_JSONL };

struct rec_list_text {
    enum rec_list_form form;
    const char *keys[2];            /* what an owner and an item are called */
    const struct rec_column *items; /* their ids */
    struct rec_out *out;
    bool begun; /* the header is written */
};

/* An id: LEN bytes at TEXT. */
struct rec_owner {
    const char *text;
    size_t len;
};

/* The header, unless it is there: written with the first lists, so that what fails
 * before leaves nothing behind. */
enum rec_status rec_list_text_begin(struct rec_list_text *t,
                                    struct rec_err *err) REC_MUST_USE;
/* The lists of L, that of number u is OWNER[u]'s (l->n).  On all threads. */
enum rec_status rec_list_text_add(struct rec_list_text *t,
                                  const struct rec_owner *owner,
                                  const struct rec_lists *l,
                                  struct rec_err *err) REC_MUST_USE;

#endif
