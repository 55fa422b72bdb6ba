// SPDX-License-Identifier: Apache-2.0
// BMP decoding, for which no library is at hand everywhere: pictures of 1, 4, 8, 16, 24 and 32 bits that are not packed.
// Every place is checked to lie in the file before it is read.
#include "internal.h"

#include <string.h>

// What the headers tell.
typedef struct layout {
  uint32_t width, height;
  int bits;
  int is_top_down;
  uint32_t masks[3];      // of red, green and blue in pixels of 16 and 32 bits
  const uint8_t *palette; // blue, green, red, and in newer files a fourth byte
  size_t colours;
  int colour_bytes;
  const uint8_t *rows;
  size_t row_bytes;
} layout;

static uint32_t number(const uint8_t *bytes, int length) {
  uint32_t value = 0;
  for (int i = length - 1; i >= 0; i--) value = value << 8 | bytes[i];
  return value;
}

enum { FILE_HEADER = 14, OLD_HEADER = 12, HEADER = 40, MASKS = FILE_HEADER + HEADER };
enum { PLAIN = 0, RUNS_OF_BYTES = 1, RUNS_OF_HALVES = 2, MASKED = 3, MASKED_WITH_ALPHA = 6 };

static ci_status truncated(char *message) {
  return ci_fail(message, CI_TRUNCATED, "the bytes end inside the picture");
}

static ci_status read_masks(const uint8_t *bytes, size_t count, uint32_t kind, layout *out, char *message) {
  static const uint32_t usual[2][3] = {{0x7c00, 0x3e0, 0x1f}, {0xff0000, 0xff00, 0xff}};
  memcpy(out->masks, usual[out->bits == 32], sizeof out->masks);
  if (kind == PLAIN) return CI_OK;
  if (out->bits != 16 && out->bits != 32) return ci_fail(message, CI_DAMAGED, "masks for pixels without any");
  if (count < MASKS + 12) return truncated(message);
  for (int c = 0; c < 3; c++) out->masks[c] = number(bytes + MASKS + 4 * c, 4);
  return CI_OK;
}

static ci_status read_size(const uint8_t *bytes, int is_old, layout *out, char *message) {
  int64_t width = is_old ? (int64_t)number(bytes + 18, 2) : (int32_t)number(bytes + 18, 4);
  int64_t height = is_old ? (int64_t)number(bytes + 20, 2) : (int32_t)number(bytes + 22, 4);
  if (width <= 0 || height == 0) return ci_fail(message, CI_DAMAGED, "a size without pixels");
  out->is_top_down = height < 0;
  out->width = (uint32_t)width;
  out->height = (uint32_t)(height < 0 ? -height : height);
  return CI_OK;
}

static ci_status read_layout(const uint8_t *bytes, size_t count, layout *out, char *message) {
  if (count < FILE_HEADER + OLD_HEADER) return truncated(message);
  size_t start = number(bytes + 10, 4), header = number(bytes + FILE_HEADER, 4);
  int is_old = header == OLD_HEADER;
  if (!is_old && header < HEADER) return ci_fail(message, CI_UNSUPPORTED, "a BMP with an unknown header");
  if (header > count || FILE_HEADER + header > count) return truncated(message);
  ci_status status = read_size(bytes, is_old, out, message);
  if (status != CI_OK) return status;
  out->bits = (int)number(bytes + (is_old ? 24 : 28), 2);
  uint32_t kind = is_old ? PLAIN : number(bytes + 30, 4);
  if (kind == RUNS_OF_BYTES || kind == RUNS_OF_HALVES) {
    return ci_fail(message, CI_UNSUPPORTED, "a BMP packed by run lengths");
  }
  if (kind != PLAIN && kind != MASKED && kind != MASKED_WITH_ALPHA) {
    return ci_fail(message, CI_UNSUPPORTED, "a BMP that holds another format");
  }
  int bits = out->bits;
  if (bits != 1 && bits != 4 && bits != 8 && bits != 16 && bits != 24 && bits != 32) {
    return ci_fail(message, CI_UNSUPPORTED, "a BMP of an unknown number of bits");
  }
  status = read_masks(bytes, count, kind, out, message);
  if (status != CI_OK) return status;
  out->palette = bytes + FILE_HEADER + header;
  out->colour_bytes = is_old ? 3 : 4;
  uint32_t used = is_old ? 0 : number(bytes + 46, 4);
  out->colours = bits > 8 ? 0 : used > 0 && used < 1u << bits ? used : 1u << bits;
  if (out->colours * out->colour_bytes > count - FILE_HEADER - header) return truncated(message);
  out->row_bytes = ((uint64_t)out->width * bits + 31) / 32 * 4;
  if (start > count || out->row_bytes > (count - start) / out->height) return truncated(message);
  out->rows = bytes + start;
  return CI_OK;
}

