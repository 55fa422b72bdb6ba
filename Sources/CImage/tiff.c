// SPDX-License-Identifier: Apache-2.0
// TIFF decoding over libtiff: the first picture of a file. Samples of 8 and 16 bits are read as they are stored; every
// other kind goes through libtiff's own conversion to colours.
#include "internal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

typedef struct tiff_run {
  const uint8_t *bytes;
  size_t count;
  size_t place;
  int ran_out;
  TIFF *tiff;
  char *message;
  // The picture.
  uint32_t width, height;
  uint16_t bits, samples, photometric, planes, format, compression, orientation;
} tiff_run;

// libtiff's handlers of errors are the process's: each thread says where its own go. The first tells most.
static _Thread_local char *told;

static void on_error(const char *module, const char *format, va_list arguments) {
  (void)module;
  if (told && told[0] == '\0') vsnprintf(told, CI_MESSAGE_SIZE, format, arguments);
}

static void set_handlers(void) {
  TIFFSetErrorHandler(on_error);
  TIFFSetWarningHandler(NULL);
}

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t length) {
  tiff_run *run = handle;
  size_t left = run->place < run->count ? run->count - run->place : 0;
  size_t taken = (size_t)length < left ? (size_t)length : left;
  if (taken < (size_t)length) run->ran_out = 1;
  memcpy(out, run->bytes + (taken ? run->place : 0), taken);
  run->place += taken;
  return (tmsize_t)taken;
}

static tmsize_t write_bytes(thandle_t handle, void *bytes, tmsize_t length) {
  (void)handle, (void)bytes, (void)length;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int from) {
  tiff_run *run = handle;
  size_t base = from == SEEK_CUR ? run->place : from == SEEK_END ? run->count : 0;
  run->place = base + (size_t)offset;
  return run->place;
}

static int close_bytes(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size_of(thandle_t handle) { return ((tiff_run *)handle)->count; }

static ci_status end(tiff_run *run, ci_status status, const char *text) {
  if (run->tiff) TIFFClose(run->tiff);
  told = NULL;
  if (status == CI_OK) return status;
  if (status == CI_DAMAGED && run->ran_out) status = CI_TRUNCATED;
  return run->message[0] == '\0' ? ci_fail(run->message, status, text) : status;
}

static int begin(tiff_run *run, const uint8_t *bytes, size_t count, char *message) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, set_handlers);
  memset(run, 0, sizeof *run);
  run->bytes = bytes;
  run->count = count;
  run->message = told = message;
  message[0] = '\0';
  run->tiff = TIFFClientOpen(
      "picture", "rm", run, read_bytes, write_bytes, seek, close_bytes, size_of, NULL, NULL);
  TIFF *tiff = run->tiff;
  if (!tiff || !TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &run->width) ||
      !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &run->height) ||
      !TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &run->photometric)) {
    return 0;
  }
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &run->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &run->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &run->planes);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &run->format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &run->compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &run->orientation);
  return 1;
}

static int is_colour(const tiff_run *run) { return run->photometric == PHOTOMETRIC_RGB; }

static int channels_of(const tiff_run *run) { return is_colour(run) ? 3 : 1; }

// Whether the samples are read as they are stored.
static int is_plain(const tiff_run *run) {
  enum { MOST_SAMPLES = 16 };
  int is_grey = run->photometric == PHOTOMETRIC_MINISBLACK || run->photometric == PHOTOMETRIC_MINISWHITE;
  int is_known = is_colour(run) || is_grey || run->photometric == PHOTOMETRIC_PALETTE;
  int is_whole = run->format == SAMPLEFORMAT_UINT || run->format == SAMPLEFORMAT_VOID;
  return is_known && is_whole && (run->bits == 8 || run->bits == 16) && run->samples >= channels_of(run) &&
         run->samples <= MOST_SAMPLES;
}

static int is_lossy(const tiff_run *run) {
  enum { LERC = 34887, WEBP = 50001 };
  return run->compression == COMPRESSION_JPEG || run->compression == COMPRESSION_OJPEG ||
         run->compression == LERC || run->compression == WEBP;
}

