// SPDX-License-Identifier: Apache-2.0
// The zip container of PyTorch's checkpoints: named records in, named records out. Knows no pickle.
#ifndef CTORCH_ARCHIVE_H
#define CTORCH_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "ctorch_error.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_archive_reader ct_archive_reader;
typedef struct ct_archive_writer ct_archive_writer;

/// Opens an archive for reading and reads its directory. `*out` is +1.
ct_error *ct_archive_reader_open(ct_archive_reader **out, const char *path);

/// How many records the archive has.
ct_error *ct_archive_reader_count(size_t *out, const ct_archive_reader *reader);

/// The name of a record, without the archive's own folder. Borrowed: lives as long as the reader.
ct_error *ct_archive_reader_name(const char **out, const ct_archive_reader *reader, size_t index);

/// The unpacked size of a record in bytes, as the directory declares it (not to be trusted).
ct_error *ct_archive_reader_size(size_t *out, ct_archive_reader *reader, const char *name);

/// Fills `bytes` with a record whose declared size must be `count`.
ct_error *ct_archive_reader_read(ct_archive_reader *reader, const char *name, void *bytes, size_t count);

/// Closes the archive; NULL is fine.
void ct_archive_reader_free(ct_archive_reader *reader);

/// Takes the next bytes of the file; answers 0, or another number where it could not.
typedef int (*ct_archive_sink)(void *context, const void *bytes, size_t count);

/// Begins an archive whose bytes go to `sink` in file order. `context` is borrowed until the free.
/// `*out` is +1.
ct_error *ct_archive_writer_new(ct_archive_writer **out, ct_archive_sink sink, void *context);

/// Adds one record, stored uncompressed and aligned to 64 bytes.
ct_error *ct_archive_writer_add(ct_archive_writer *writer, const char *name, const void *bytes, size_t count);

/// Writes the directory. The archive takes no record afterwards.
ct_error *ct_archive_writer_finish(ct_archive_writer *writer);

/// Frees the writer; NULL is fine. The sink is not called once this returns.
void ct_archive_writer_free(ct_archive_writer *writer);

#ifdef __cplusplus
}
#endif

#endif
