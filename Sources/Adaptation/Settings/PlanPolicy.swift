// SPDX-License-Identifier: Apache-2.0

/// What a run does before its first step about memory, disk and time.
public enum PlanPolicy: String, SettingChoice {
  /// Tells what it will need, and does not begin where that is more than is free.
  case refuse
  /// Tells it, and begins all the same.
  case warn
  /// Measures nothing.
  case off
}
