// SPDX-License-Identifier: Apache-2.0

import Torch

/// What moves the parameters.
public enum OptimizerChoice: String, SettingChoice {
  /// See `AdamW`.
  case adamw
  /// The same, with each parameter's rate in units of the parameter: see `AdamW.Settings.isRelative`.
  case adamwRelative = "adamw_rms"
  /// See `SGD`.
  case sgd

  /// An optimiser of these groups.
  ///
  /// - `momentum`, `nesterov`: of `sgd`.
  func make(
    _ groups: [ParameterGroup], momentum: Double, nesterov: Bool, weightDecay: Double
  ) -> any Optimizer {
    switch self {
    case .adamw, .adamwRelative:
      AdamW(groups, AdamW.Settings(weightDecay: weightDecay, isRelative: self == .adamwRelative))
    case .sgd: SGD(groups, SGD.Settings(momentum: momentum, weightDecay: weightDecay, nesterov: nesterov))
    }
  }
}