// Puts `length` pixels of a row from column x on; a line holds all the channels, or the one of a plane.
static void put(
    const tiff_run *run, const uint8_t *line, int plane, uint32_t x, uint32_t y, uint32_t length, uint16_t *out) {
  int is_apart = run->planes == PLANARCONFIG_SEPARATE, channels = channels_of(run);
  size_t step = is_apart ? 1 : run->samples;
  const uint16_t *wide = (const uint16_t *)(const void *)line;
  uint16_t *to = out + channels * ((size_t)y * run->width + x);
  for (uint32_t i = 0; i < length; i++) {
    for (int c = is_apart ? plane : 0; c < (is_apart ? plane + 1 : channels); c++) {
      size_t place = i * step + (is_apart ? 0 : (size_t)c);
      to[channels * (size_t)i + c] = run->bits == 16 ? wide[place] : line[place];
    }
  }
}

static int read_strips(tiff_run *run, uint8_t *line, uint16_t *out) {
  int planes = run->planes == PLANARCONFIG_SEPARATE ? channels_of(run) : 1;
  for (int plane = 0; plane < planes; plane++) {
    for (uint32_t y = 0; y < run->height; y++) {
      if (TIFFReadScanline(run->tiff, line, y, (uint16_t)plane) < 0) return 0;
      put(run, line, plane, 0, y, run->width, out);
    }
  }
  return 1;
}

static int read_tiles(tiff_run *run, uint8_t *tile, uint16_t *out) {
  uint32_t width = 0, height = 0;
  TIFFGetField(run->tiff, TIFFTAG_TILEWIDTH, &width);
  TIFFGetField(run->tiff, TIFFTAG_TILELENGTH, &height);
  size_t row_bytes = (size_t)TIFFTileRowSize(run->tiff);
  if (width == 0 || height == 0) return 0;
  int planes = run->planes == PLANARCONFIG_SEPARATE ? channels_of(run) : 1;
  for (int plane = 0; plane < planes; plane++) {
    for (uint64_t top = 0; top < run->height; top += height) {
      for (uint64_t left = 0; left < run->width; left += width) {
        if (TIFFReadTile(run->tiff, tile, (uint32_t)left, (uint32_t)top, 0, (uint16_t)plane) < 0) return 0;
        uint64_t wide = run->width - left, rows = run->height - top;
        for (uint32_t y = 0; y < (rows < height ? rows : height); y++) {
          put(run, tile + y * row_bytes, plane, (uint32_t)left, (uint32_t)top + y,
              (uint32_t)(wide < width ? wide : width), out);
        }
      }
    }
  }
  return 1;
}

// The stored samples, channels_of(run) of each pixel.
static ci_status read_plain(tiff_run *run, uint16_t *out) {
  enum { MOST_BYTES = 1 << 26 };
  int is_tiled = TIFFIsTiled(run->tiff);
  tmsize_t needed = is_tiled ? TIFFTileSize(run->tiff) : TIFFScanlineSize(run->tiff);
  uint64_t values = run->planes == PLANARCONFIG_SEPARATE ? 1 : run->samples;
  uint64_t expected = is_tiled ? 1 : (uint64_t)run->width * values * (run->bits / 8);
  if (needed <= 0 || (uint64_t)needed < expected) return CI_DAMAGED;
  if (needed > MOST_BYTES && is_tiled) return CI_UNSUPPORTED;
  uint8_t *buffer = malloc((size_t)needed);
  if (!buffer) return CI_OUT_OF_MEMORY;
  int done = is_tiled ? read_tiles(run, buffer, out) : read_strips(run, buffer, out);
  free(buffer);
  return done ? CI_OK : CI_DAMAGED;
}

