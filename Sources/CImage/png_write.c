// SPDX-License-Identifier: Apache-2.0
// PNG encoding into memory over libpng.
#include "internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// One encoding. It lives outside the function that calls setjmp, so that its values survive the jump.
typedef struct png_writing {
  png_structp png;
  png_infop info;
  uint8_t *bytes;
  size_t count;
  size_t capacity;
  ci_status status;
  char *message;
} png_writing;

static void on_error(png_structp png, png_const_charp text) {
  png_writing *writing = png_get_error_ptr(png);
  ci_status status = strcmp(text, "Out of memory") == 0 ? CI_OUT_OF_MEMORY : CI_UNSUPPORTED;
  writing->status = ci_fail(writing->message, status, text);
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void append(png_structp png, png_bytep bytes, png_size_t length) {
  png_writing *writing = png_get_io_ptr(png);
  if (length > writing->capacity - writing->count) {
    size_t capacity = 2 * writing->capacity + length + 4096;
    uint8_t *grown = realloc(writing->bytes, capacity);
    if (!grown) png_error(png, "Out of memory");
    writing->bytes = grown;
    writing->capacity = capacity;
  }
  memcpy(writing->bytes + writing->count, bytes, length);
  writing->count += length;
}

static void flush(png_structp png) { (void)png; }

static void write_header(png_writing *writing, const ci_picture *picture) {
  int kind = picture->channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY;
  if (picture->palette) kind = PNG_COLOR_TYPE_PALETTE;
  png_set_write_fn(writing->png, writing, append, flush);
  png_set_compression_level(writing->png, picture->compression);
  png_set_IHDR(
      writing->png, writing->info, picture->width, picture->height, picture->bits, kind, PNG_INTERLACE_NONE,
      PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (picture->palette) {
    png_color colours[PNG_MAX_PALETTE_LENGTH];
    for (int i = 0; i < picture->palette_count; i++) {
      colours[i].red = picture->palette[3 * i];
      colours[i].green = picture->palette[3 * i + 1];
      colours[i].blue = picture->palette[3 * i + 2];
    }
    png_set_PLTE(writing->png, writing->info, colours, picture->palette_count);
  }
  png_write_info(writing->png, writing->info);
  const uint16_t one = 1;
  // The file holds the high byte first; png_set_swap counts only after the header.
  if (picture->bits == 16 && *(const uint8_t *)&one) png_set_swap(writing->png);
}

static void encode(png_writing *writing, const ci_picture *picture) {
  writing->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writing, on_error, on_warning);
  if (writing->png) writing->info = png_create_info_struct(writing->png);
  if (!writing->info) {
    writing->status = ci_fail(writing->message, CI_OUT_OF_MEMORY, "no memory for the PNG writer");
    return;
  }
  if (setjmp(png_jmpbuf(writing->png))) return;
  write_header(writing, picture);
  const uint8_t *pixels = picture->pixels;
  size_t row_bytes = (size_t)picture->channels * picture->width * (picture->bits / 8);
  for (uint32_t y = 0; y < picture->height; y++) {
    png_write_row(writing->png, pixels + y * row_bytes);
  }
  png_write_end(writing->png, writing->info);
}

ci_status ci_encode_png(const ci_picture *picture, uint8_t **out, size_t *out_count, char *message) {
  png_writing writing;
  memset(&writing, 0, sizeof writing);
  writing.message = message;
  if (picture->palette && (picture->palette_count < 1 || picture->palette_count > PNG_MAX_PALETTE_LENGTH)) {
    return ci_fail(message, CI_UNSUPPORTED, "a palette holds 1 to 256 colours");
  }
  if (picture->bits != 8 && (picture->bits != 16 || picture->palette)) {
    return ci_fail(message, CI_UNSUPPORTED, "samples have 8 bits, or 16 without a palette");
  }
  encode(&writing, picture);
  png_destroy_write_struct(&writing.png, &writing.info);
  if (writing.status != CI_OK) {
    free(writing.bytes);
    return writing.status;
  }
  *out = writing.bytes;
  *out_count = writing.count;
  return CI_OK;
}

void ci_free(uint8_t *bytes) { free(bytes); }
