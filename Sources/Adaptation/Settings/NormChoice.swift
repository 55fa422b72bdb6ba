// SPDX-License-Identifier: Apache-2.0

/// Which statistics normalisation layers use.
public enum NormChoice: String, SettingChoice {
  /// Each batch's own.
  case batch
  /// The stored ones.
  case stored
}
