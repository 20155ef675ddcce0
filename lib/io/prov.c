#include "io/prov.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "io/column.h"

/* The next line at *line, without newline, and its length; 0 after the last. */
static size_t next_line(const char **line, const char **rest, const char *end)
{
    const char *newline;

    if (*rest == end)
        return 0;
    *line = *rest;
    newline = memchr(*rest, '\n', (size_t)(end - *rest));
    *rest = newline == NULL ? end : newline + 1;
    return (size_t)((newline == NULL ? end : newline) - *line);
}

/* The value of field KEY ("PA:") of a line, or NULL. */
static const char *field(const char *line, size_t n, const char *key, size_t *len)
{
    for (const char *p = line, *end = line + n; p < end;) {
        const char *tab = memchr(p, '\t', (size_t)(end - p));

        tab = tab == NULL ? end : tab;
        if (tab - p >= 3 && memcmp(p, key, 3) == 0) {
            *len = (size_t)(tab - p) - 3;
            return p + 3;
        }
        p = tab + (tab < end);
    }
    return NULL;
}

enum rec_status rec_prov_add(struct rec_buf *lines, const char *program,
                             const char *arguments, uint64_t input, struct rec_err *err)
{
    const char *rest = (const char *)lines->data, *end = rest + lines->n, *line, *v;
    char before[128] = "", suffix[24] = "";
    unsigned same = 0;
    size_t n, len = 0;

    while (lines->n > 0 && (n = next_line(&line, &rest, end)) > 0) {
        v = field(line, n, "ID:", &len);
        if (v != NULL && len < sizeof before) {
            memcpy(before, v, len);
            before[len] = '\0';
        }
        v = field(line, n, "PN:", &len);
        same += v != NULL && len == strlen(program) && memcmp(v, program, len) == 0;
    }
    if (same > 0)
        (void)snprintf(suffix, sizeof suffix, ".%u", same);
    return rec_buf_addf(lines, err,
                        "@PG\tID:%s%s%s%s\tPN:%s\tVN:%s\tPA:%s\tIN:%016llx\n", program,
                        suffix, before[0] != '\0' ? "\tPP:" : "", before, program,
                        REC_VERSION, arguments, (unsigned long long)input);
}

bool rec_prov_ok(const char *text, size_t n)
{
    const char *rest = text, *end = text + n, *line;
    size_t len;

    if (n == 0 || text[n - 1] != '\n')
        return false;
    while (rest < end) {
        len = next_line(&line, &rest, end);
        if (len < 4 || memcmp(line, "@PG\t", 4) != 0 || memchr(line, '\0', len) != NULL)
            return false;
    }
    return true;
}

/*
 * Whether a script may hold TEXT: what rec_opt_record() writes, words of plain bytes or
 * in single quotes, and nothing that a shell would act on.
 */
static bool is_harmless(const char *text, size_t n)
{
    static const char active[] = "`$&;|<>()\"*?[]{}~#!\\";
    bool quoted = false;

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20)
            return false;
        if (text[i] == '\'')
            quoted = !quoted;
        else if (!quoted && n - i >= 3 && memcmp(text + i, "\\''", 3) == 0)
            i++; /* a quote between two quoted parts */
        else if (!quoted && strchr(active, text[i]) != NULL)
            return false;
    }
    return !quoted;
}

enum rec_status rec_prov_script(const char *lines, size_t n, struct rec_buf *out,
                                struct rec_err *err)
{
    const char *rest = lines, *end = lines + n, *line;
    enum rec_status st = rec_buf_addf(out, err, "#!/bin/sh\n");
    size_t len, name_n = 0, args_n = 0, version_n = 0;
    bool first = true;

    while (st == REC_OK && n > 0 && (len = next_line(&line, &rest, end)) > 0) {
        const char *name = field(line, len, "PN:", &name_n);
        const char *args = field(line, len, "PA:", &args_n);
        const char *version = field(line, len, "VN:", &version_n);

        if (name == NULL || args == NULL || version == NULL)
            return rec_fail(err, REC_EFORMAT, "a provenance line without PN, VN or PA");
        if (!rec_name_ok(name, name_n) || !rec_name_ok(version, version_n) ||
            !is_harmless(args, args_n))
            return rec_fail(
                err, REC_EFORMAT,
                "a provenance line holds more than a program and its options");
        if (first)
            st =
                rec_buf_addf(out, err, "# made by rec %.*s\n", (int)version_n, version);
        if (st == REC_OK)
            st = rec_buf_addf(out, err, "%s%.*s%s%.*s%s", first ? "" : " |\n",
                              (int)name_n, name, args_n > 0 ? " " : "", (int)args_n,
                              args, first ? " -- \"$@\"" : "");
        first = false;
    }
    if (st == REC_OK)
        st = rec_buf_addf(out, err, "\n");
    return st;
}
