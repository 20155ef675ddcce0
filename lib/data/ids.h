#ifndef REC_IDS_H
#define REC_IDS_H

#include "data/dict.h"
#include "io/reader.h"

/*
 * The ids of section NAME, `users` or `items`, which is loaded, become strings 0, 1, 2,
 * ... of D, which is empty; *n is their number.  REC_EFORMAT if the section is not there,
 * has no rows, or an id twice.
 */
enum rec_status rec_ids_read(struct rec_reader *r, const char *name, struct rec_dict *d,
                             uint32_t *n, struct rec_err *err) REC_MUST_USE;

#endif
