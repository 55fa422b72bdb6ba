// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// What follows a normalisation, element by element.
public struct Activation {
  let raw: ct_activation
  /// A slope a channel for negative values, [channels].
  let slope: Tensor?

  /// Values stay as they are.
  public static var none: Activation { Activation(raw: CT_NO_ACTIVATION, slope: nil) }

  /// Negative values become 0.
  public static var relu: Activation { Activation(raw: CT_RELU, slope: nil) }

  /// Negative values are multiplied by a learned slope a channel: declares `weight` [channels], started at 0.25.
  ///
  /// Source: He et al. 2015, "Delving deep into rectifiers", eq. 1.
  public static func prelu(_ scope: Scope, _ channels: Int) -> Activation {
    Activation(raw: CT_PRELU, slope: scope.parameter("weight", [channels], .constant(0.25)))
  }
}
