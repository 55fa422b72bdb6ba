// SPDX-License-Identifier: Apache-2.0
// The orientation that EXIF tells, out of a JPEG's APP1 segment or a chunk of a PNG or WebP. Nothing is allocated, and what
// cannot be read tells none.
#include "internal.h"

#include <string.h>

// A part of the file; of no bytes where it is not there.
typedef struct span {
  const uint8_t *bytes;
  size_t count;
} span;

static const span NOTHING = {NULL, 0};

static uint32_t number(const uint8_t *bytes, int length, int is_big) {
  uint32_t value = 0;
  for (int i = 0; i < length; i++) value = value << 8 | bytes[is_big ? i : length - 1 - i];
  return value;
}

static span without_mark(span part) {
  static const uint8_t mark[6] = {'E', 'x', 'i', 'f', 0, 0};
  if (part.count < sizeof mark || memcmp(part.bytes, mark, sizeof mark) != 0) return part;
  return (span){part.bytes + sizeof mark, part.count - sizeof mark};
}

// The orientation of the first directory of a TIFF structure, which EXIF is.
static int orientation_of(span tiff) {
  enum { HEADER = 8, ENTRY = 12, TAG = 0x0112, SHORT = 3, LONG = 4 };
  if (tiff.count < HEADER) return 1;
  int is_big = tiff.bytes[0] == 'M';
  if (memcmp(tiff.bytes, is_big ? "MM" : "II", 2) != 0 || number(tiff.bytes + 2, 2, is_big) != 42) return 1;
  size_t place = number(tiff.bytes + 4, 4, is_big);
  if (place > tiff.count - 2) return 1;
  size_t entries = number(tiff.bytes + place, 2, is_big);
  place += 2;
  for (size_t i = 0; i < entries && tiff.count - place >= ENTRY; i++, place += ENTRY) {
    const uint8_t *entry = tiff.bytes + place;
    if (number(entry, 2, is_big) != TAG) continue;
    uint32_t type = number(entry + 2, 2, is_big);
    if ((type != SHORT && type != LONG) || number(entry + 4, 4, is_big) != 1) return 1;
    uint32_t value = number(entry + 8, type == SHORT ? 2 : 4, is_big);
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 1;
}

// The EXIF segment before the picture's first scan.
static span exif_of_jpeg(const uint8_t *bytes, size_t count) {
  enum { START = 0xd8, END = 0xd9, SCAN = 0xda, EXIF = 0xe1, TEM = 0x01, RESTART = 0xd0 };
  size_t place = 2;
  while (place + 4 <= count) {
    uint8_t code = bytes[place + 1];
    // What is no marker, and bytes that fill up before one, are passed over as libjpeg passes them over.
    if (bytes[place] != 0xff || code == 0xff || code == 0) {
      place++;
      continue;
    }
    if (code == SCAN || code == END) break;
    if (code == TEM || (code >= RESTART && code <= START)) {
      place += 2;
      continue;
    }
    size_t length = number(bytes + place + 2, 2, 1);
    if (length < 2 || length > count - place - 2) break;
    span part = {bytes + place + 4, length - 2};
    if (code == EXIF && without_mark(part).count != part.count) return without_mark(part);
    place += 2 + length;
  }
  return NOTHING;
}

static span exif_of_png(const uint8_t *bytes, size_t count) {
  size_t place = 8;
  while (place + 12 <= count) {
    size_t length = number(bytes + place, 4, 1);
    if (length > count - place - 12) break;
    if (memcmp(bytes + place + 4, "eXIf", 4) == 0) {
      return without_mark((span){bytes + place + 8, length});
    }
    if (memcmp(bytes + place + 4, "IEND", 4) == 0) break;
    place += 12 + length;
  }
  return NOTHING;
}

static span exif_of_webp(const uint8_t *bytes, size_t count) {
  size_t place = 12;
  while (place + 8 <= count) {
    size_t length = number(bytes + place + 4, 4, 0);
    if (length > count - place - 8) break;
    if (memcmp(bytes + place, "EXIF", 4) == 0) return without_mark((span){bytes + place + 8, length});
    place += 8 + length + length % 2;
  }
  return NOTHING;
}

int ci_exif_orientation(ci_format format, const uint8_t *bytes, size_t count) {
  switch (format) {
    case CI_FORMAT_JPEG: return orientation_of(exif_of_jpeg(bytes, count));
    case CI_FORMAT_PNG: return orientation_of(exif_of_png(bytes, count));
    case CI_FORMAT_WEBP: return orientation_of(exif_of_webp(bytes, count));
    default: return 1;
  }
}
