#ifndef REC_HEADERNAMES_H
#define REC_HEADERNAMES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What columns of users and of items are called: "user", "User-ID", "reviewerID";
 * "item_id", "ProductId", "movieId", "ISBN".  Case, and all but letters and digits, do
 * not count, nor does "id" behind three or more of them.
 */
bool rec_names_users(const char *s, size_t n);
bool rec_names_items(const char *s, size_t n);
/* "time", "timestamp". */
bool rec_names_times(const char *s, size_t n);

#endif
