// SPDX-License-Identifier: Apache-2.0
// PNG decoding over libpng, to RGB or to the samples as they are stored.
#include "internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// One decoding. It lives outside the function that calls setjmp, so that its values survive the jump.
typedef struct png_run {
  png_structp png;
  png_infop info;
  const uint8_t *bytes;
  size_t count;
  size_t place;
  uint8_t *rows;  // stored samples, or NULL
  int ran_out;
  ci_status status;
  char *message;
} png_run;

static void on_error(png_structp png, png_const_charp text) {
  png_run *run = png_get_error_ptr(png);
  ci_status status = run->ran_out ? CI_TRUNCATED : CI_DAMAGED;
  if (strcmp(text, "Out of memory") == 0) status = CI_OUT_OF_MEMORY;
  run->status = ci_fail(run->message, status, text);
  png_longjmp(png, 1);
}

// libpng warns of harmless slips (odd colour profiles, unknown text); damage to the picture is its error.
static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep out, png_size_t length) {
  png_run *run = png_get_io_ptr(png);
  if (length > run->count - run->place) {
    run->ran_out = 1;
    png_error(png, "the bytes end inside the picture");
  }
  memcpy(out, run->bytes + run->place, length);
  run->place += length;
}

static ci_status close_run(png_run *run) {
  png_destroy_read_struct(&run->png, &run->info, NULL);
  free(run->rows);
  run->rows = NULL;
  return run->status;
}

static int create(png_run *run) {
  run->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, run, on_error, on_warning);
  if (run->png) run->info = png_create_info_struct(run->png);
  if (run->info) return 1;
  run->status = ci_fail(run->message, CI_OUT_OF_MEMORY, "no memory for the PNG reader");
  return 0;
}

// Texts, profiles and thumbnails tell nothing of the picture, and a few of them unpack to gigabytes.
static void skip_extras(png_structp png) {
#ifdef PNG_HANDLE_AS_UNKNOWN_SUPPORTED
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
#endif
#ifdef PNG_SET_USER_LIMITS_SUPPORTED
  png_set_chunk_cache_max(png, 16);
#endif
}

// The caller has called setjmp.
static void read_header(png_run *run, ci_info *out) {
  skip_extras(run->png);
  png_set_read_fn(run->png, run, read_bytes);
  png_read_info(run->png, run->info);
  int kind = png_get_color_type(run->png, run->info);
  out->format = CI_FORMAT_PNG;
  out->width = png_get_image_width(run->png, run->info);
  out->height = png_get_image_height(run->png, run->info);
  out->is_palette = kind == PNG_COLOR_TYPE_PALETTE;
  out->is_lossy = 0;
  out->channels = (kind & PNG_COLOR_MASK_COLOR) && !out->is_palette ? 3 : 1;
  out->bits = png_get_bit_depth(run->png, run->info);
}

static ci_status read_info(png_run *run, ci_info *out) {
  if (!create(run)) return close_run(run);
  if (setjmp(png_jmpbuf(run->png))) return close_run(run);
  read_header(run, out);
  return close_run(run);
}

// Reads every row after the transformations are set; row_bytes is what they must come to.
static void read_rows(png_run *run, const ci_info *info, uint8_t *out, size_t row_bytes) {
  int passes = png_set_interlace_handling(run->png);
  png_read_update_info(run->png, run->info);
  if (png_get_rowbytes(run->png, run->info) != row_bytes) png_error(run->png, "rows of an unexpected length");
  for (int pass = 0; pass < passes; pass++) {
    for (uint32_t y = 0; y < info->height; y++) png_read_row(run->png, out + y * row_bytes, NULL);
  }
  png_read_end(run->png, NULL);
}

static int same_header(const ci_info *a, const ci_info *b) {
  return a->width == b->width && a->height == b->height && a->channels == b->channels && a->bits == b->bits;
}

static ci_status decode_rgb(png_run *run, const ci_info *info, uint8_t *out) {
  if (!create(run)) return close_run(run);
  if (setjmp(png_jmpbuf(run->png))) return close_run(run);
  ci_info found;
  read_header(run, &found);
  if (!same_header(&found, info)) png_error(run->png, "the size differs from the header's");
  if (found.is_palette) png_set_palette_to_rgb(run->png);
  if (!found.is_palette && found.channels == 1) {
    if (found.bits < 8) png_set_expand_gray_1_2_4_to_8(run->png);
    png_set_gray_to_rgb(run->png);
  }
  if (found.bits == 16) png_set_strip_16(run->png);
  png_set_strip_alpha(run->png);
  read_rows(run, &found, out, 3 * (size_t)found.width);
  return close_run(run);
}

static ci_status decode_samples(png_run *run, const ci_info *info, uint16_t *out) {
  if (!create(run)) return close_run(run);
  if (setjmp(png_jmpbuf(run->png))) return close_run(run);
  ci_info found;
  read_header(run, &found);
  if (!same_header(&found, info)) png_error(run->png, "the size differs from the header's");
  if (found.bits < 8) png_set_packing(run->png);
  if (!found.is_palette) png_set_strip_alpha(run->png);
  size_t values = (size_t)found.channels * found.width;
  size_t row_bytes = found.bits == 16 ? 2 * values : values;
  run->rows = malloc(row_bytes * found.height);
  if (!run->rows) png_error(run->png, "Out of memory");
  read_rows(run, &found, run->rows, row_bytes);
  size_t total = values * found.height;
  const uint8_t *in = run->rows;
  if (found.bits == 16) {
    for (size_t i = 0; i < total; i++) out[i] = (uint16_t)(in[2 * i] << 8 | in[2 * i + 1]);
  } else {
    for (size_t i = 0; i < total; i++) out[i] = in[i];
  }
  return close_run(run);
}

static png_run run_over(const uint8_t *bytes, size_t count, char *message) {
  png_run run;
  memset(&run, 0, sizeof run);
  run.bytes = bytes;
  run.count = count;
  run.message = message;
  return run;
}

ci_status ci_png_info(const uint8_t *bytes, size_t count, ci_info *out, char *message) {
  png_run run = run_over(bytes, count, message);
  return read_info(&run, out);
}

ci_status ci_png_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message) {
  png_run run = run_over(bytes, count, message);
  return decode_rgb(&run, info, out);
}

ci_status ci_png_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message) {
  png_run run = run_over(bytes, count, message);
  return decode_samples(&run, info, out);
}
