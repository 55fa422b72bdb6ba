// SPDX-License-Identifier: Apache-2.0

/// A 2-D convolution. Shapes: [N, in, H, W] -> [N, out, H', W'].
public struct Convolution {
  let weight: Tensor
  let bias: Tensor?
  let window: Window
  let groups: Int
  var hasBias: Bool { bias != nil }

  /// Declares `weight` [out, in / groups, k, k] and, on request, `bias` [out], started as PyTorch's `Conv2d` starts
  /// them; `start` is another start of `weight`. Channels of a group see those of their group alone.
  public init(
    _ scope: Scope, _ input: Int, _ output: Int, kernel: Int, _ window: Window = Window(), bias: Bool = false,
    start: Scope.Start? = nil, groups: Int = 1
  ) {
    let bound = 1 / Double(input / groups * kernel * kernel).squareRoot()
    weight = scope.parameter("weight", [output, input / groups, kernel, kernel], start ?? .uniform(bound))
    self.bias = bias ? scope.parameter("bias", [output], .uniform(bound)) : nil
    self.window = window
    self.groups = groups
  }

  /// The convolution of a batch: [N, in, H, W] -> [N, out, h, w].
  public func callAsFunction(_ x: Tensor) -> Tensor { x.conv2d(weight, bias: bias, window, groups: groups) }
}

/// A transposed 2-D convolution without bias. Shapes: [N, in, H, W] -> [N, out, H', W'].
public struct TransposedConvolution {
  private let weight: Tensor
  private let window: Window

  /// Declares `weight` [in, out, k, k], started as PyTorch's `ConvTranspose2d` starts it.
  public init(_ scope: Scope, _ input: Int, _ output: Int, kernel: Int, _ window: Window) {
    let bound = 1 / Double(output * kernel * kernel).squareRoot()
    weight = scope.parameter("weight", [input, output, kernel, kernel], .uniform(bound))
    self.window = window
  }

  /// The transposed convolution of a batch: [N, in, H, W] -> [N, out, h, w].
  public func callAsFunction(_ x: Tensor) -> Tensor { x.convTranspose2d(weight, window) }
}
