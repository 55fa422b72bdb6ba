// SPDX-License-Identifier: Apache-2.0
// JPEG encoding into memory over libjpeg.
#include "internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

// One encoding. It lives outside the function that calls setjmp, so that its values survive the jump.
typedef struct jpeg_writing {
  struct jpeg_compress_struct encoder;
  struct jpeg_error_mgr errors;
  jmp_buf jump;
  unsigned char *bytes;
  unsigned long count;
  ci_status status;
  char *message;
} jpeg_writing;

static void stop(j_common_ptr common) {
  jpeg_writing *writing = common->client_data;
  char text[JMSG_LENGTH_MAX];
  common->err->format_message(common, text);
  writing->status = ci_fail(writing->message, CI_UNSUPPORTED, text);
  longjmp(writing->jump, 1);
}

static void stay_silent(j_common_ptr common, int level) {
  (void)common;
  (void)level;
}

static void encode(jpeg_writing *writing, const ci_picture *picture, int quality) {
  struct jpeg_compress_struct *encoder = &writing->encoder;
  encoder->err = jpeg_std_error(&writing->errors);
  writing->errors.error_exit = stop;
  writing->errors.emit_message = stay_silent;
  encoder->client_data = writing;
  if (setjmp(writing->jump)) return;
  jpeg_create_compress(encoder);
  jpeg_mem_dest(encoder, &writing->bytes, &writing->count);
  encoder->image_width = picture->width;
  encoder->image_height = picture->height;
  encoder->input_components = 3;
  encoder->in_color_space = JCS_RGB;
  jpeg_set_defaults(encoder);
  jpeg_set_quality(encoder, quality, TRUE);
  encoder->optimize_coding = TRUE;
  jpeg_start_compress(encoder, TRUE);
  const uint8_t *pixels = picture->pixels;
  while (encoder->next_scanline < encoder->image_height) {
    JSAMPROW row = (JSAMPROW)(pixels + (size_t)3 * picture->width * encoder->next_scanline);
    jpeg_write_scanlines(encoder, &row, 1);
  }
  jpeg_finish_compress(encoder);
}

ci_status ci_encode_jpeg(
    const ci_picture *picture, int quality, uint8_t **out, size_t *out_count, char *message) {
  if (picture->channels != 3 || picture->bits != 8) {
    return ci_fail(message, CI_UNSUPPORTED, "a JPEG is written of 8-bit RGB");
  }
  jpeg_writing writing;
  memset(&writing, 0, sizeof writing);
  writing.message = message;
  encode(&writing, picture, quality);
  jpeg_destroy_compress(&writing.encoder);
  if (writing.status != CI_OK) {
    free(writing.bytes);
    return writing.status;
  }
  *out = writing.bytes;
  *out_count = writing.count;
  return CI_OK;
}
