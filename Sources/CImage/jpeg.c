// SPDX-License-Identifier: Apache-2.0
// JPEG decoding over libjpeg, with its errors and its warnings of damage turned into a ci_status.
#include "internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// One decoding. It lives outside the function that calls setjmp, so that its values survive the jump.
typedef struct jpeg_run {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf jump;
  ci_status status;
  char *message;
  uint8_t *row;  // a CMYK row, or NULL
} jpeg_run;

static ci_status status_of(int code) {
  switch (code) {
    case JWRN_JPEG_EOF:
    case JERR_INPUT_EOF:
    case JERR_INPUT_EMPTY: return CI_TRUNCATED;
    case JERR_OUT_OF_MEMORY: return CI_OUT_OF_MEMORY;
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED: return CI_UNSUPPORTED;
    default: return CI_DAMAGED;
  }
}

static void stop(j_common_ptr common) {
  jpeg_run *run = common->client_data;
  char text[JMSG_LENGTH_MAX];
  common->err->format_message(common, text);
  run->status = ci_fail(run->message, status_of(common->err->msg_code), text);
  longjmp(run->jump, 1);
}

// Some cameras pad the scan with a few bytes before the next marker; more than that is lost picture data.
enum { HARMLESS_PADDING = 16 };

static void on_message(j_common_ptr common, int level) {
  if (level >= 0) return;
  switch (common->err->msg_code) {
    case JWRN_EXTRANEOUS_DATA:
      if (common->err->msg_parm.i[0] > HARMLESS_PADDING) stop(common);
      return;
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_BOGUS_PROGRESSION:
    case JWRN_MUST_RESYNC: stop(common);
    default: return;
  }
}

// A scan of a few bytes may go over the whole picture. Encoders write about ten.
enum { MOST_SCANS = 100 };

static void on_progress(j_common_ptr common) {
  jpeg_run *run = common->client_data;
  if (run->decoder.input_scan_number <= MOST_SCANS) return;
  run->status = ci_fail(run->message, CI_DAMAGED, "it has more than 100 scans");
  longjmp(run->jump, 1);
}

static void open_run(jpeg_run *run, const uint8_t *bytes, size_t count) {
  run->decoder.err = jpeg_std_error(&run->errors);
  run->errors.error_exit = stop;
  run->errors.emit_message = on_message;
  run->decoder.client_data = run;
  jpeg_create_decompress(&run->decoder);
  run->progress.progress_monitor = on_progress;
  run->decoder.progress = &run->progress;
  jpeg_mem_src(&run->decoder, (unsigned char *)bytes, (unsigned long)count);
  jpeg_read_header(&run->decoder, TRUE);
}

static ci_status close_run(jpeg_run *run) {
  jpeg_destroy_decompress(&run->decoder);
  free(run->row);
  run->row = NULL;
  return run->status;
}

static ci_status read_info(jpeg_run *run, const uint8_t *bytes, size_t count, ci_info *out) {
  if (setjmp(run->jump)) return close_run(run);
  open_run(run, bytes, count);
  out->format = CI_FORMAT_JPEG;
  out->width = run->decoder.image_width;
  out->height = run->decoder.image_height;
  out->channels = run->decoder.num_components;
  out->bits = run->decoder.data_precision;
  out->is_palette = 0;
  out->is_lossy = 1;
  return close_run(run);
}

ci_status ci_jpeg_info(const uint8_t *bytes, size_t count, ci_info *out, char *message) {
  jpeg_run run;
  memset(&run, 0, sizeof run);
  run.message = message;
  return read_info(&run, bytes, count, out);
}

// a * b / 255, rounded.
static inline unsigned scaled(unsigned a, unsigned b) {
  unsigned product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}

// Four-channel JPEGs hold inverted inks (Adobe's convention); black is taken off as Pillow does it.
static void ink_to_rgb(const uint8_t *inks, uint8_t *rgb, uint32_t width) {
  for (uint32_t x = 0; x < width; x++, inks += 4, rgb += 3) {
    unsigned light = inks[3];
    for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(light - scaled(255u - inks[c], light));
  }
}

static ci_status decode(
    jpeg_run *run, const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out) {
  if (setjmp(run->jump)) return close_run(run);
  open_run(run, bytes, count);
  struct jpeg_decompress_struct *decoder = &run->decoder;
  if (decoder->image_width != info->width || decoder->image_height != info->height) {
    run->status = ci_fail(run->message, CI_DAMAGED, "the size differs from the header's");
    return close_run(run);
  }
  if (decoder->num_components != 1 && decoder->num_components != 3 && decoder->num_components != 4) {
    run->status = ci_fail(run->message, CI_UNSUPPORTED, "a JPEG of neither 1, 3 nor 4 channels");
    return close_run(run);
  }
  int inks = decoder->num_components == 4;
  decoder->out_color_space = inks ? JCS_CMYK : JCS_RGB;
  if (inks && !(run->row = malloc(4 * (size_t)info->width))) {
    run->status = ci_fail(run->message, CI_OUT_OF_MEMORY, "no memory for a row");
    return close_run(run);
  }
  jpeg_start_decompress(decoder);
  while (decoder->output_scanline < decoder->output_height) {
    uint8_t *line = out + 3 * (size_t)info->width * decoder->output_scanline;
    JSAMPROW row = inks ? run->row : line;
    jpeg_read_scanlines(decoder, &row, 1);
    if (inks) ink_to_rgb(run->row, line, info->width);
  }
  jpeg_finish_decompress(decoder);
  return close_run(run);
}

ci_status ci_jpeg_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message) {
  jpeg_run run;
  memset(&run, 0, sizeof run);
  run.message = message;
  return decode(&run, bytes, count, info, out);
}
