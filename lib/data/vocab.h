#ifndef REC_VOCAB_H
#define REC_VOCAB_H

#include "data/encode.h"

/*
 * Encodes by the dictionaries of another stream, a model's: an id that is known there
 * has the number that it has there, and the dictionaries of the result are the same.
 * Where rows end that have an id that is not known:
 *
 *   drop   they are left out, and counted
 *   error  the first is refused
 *   add    their ids are numbered behind the known ones, by first sight
 *
 * It stands before an encoder and hands rows on to it: begin, rec_vocab_block() in
 * place of rec_encode_block(), then finish the encoder in REC_ORDER_FIRST.
 */
enum rec_unknown { REC_UNKNOWN_DROP, REC_UNKNOWN_ERROR, REC_UNKNOWN_ADD };

struct rec_vocab {
    enum rec_unknown unknown;
    struct rec_encoder *encoder; /* the caller's */
    uint32_t n_users, n_items;   /* of the known ones */
    uint64_t digest;             /* of the stream that they are from */
    uint64_t n_rows, n_kept;     /* so far */
    uint64_t no_user, no_item;   /* rows dropped with such an id, or with both */
    uint32_t *codes[2];          /* (cap) of the present block */
    size_t cap;
    struct rec_table kept; /* rows of the present block that are handed on */
};

/*
 * Reads sections `users` and `items` of the stream at PATH into ENCODER, which has seen
 * no row yet.  REC_EFORMAT if they are not there, have no rows, or an id twice.
 */
enum rec_status rec_vocab_begin(struct rec_vocab *v, const char *path,
                                enum rec_unknown unknown, struct rec_encoder *encoder,
                                struct rec_err *err) REC_MUST_USE;

/* Takes the next rows of `raw`; its signature is rec_block_fn's, CTX the vocabulary.
 * REC_EINPUT for an unknown id that is an error. */
enum rec_status rec_vocab_block(void *ctx, const struct rec_table *raw,
                                struct rec_err *err);

/* REC_EINPUT if there were rows and none was kept. */
enum rec_status rec_vocab_check(const struct rec_vocab *v,
                                struct rec_err *err) REC_MUST_USE;

void rec_vocab_free(struct rec_vocab *v);

#endif