static void colours_of(tiff_run *run, const uint16_t *samples, uint8_t *out) {
  size_t area = (size_t)run->width * run->height;
  int shift = run->bits - 8;
  if (is_colour(run)) {
    for (size_t i = 0; i < 3 * area; i++) out[i] = (uint8_t)(samples[i] >> shift);
    return;
  }
  uint16_t *map[3] = {NULL, NULL, NULL};
  int has_map = run->photometric == PHOTOMETRIC_PALETTE &&
                TIFFGetField(run->tiff, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]);
  int is_wide = 0;
  for (size_t i = 0; has_map && i < 3u << run->bits; i++) is_wide |= map[i % 3][i / 3] > 255;
  uint8_t flip = run->photometric == PHOTOMETRIC_MINISWHITE ? 255 : 0;
  for (size_t i = 0; i < area; i++) {
    for (int c = 0; c < 3; c++) {
      uint16_t value = has_map ? map[c][samples[i]] >> (is_wide ? 8 : 0) : samples[i] >> shift;
      out[3 * i + c] = (uint8_t)value ^ flip;
    }
  }
}

// Every other kind of picture, by libtiff's own conversion.
static ci_status convert(tiff_run *run, uint8_t *out) {
  size_t area = (size_t)run->width * run->height;
  char why[1024] = "";
  if (!TIFFRGBAImageOK(run->tiff, why)) {
    ci_fail(run->message, CI_UNSUPPORTED, why);
    return CI_UNSUPPORTED;
  }
  uint32_t *pixels = malloc(4 * area);
  if (!pixels) return CI_OUT_OF_MEMORY;
  // The rows as they are stored: whoever called turns them.
  TIFFSetField(run->tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  int done = TIFFReadRGBAImageOriented(run->tiff, run->width, run->height, pixels, ORIENTATION_TOPLEFT, 1);
  for (size_t i = 0; done && i < area; i++) {
    out[3 * i] = (uint8_t)TIFFGetR(pixels[i]);
    out[3 * i + 1] = (uint8_t)TIFFGetG(pixels[i]);
    out[3 * i + 2] = (uint8_t)TIFFGetB(pixels[i]);
  }
  free(pixels);
  return done ? CI_OK : CI_DAMAGED;
}

ci_status ci_tiff_info(const uint8_t *bytes, size_t count, ci_info *out, char *message) {
  tiff_run run;
  if (!begin(&run, bytes, count, message)) return end(&run, CI_DAMAGED, "it lacks a picture");
  out->format = CI_FORMAT_TIFF;
  out->width = run.width;
  out->height = run.height;
  out->channels = channels_of(&run);
  out->bits = run.bits;
  out->is_palette = run.photometric == PHOTOMETRIC_PALETTE;
  out->is_lossy = is_lossy(&run);
  out->orientation = run.orientation >= 1 && run.orientation <= 8 ? run.orientation : 1;
  return end(&run, CI_OK, "");
}

static int is_same(const tiff_run *run, const ci_info *info) {
  return run->width == info->width && run->height == info->height && channels_of(run) == info->channels;
}

ci_status ci_tiff_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message) {
  tiff_run run;
  if (!begin(&run, bytes, count, message)) return end(&run, CI_DAMAGED, "it lacks a picture");
  if (!is_same(&run, info)) return end(&run, CI_DAMAGED, "the size differs from the header's");
  if (!is_plain(&run)) return end(&run, convert(&run, out), "its picture cannot be decoded");
  uint16_t *samples = malloc(sizeof *samples * info->channels * info->width * info->height);
  if (!samples) return end(&run, CI_OUT_OF_MEMORY, "no memory for the samples");
  ci_status status = read_plain(&run, samples);
  if (status == CI_OK) colours_of(&run, samples, out);
  free(samples);
  return end(&run, status, "its picture cannot be decoded");
}

ci_status ci_tiff_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message) {
  tiff_run run;
  if (!begin(&run, bytes, count, message)) return end(&run, CI_DAMAGED, "it lacks a picture");
  if (!is_same(&run, info)) return end(&run, CI_DAMAGED, "the size differs from the header's");
  if (!is_plain(&run)) return end(&run, CI_UNSUPPORTED, "a TIFF whose samples are not of 8 or 16 bits");
  return end(&run, read_plain(&run, out), "its picture cannot be decoded");
}
