// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

/// How a window moves over an image, in pixels, the same along both axes.
public struct Window: Equatable, Sendable {
  /// Pixels from one place of the window to the next.
  public var stride: Int
  /// Zeros around the image, in pixels.
  public var padding: Int
  /// Pixels from one tap of the window to the next.
  public var dilation: Int

  /// A window that moves pixel by pixel, without padding or gaps, unless said otherwise.
  public init(stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
  }

  var raw: ct_window { ct_window(stride: Int64(stride), padding: Int64(padding), dilation: Int64(dilation)) }
}

/// A size as a share of another: `max(least, ceil(numerator * side / denominator))`, each side by itself.
public struct ScaledSize: Equatable, Sendable {
  /// How often the side is taken.
  public var numerator: Int
  /// What that is divided by.
  public var denominator: Int
  /// No side is shorter, in pixels.
  public var least: Int

  /// A share of a size; at least one pixel unless said otherwise.
  public init(_ numerator: Int, over denominator: Int = 1, least: Int = 1) {
    (self.numerator, self.denominator, self.least) = (numerator, denominator, least)
  }

  var raw: ct_scale {
    ct_scale(numerator: Int64(numerator), denominator: Int64(denominator), least: Int64(least))
  }
}

extension Tensor {
  /// Shapes: [N, in, H, W], weight [out, in / groups, k, k], bias [out] -> [N, out, H', W'].
  public func conv2d(_ weight: Tensor, bias: Tensor? = nil, _ window: Window, groups: Int = 1) -> Tensor {
    binary("conv2d", weight) { out, x, w in
      bias.lend { ct_conv2d(out, x, w, $0, window.raw, Int64(groups)) }
    }
  }

  /// Shapes: [N, in, H, W], weight [in, out, k, k], bias [out] -> [N, out, H', W'].
  public func convTranspose2d(_ weight: Tensor, bias: Tensor? = nil, _ window: Window) -> Tensor {
    binary("convTranspose2d", weight) { out, x, w in
      bias.lend { ct_conv_transpose2d(out, x, w, $0, window.raw) }
    }
  }

  /// Each element, 0 where it is negative.
  public func relu() -> Tensor { unary("relu") { ct_relu($0, $1) } }

  /// 1 / (1 + e to the negative of each element).
  public func sigmoid() -> Tensor { unary("sigmoid") { ct_sigmoid($0, $1) } }

  /// Shapes: [N, C, H, W], one slope a channel [C].
  public func prelu(_ slopes: Tensor) -> Tensor { binary("prelu", slopes) { ct_prelu($0, $1, $2) } }

  /// The mean of each window; padding counts as zeros.
  public func averagePooled(kernel: Int, _ window: Window) -> Tensor {
    unary("avgPool2d") { ct_avg_pool2d($0, $1, Int64(kernel), window.raw) }
  }

  /// The largest element of each window; `ceil` keeps a last window that hangs over the edge.
  public func maxPooled(kernel: Int, _ window: Window, ceil: Bool = false) -> Tensor {
    unary("maxPool2d") { ct_max_pool2d($0, $1, Int64(kernel), window.raw, ceil) }
  }

  /// Shapes: [N, C, h, w] -> [N, C, height, width]. `alignCorners` puts the corner pixels' centres on each
  /// other.
  public func resizedBilinear(height: Int, width: Int, alignCorners: Bool = true) -> Tensor {
    unary("resizeBilinear") { ct_resize_bilinear($0, $1, Int64(height), Int64(width), alignCorners) }
  }

  /// `resizedBilinear` to the size of another map, [..., H, W]: [N, C, h, w] -> [N, C, H, W].
  public func resizedBilinear(like map: Tensor, alignCorners: Bool = true) -> Tensor {
    binary("resizeBilinear", map) { ct_resize_bilinear_like($0, $1, $2, alignCorners) }
  }

