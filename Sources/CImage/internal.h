// SPDX-License-Identifier: Apache-2.0
// Shared by the C files of this room only.
#ifndef CIMAGE_INTERNAL_H
#define CIMAGE_INTERNAL_H

#include "cimage.h"

// Copies a message, cut to CI_MESSAGE_SIZE, and answers the status.
ci_status ci_fail(char *message, ci_status status, const char *text);

// The orientation that a file's EXIF tells, 1 to 8; 1 where it tells none that can be read.
int ci_exif_orientation(ci_format format, const uint8_t *bytes, size_t count);

ci_status ci_jpeg_info(const uint8_t *bytes, size_t count, ci_info *out, char *message);
ci_status ci_jpeg_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message);

ci_status ci_png_info(const uint8_t *bytes, size_t count, ci_info *out, char *message);
ci_status ci_png_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message);
ci_status ci_png_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message);

ci_status ci_webp_info(const uint8_t *bytes, size_t count, ci_info *out, char *message);
ci_status ci_webp_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message);
ci_status ci_webp_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message);

ci_status ci_tiff_info(const uint8_t *bytes, size_t count, ci_info *out, char *message);
ci_status ci_tiff_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message);
ci_status ci_tiff_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message);

ci_status ci_bmp_info(const uint8_t *bytes, size_t count, ci_info *out, char *message);
ci_status ci_bmp_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message);
ci_status ci_bmp_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message);

#endif
