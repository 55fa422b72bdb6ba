// SPDX-License-Identifier: Apache-2.0

/// The light and air of a domain. Colours are linear; 1 is white paper in full noon light.
struct Weather: Sendable {
  /// Height of the sun in degrees, and its light; no shadows are cast where the sun is 0.
  var sunHeight: ClosedRange<Float> = 38...62
  var sun = V3(1.15, 1.05, 0.88)
  var sky = V3(0.36, 0.42, 0.52)
  var ground = V3(0.24, 0.22, 0.19)
  var zenith = V3(0.09, 0.24, 0.66)
  var horizon = V3(0.62, 0.74, 0.88)
  var cloud = V3(0.82, 0.83, 0.85)
  var cover: ClosedRange<Float> = 0.15...0.85
  var sunGlow = V3(0.9, 0.8, 0.6)
  /// Extinction a metre, and the colour of the air.
  var haze: ClosedRange<Float> = 0.0008...0.002
  var air = V3(0.6, 0.7, 0.82)
  /// 0 dry, 1 a film of water that mirrors.
  var wet: Float = 0
  /// Strength of lamps and lit windows; 0 by day.
  var lamps: Float = 0
  /// Share of the sky's light that windows and paint throw back.
  var mirror: Float = 1
  var lampColour = V3(1.0, 0.66, 0.32)
}

/// The camera of a domain, from its mount to its file.
struct Lens: Sendable {
  /// Metres above the road; degrees across the width; degrees below the horizon.
  var height: ClosedRange<Float> = 1.25...1.55
  var fieldOfView: ClosedRange<Float> = 58...66
  var tilt: ClosedRange<Float> = -2.5...2
  var exposure: Float = 2.0
  var balance = V3(1, 1, 1)
  /// How much exposure and balance vary from picture to picture, as shares.
  var exposureSpread: Float = 0.2
  var balanceSpread: Float = 0.06
  /// Contrast about mid grey, saturation, and the black level that flare lifts (display units).
  var contrast: Float = 1.14
  var saturation: Float = 1.18
  var flare: Float = 0
  /// Gaussian blur and the blur of colour alone, in pixels of a picture 320 wide.
  var blur: Float = 0.35
  var chromaBlur: Float = 0.6
  /// Noise of brightness and of colour (display units).
  var noise: Float = 0.008
  var chromaNoise: Float = 0.004
  var vignette: Float = 0.12
  var bloom: Float = 0.15
  /// Rain drops on the glass and streaks in the air.
  var drops = 0
  var streaks = 0
}
