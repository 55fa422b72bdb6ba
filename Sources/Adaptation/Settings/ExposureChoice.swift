// SPDX-License-Identifier: Apache-2.0

/// How bright the images are that source and teacher see.
public enum ExposureChoice: String, SettingChoice {
  /// As they are.
  case own
  /// Each brought to the brightness and contrast of the source's images, as the weights' normalisation tells.
  case source
}
