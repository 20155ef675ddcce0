/* crc */
#include <stdlib.h>
#include <zlib.h>

#include "io/crc.h"
#include "unit/test.h"

static void agrees_with_zlib_at_every_length_and_alignment(void)
{
    uint8_t b[16 + 300];
    uint64_t state = 1;

    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)test_random(&state);
    for (size_t at = 0; at < 16; at++)
        for (size_t n = 0; n <= 300; n++) {
            uint32_t before = (uint32_t)test_random(&state);

            CHECKF(rec_crc32(0, b + at, n) == crc32(0, b + at, (uInt)n),
                   "%zu bytes at %zu", n, at);
            CHECKF(rec_crc32(before, b + at, n) == crc32(before, b + at, (uInt)n),
                   "%zu bytes at %zu after others", n, at);
        }
    CHECK(rec_crc32(0, "123456789", 9) == 0xcbf43926);
    CHECK(rec_crc32(0x12345678, NULL, 0) == 0x12345678);
}

static void agrees_with_zlib_on_large_data_in_pieces(void)
{
    enum { N = 3000001 };
    uint8_t *b = malloc(N);
    uint64_t state = 2;
    uint32_t want;

    CHECK(b != NULL);
    for (size_t i = 0; i < N; i++)
        b[i] = (uint8_t)(test_random(&state) >> i % 60);
    want = (uint32_t)crc32(0, b, N);
    CHECK(rec_crc32(0, b, N) == want);
    for (int round = 0; round < 20; round++) {
        uint32_t crc = 0;

        for (size_t at = 0, n; at < N; at += n) {
            n = test_random(&state) % (round % 2 ? 500 : 400000);
            n = n < N - at ? n : N - at;
            crc = rec_crc32(crc, b + at, n);
        }
        CHECKF(crc == want, "round %d", round);
    }
    free(b);
}

int main(void)
{
    RUN(agrees_with_zlib_at_every_length_and_alignment);
    RUN(agrees_with_zlib_on_large_data_in_pieces);
    return test_end();
}
