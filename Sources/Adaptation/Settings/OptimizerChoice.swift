// SPDX-License-Identifier: Apache-2.0

/// What moves the parameters.
public enum OptimizerChoice: String, SettingChoice {
  /// See `AdamW`.
  case adamw
  /// See `SGD`.
  case sgd
}
