#ifndef REC_SETTINGS_H
#define REC_SETTINGS_H

#include "io/reader.h"

/*
 * A section of kind `params`: two str columns, key and value.  NAME and BY as in
 * rec_table_init(); the caller frees the table.
 */
void rec_settings_init(struct rec_table *t, const char *name, const char *by);
enum rec_status rec_settings_add(struct rec_table *t, const char *key,
                                 const char *value, struct rec_err *err) REC_MUST_USE;
enum rec_status rec_settings_add_number(struct rec_table *t, const char *key,
                                        uint64_t value,
                                        struct rec_err *err) REC_MUST_USE;
enum rec_status rec_settings_add_real(struct rec_table *t, const char *key,
                                      double value, struct rec_err *err) REC_MUST_USE;

/* The way back.  Check first: REC_EFORMAT if it is not key and value. */
enum rec_status rec_settings_check(const struct rec_table *t,
                                   struct rec_err *err) REC_MUST_USE;
/* The value of KEY and its length (not NUL-terminated), or NULL. */
const char *rec_settings_get(const struct rec_table *t, const char *key, size_t *n);
/* A number in LOW .. HIGH, else REC_EFORMAT. */
enum rec_status rec_settings_get_number(const struct rec_table *t, const char *key,
                                        uint64_t low, uint64_t high, uint64_t *out,
                                        struct rec_err *err) REC_MUST_USE;
/* The same of a real number. */
enum rec_status rec_settings_get_real(const struct rec_table *t, const char *key,
                                      double low, double high, double *out,
                                      struct rec_err *err) REC_MUST_USE;

#endif
