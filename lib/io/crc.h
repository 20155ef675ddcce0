#ifndef REC_CRC_H
#define REC_CRC_H

#include <stddef.h>
#include <stdint.h>

/*
 * CRC-32 as zlib's crc32() (polynomial 0xEDB88320, reflected) of N bytes that follow
 * bytes of CRC; 0 to begin with.  Carry-less multiplication where the processor has it,
 * zlib where not: the same number.
 */
uint32_t rec_crc32(uint32_t crc, const void *data, size_t n);

#endif
