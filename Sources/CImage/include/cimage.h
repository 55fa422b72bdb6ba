// SPDX-License-Identifier: Apache-2.0
// Pictures in memory, over libjpeg, libpng, libwebp and libtiff. Every function answers a ci_status and writes what went
// wrong into a message buffer; no error leaves as a jump or an exit.
#ifndef CIMAGE_H
#define CIMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "cimage_resample.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ci_status {
  CI_OK = 0,
  CI_NOT_AN_IMAGE = 1,  // no format that is read here by its first bytes
  CI_TRUNCATED = 2,     // the bytes end before the picture does
  CI_DAMAGED = 3,       // the bytes contradict the format
  CI_UNSUPPORTED = 4,   // a kind of the format that is not read here
  CI_OUT_OF_MEMORY = 5,
} ci_status;

typedef enum ci_format {
  CI_FORMAT_UNKNOWN = 0,
  CI_FORMAT_JPEG = 1,
  CI_FORMAT_PNG = 2,
  CI_FORMAT_WEBP = 3,
  CI_FORMAT_TIFF = 4,
  CI_FORMAT_BMP = 5,
} ci_format;

// What the header of a picture says.
typedef struct ci_info {
  ci_format format;
  uint32_t width;
  uint32_t height;
  int channels;    // samples a pixel, alpha left out: 1, 3, or 4 (CMYK); a palette has 1
  int bits;        // bits a sample
  int is_palette;  // 1 where the samples are indices into a palette
  int is_lossy;    // 1 where decoding gives other samples than were written: a label's values would be blurred
  int orientation; // EXIF's, 1 to 8: how viewers turn the picture; 1, as it is, where the file tells none
} ci_info;

enum { CI_MESSAGE_SIZE = 256 };

// The format by the first bytes alone.
ci_format ci_sniff(const uint8_t *bytes, size_t count);

// Reads the header only. message: CI_MESSAGE_SIZE bytes, written on failure.
ci_status ci_read_info(const uint8_t *bytes, size_t count, ci_info *out, char *message);

// Decodes to 8-bit RGB. out: 3 * width * height bytes for the width and height of ci_read_info.
ci_status ci_decode_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message);

// Decodes samples as they are stored, of a format that keeps them: no palette look-up, no scaling, alpha dropped.
// out: channels * width * height values for the values of ci_read_info.
ci_status ci_decode_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message);

// What ci_encode_png and ci_encode_jpeg write.
typedef struct ci_picture {
  const void *pixels;      // channels * width * height samples of `bits`: uint8_t or uint16_t
  uint32_t width;
  uint32_t height;
  int channels;            // 3: RGB; 1: grey, or palette indices
  int bits;                // 8, or without a palette 16
  const uint8_t *palette;  // NULL, or 3 * palette_count bytes
  int palette_count;       // 1 to 256 with a palette
  int compression;         // zlib's level, 0 to 9
} ci_picture;

// Encodes a PNG. On CI_OK the caller owns *out and gives it to ci_free.
ci_status ci_encode_png(const ci_picture *picture, uint8_t **out, size_t *out_count, char *message);

// Encodes a JPEG of 8-bit RGB, quality 1 to 100. On CI_OK the caller owns *out and gives it to ci_free.
ci_status ci_encode_jpeg(
    const ci_picture *picture, int quality, uint8_t **out, size_t *out_count, char *message);

void ci_free(uint8_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
