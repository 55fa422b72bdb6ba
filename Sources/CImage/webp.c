// SPDX-License-Identifier: Apache-2.0
// WebP decoding over libwebp: still pictures, lossy or lossless, without their alpha.
#include "internal.h"

#include <stdlib.h>

#include <webp/decode.h>

static ci_status failed(VP8StatusCode code, char *message) {
  switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY: return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for the WebP reader");
    case VP8_STATUS_SUSPENDED:
    case VP8_STATUS_NOT_ENOUGH_DATA: return ci_fail(message, CI_TRUNCATED, "the bytes end inside the picture");
    case VP8_STATUS_UNSUPPORTED_FEATURE: return ci_fail(message, CI_UNSUPPORTED, "a WebP of an unknown kind");
    default: return ci_fail(message, CI_DAMAGED, "its bytes are no WebP stream");
  }
}

ci_status ci_webp_info(const uint8_t *bytes, size_t count, ci_info *out, char *message) {
  enum { LOSSLESS = 2 };
  WebPBitstreamFeatures features;
  VP8StatusCode code = WebPGetFeatures(bytes, count, &features);
  if (code != VP8_STATUS_OK) return failed(code, message);
  if (features.has_animation) return ci_fail(message, CI_UNSUPPORTED, "an animated WebP");
  out->format = CI_FORMAT_WEBP;
  out->width = (uint32_t)features.width;
  out->height = (uint32_t)features.height;
  out->channels = 3;
  out->bits = 8;
  out->is_palette = 0;
  out->is_lossy = features.format != LOSSLESS;
  return CI_OK;
}

ci_status ci_webp_rgb(const uint8_t *bytes, size_t count, const ci_info *info, uint8_t *out, char *message) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config)) return ci_fail(message, CI_UNSUPPORTED, "another version of libwebp");
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = out;
  config.output.u.RGBA.stride = (int)(3 * info->width);
  config.output.u.RGBA.size = 3 * (size_t)info->width * info->height;
  VP8StatusCode code = WebPDecode(bytes, count, &config);
  WebPFreeDecBuffer(&config.output);
  return code == VP8_STATUS_OK ? CI_OK : failed(code, message);
}

ci_status ci_webp_samples(
    const uint8_t *bytes, size_t count, const ci_info *info, uint16_t *out, char *message) {
  size_t values = 3 * (size_t)info->width * info->height;
  uint8_t *colours = malloc(values);
  if (!colours) return ci_fail(message, CI_OUT_OF_MEMORY, "no memory for the samples");
  ci_status status = ci_webp_rgb(bytes, count, info, colours, message);
  for (size_t i = 0; status == CI_OK && i < values; i++) out[i] = colours[i];
  free(colours);
  return status;
}
