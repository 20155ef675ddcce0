#ifndef REC_VERSION_H
#define REC_VERSION_H

/* Recorded in every file: a change here changes the bytes that the tools write. */
#define REC_VERSION "0.1.0"

#endif