static const uint8_t *row_of(const layout *from, uint32_t y) {
  return from->rows + from->row_bytes * (from->is_top_down ? y : from->height - 1 - y);
}

// The index of a pixel of at most 8 bits.
static size_t index_at(const layout *from, const uint8_t *row, uint32_t x) {
  if (from->bits == 8) return row[x];
  if (from->bits == 4) return row[x / 2] >> (x % 2 ? 0 : 4) & 15;
  return row[x / 8] >> (7 - x % 8) & 1;
}

static uint8_t masked(uint32_t pixel, uint32_t mask) {
  if (mask == 0) return 0;
  uint32_t unit = mask & -mask;
  return (uint8_t)((uint64_t)((pixel & mask) / unit) * 255 / (mask / unit));
}

static void colour_at(const layout *from, const uint8_t *row, uint32_t x, uint8_t *rgb) {
  const uint8_t *bgr = row + 3 * (size_t)x;
  if (from->bits <= 8) {
    static const uint8_t black[3] = {0, 0, 0};
    size_t index = index_at(from, row, x);
    bgr = index < from->colours ? from->palette + index * from->colour_bytes : black;
  } else if (from->bits != 24) {
    int length = from->bits / 8;
    uint32_t pixel = number(row + (size_t)x * length, length);
    for (int c = 0; c < 3; c++) rgb[c] = masked(pixel, from->masks[c]);
    return;
  }
  for (int c = 0; c < 3; c++) rgb[c] = bgr[2 - c];
}

ci_status ci_bmp_info(const uint8_t *bytes, size_t count, ci_info *out, char *message) {
  layout found;
  ci_status status = read_layout(bytes, count, &found, message);
  if (status != CI_OK) return status;
  out->format = CI_FORMAT_BMP;
  out->width = found.width;
  out->height = found.height;
  out->is_palette = found.bits <= 8;
  out->channels = out->is_palette ? 1 : 3;
  out->bits = out->is_palette ? found.bits : 8;
  out->is_lossy = 0;
  return CI_OK;
}

ci_status ci_bmp_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message) {
  layout found;
  ci_status status = read_layout(bytes, count, &found, message);
  for (uint32_t y = 0; status == CI_OK && y < info->height; y++) {
    const uint8_t *row = row_of(&found, y);
    for (uint32_t x = 0; x < info->width; x++, out += 3) colour_at(&found, row, x, out);
  }
  return status;
}

ci_status ci_bmp_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message) {
  layout found;
  ci_status status = read_layout(bytes, count, &found, message);
  for (uint32_t y = 0; status == CI_OK && y < info->height; y++) {
    const uint8_t *row = row_of(&found, y);
    for (uint32_t x = 0; x < info->width; x++) {
      uint8_t rgb[3];
      if (found.bits <= 8) {
        *out++ = (uint16_t)index_at(&found, row, x);
        continue;
      }
      colour_at(&found, row, x, rgb);
      for (int c = 0; c < 3; c++) *out++ = rgb[c];
    }
  }
  return status;
}