  /// `resizedBilinear` to a share of its own size: [N, C, h, w] -> [N, C, H, W].
  public func resizedBilinear(to size: ScaledSize, alignCorners: Bool = true) -> Tensor {
    unary("resizeBilinear") { ct_resize_bilinear_scaled($0, $1, size.raw, alignCorners) }
  }

  /// The means of windows that part the map evenly: of n pixels along an axis, output i of m has those from
  /// floor(i n / m) up to ceil((i + 1) n / m), exclusive. To the size of another map, [..., H, W]: [N, C, h, w] -> [N, C,
  /// H, W].
  public func adaptiveAveragePooled(like map: Tensor) -> Tensor {
    binary("adaptiveAvgPool2d", map) { ct_adaptive_avg_pool2d_like($0, $1, $2) }
  }

  /// The same to a share of its own size: [N, C, h, w] -> [N, C, H, W].
  public func adaptiveAveragePooled(to size: ScaledSize) -> Tensor {
    unary("adaptiveAvgPool2d") { ct_adaptive_avg_pool2d_scaled($0, $1, size.raw) }
  }

  /// Shapes: [N, C, h, w] -> [N, C, height, width]; output pixel i takes input pixel floor(i h / height).
  public func resizedNearest(height: Int, width: Int) -> Tensor {
    unary("resizeNearest") { ct_resize_nearest($0, $1, Int64(height), Int64(width)) }
  }

  /// `resizedBilinear(height:width:)` and then `resizedNearest` to `grid`, with none of the pixels that nobody takes.
  ///
  /// Shapes: [N, C, h, w] -> [N, C, grid.height, grid.width].
  public func resizedBilinear(
    height: Int, width: Int, sampledAt grid: (height: Int, width: Int)
  ) -> Tensor {
    let own = shape
    if own[2] == height, own[3] == width {
      return resizedNearest(height: grid.height, width: grid.width)
    }
    return sampled(along: 3, from: own[3], at: width, grid.width).sampled(
      along: 2, from: own[2], at: height, grid.height)
  }

  /// Of `pixels` interpolated between `points` along an axis, those that the nearest neighbours of a grid are.
  private func sampled(along axis: Int, from points: Int, at pixels: Int, _ count: Int) -> Tensor {
    // In float, as libtorch computes places.
    let step = Float(pixels) / Float(count)
    let scale = pixels > 1 ? Float(points - 1) / Float(pixels - 1) : 0
    let places = (0..<count).map { scale * Float(min(Int(Float($0) * step), pixels - 1)) }
    let low = places.map { min(Int64($0), Int64(points - 1)) }
    let high = low.map { min($0 + 1, Int64(points - 1)) }
    let shares = zip(places, low).map { $0 - Float($1) }
    var form = [1, 1, 1, 1]
    form[axis] = count
    func neighbours(_ indices: [Int64], _ shares: [Float]) -> Tensor {
      selecting(Tensor(indices, shape: [count]).to(device), along: axis)
        * Tensor(shares, shape: form).to(device)
    }
    return neighbours(low, shares.map { 1 - $0 }) + neighbours(high, shares)
  }

  /// Probabilities along an axis: e to each element over their sum.
  public func softmax(_ axis: Int) -> Tensor { unary("softmax") { ct_softmax($0, $1, Int64(axis)) } }
  /// The logarithm of `softmax`, computed without its rounding.
  public func logSoftmax(_ axis: Int) -> Tensor {
    unary("logSoftmax") { ct_log_softmax($0, $1, Int64(axis)) }
  }

  /// The negative log-likelihood of each pixel's target class, 0 where the target is `ignored`.
  /// Shapes: log-probabilities [N, C, H, W], int64 target [N, H, W], class weights [C] -> [N, H, W].
  public func negativeLogLikelihood(of target: Tensor, classWeights: Tensor? = nil, ignoring ignored: Int)
    -> Tensor
  {
    binary("nllLoss2d", target) { out, x, y in
      classWeights.lend { ct_nll_loss2d(out, x, y, $0, Int64(ignored)) }
    }
  }
}
