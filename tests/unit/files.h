#ifndef REC_TEST_FILES_H
#define REC_TEST_FILES_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/test.h"

/* One directory for the files of a test program; main calls both. */
static char files_dir[400];

static inline void files_begin(void)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(files_dir, sizeof files_dir, "%s/rec-unit-XXXXXX",
                   base == NULL ? "/tmp" : base);
    if (mkdtemp(files_dir) == NULL) {
        perror(files_dir);
        exit(1);
    }
}

/* Number of files there. */
static inline unsigned files_count(void)
{
    DIR *d = opendir(files_dir);
    unsigned n = 0;

    CHECK(d != NULL);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    (void)closedir(d);
    return n;
}

/* The full name of NAME; valid until eight more were asked for. */
static inline const char *files_path(const char *name)
{
    static char text[8][700];
    static unsigned next;
    char *out = text[next++ % 8];

    (void)snprintf(out, sizeof text[0], "%s/%s", files_dir, name);
    return out;
}

static inline void files_end(void)
{
    DIR *d = opendir(files_dir);

    if (d == NULL)
        return;
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.')
            (void)unlink(files_path(e->d_name));
    (void)closedir(d);
    (void)rmdir(files_dir);
}

/* Writes a file and returns its full name. */
static inline const char *files_write(const char *name, const void *data, size_t n)
{
    const char *path = files_path(name);
    FILE *f = fopen(path, "wb");

    CHECK(f != NULL);
    CHECK(fwrite(data, 1, n, f) == n);
    CHECK(fclose(f) == 0);
    return path;
}

/* The bytes of a file, with a NUL behind them; the caller frees them. */
static inline char *files_read(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    struct stat s;
    char *data;

    CHECK(f != NULL && fstat(fileno(f), &s) == 0);
    data = malloc((size_t)s.st_size + 1);
    CHECK(data != NULL);
    *n = fread(data, 1, (size_t)s.st_size, f);
    CHECK(*n == (size_t)s.st_size);
    data[*n] = '\0';
    (void)fclose(f);
    return data;
}

#endif
