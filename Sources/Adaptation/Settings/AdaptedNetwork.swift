// SPDX-License-Identifier: Apache-2.0

/// Which network of a method is the adapted one.
public enum AdaptedNetwork: String, SettingChoice {
  /// The one that learns.
  case student
  /// The average of the student over the last steps.
  case teacher

  /// Where checkpoints hold it.
  var prefix: String { "\(rawValue)." }
}
