// SPDX-License-Identifier: Apache-2.0
// The public reading functions: each goes by the first bytes to the reader of the format.
#include "internal.h"

#include <string.h>

ci_status ci_fail(char *message, ci_status status, const char *text) {
  strncpy(message, text, CI_MESSAGE_SIZE - 1);
  message[CI_MESSAGE_SIZE - 1] = '\0';
  return status;
}

ci_format ci_sniff(const uint8_t *bytes, size_t count) {
  static const uint8_t jpeg[3] = {0xff, 0xd8, 0xff};
  static const uint8_t png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  if (count >= sizeof jpeg && memcmp(bytes, jpeg, sizeof jpeg) == 0) return CI_FORMAT_JPEG;
  if (count >= sizeof png && memcmp(bytes, png, sizeof png) == 0) return CI_FORMAT_PNG;
  if (count >= 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WEBP", 4) == 0) return CI_FORMAT_WEBP;
  // TIFF, and BigTIFF with its wider offsets.
  static const char *const tiff[4] = {"II*\0", "MM\0*", "II+\0", "MM\0+"};
  for (int i = 0; i < 4; i++) {
    if (count >= 4 && memcmp(bytes, tiff[i], 4) == 0) return CI_FORMAT_TIFF;
  }
  // "BM", and the two words that follow the size are reserved.
  if (count >= 10 && memcmp(bytes, "BM", 2) == 0 && memcmp(bytes + 6, "\0\0\0\0", 4) == 0) return CI_FORMAT_BMP;
  return CI_FORMAT_UNKNOWN;
}

ci_status ci_read_info(const uint8_t *bytes, size_t count, ci_info *out, char *message) {
  ci_format format = ci_sniff(bytes, count);
  out->orientation = ci_exif_orientation(format, bytes, count);
  switch (format) {
    case CI_FORMAT_JPEG: return ci_jpeg_info(bytes, count, out, message);
    case CI_FORMAT_PNG: return ci_png_info(bytes, count, out, message);
    case CI_FORMAT_WEBP: return ci_webp_info(bytes, count, out, message);
    case CI_FORMAT_TIFF: return ci_tiff_info(bytes, count, out, message);
    case CI_FORMAT_BMP: return ci_bmp_info(bytes, count, out, message);
    default: return ci_fail(message, CI_NOT_AN_IMAGE, "no format that is read here");
  }
}

ci_status ci_decode_rgb(
    const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message) {
  switch (ci_sniff(bytes, count)) {
    case CI_FORMAT_JPEG: return ci_jpeg_rgb(bytes, count, info, out, message);
    case CI_FORMAT_PNG: return ci_png_rgb(bytes, count, info, out, message);
    case CI_FORMAT_WEBP: return ci_webp_rgb(bytes, count, info, out, message);
    case CI_FORMAT_TIFF: return ci_tiff_rgb(bytes, count, info, out, message);
    case CI_FORMAT_BMP: return ci_bmp_rgb(bytes, count, info, out, message);
    default: return ci_fail(message, CI_NOT_AN_IMAGE, "no format that is read here");
  }
}

ci_status ci_decode_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message) {
  switch (ci_sniff(bytes, count)) {
    case CI_FORMAT_PNG: return ci_png_samples(bytes, count, info, out, message);
    case CI_FORMAT_WEBP: return ci_webp_samples(bytes, count, info, out, message);
    case CI_FORMAT_TIFF: return ci_tiff_samples(bytes, count, info, out, message);
    case CI_FORMAT_BMP: return ci_bmp_samples(bytes, count, info, out, message);
    case CI_FORMAT_JPEG:
      return ci_fail(message, CI_UNSUPPORTED, "a JPEG does not keep its samples exactly");
    default: return ci_fail(message, CI_NOT_AN_IMAGE, "no format that is read here");
  }
}
