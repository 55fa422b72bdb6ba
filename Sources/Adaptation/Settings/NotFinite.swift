// SPDX-License-Identifier: Apache-2.0

/// What a run does at a step whose loss or gradient is no number. Such a step is never taken.
public enum NotFinite: String, SettingChoice {
  /// It ends, with the state before the step saved.
  case stop
  /// It leaves the step out and goes on with the next batch, until too many in a row were left out.
  case skip
}
