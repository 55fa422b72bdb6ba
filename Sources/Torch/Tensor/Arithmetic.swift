// SPDX-License-Identifier: Apache-2.0

internal import TorchABI

extension Tensor {
  /// The sum, element by element; shapes are broadcast as PyTorch does.
  public static func + (x: Tensor, y: Tensor) -> Tensor { x.binary("add", y) { ct_add($0, $1, $2) } }
  /// The difference, element by element; shapes are broadcast as PyTorch does.
  public static func - (x: Tensor, y: Tensor) -> Tensor { x.binary("sub", y) { ct_sub($0, $1, $2) } }
  /// The product, element by element; shapes are broadcast as PyTorch does.
  public static func * (x: Tensor, y: Tensor) -> Tensor { x.binary("mul", y) { ct_mul($0, $1, $2) } }
  /// The quotient, element by element; shapes are broadcast as PyTorch does.
  public static func / (x: Tensor, y: Tensor) -> Tensor { x.binary("div", y) { ct_div($0, $1, $2) } }

  /// Each element and a number, added.
  public static func + (x: Tensor, y: Double) -> Tensor { x.unary("add") { ct_add_scalar($0, $1, y) } }
  /// Each element times a number.
  public static func * (x: Tensor, y: Double) -> Tensor { x.unary("mul") { ct_mul_scalar($0, $1, y) } }
  /// Each element less a number.
  public static func - (x: Tensor, y: Double) -> Tensor { x + -y }
  /// Each element over a number, as a product with its inverse.
  public static func / (x: Tensor, y: Double) -> Tensor { x * (1 / y) }
  /// Each element and a number, added.
  public static func + (x: Double, y: Tensor) -> Tensor { y + x }
  /// Each element times a number.
  public static func * (x: Double, y: Tensor) -> Tensor { y * x }
  /// A number less each element.
  public static func - (x: Double, y: Tensor) -> Tensor { -y + x }
  /// Each element with the other sign.
  public static prefix func - (x: Tensor) -> Tensor { x * -1 }

  /// e to the power of each element.
  public func exp() -> Tensor { unary("exp") { ct_exp($0, $1) } }
  /// The natural logarithm of each element.
  public func log() -> Tensor { unary("log") { ct_log($0, $1) } }
  /// The square root of each element.
  public func squareRoot() -> Tensor { unary("sqrt") { ct_sqrt($0, $1) } }
  /// Values below `low` become `low`.
  public func clamped(from low: Double) -> Tensor { unary("clampMin") { ct_clamp_min($0, $1, low) } }
  /// Values above `high` become `high`.
  public func clamped(to high: Double) -> Tensor { -(-self).clamped(from: -high) }

  /// Elementwise comparison, to a tensor of booleans.
  public func equals(_ other: Tensor) -> Tensor { binary("eq", other) { ct_eq($0, $1, $2) } }
  /// Where elements are a number, as booleans.
  public func equals(_ value: Double) -> Tensor { unary("eq") { ct_eq_scalar($0, $1, value) } }
  /// Where elements are below a number, as booleans.
  public func isLess(than value: Double) -> Tensor { unary("lt") { ct_lt_scalar($0, $1, value) } }
  /// The other truth value of each element.
  public func not() -> Tensor { unary("not") { ct_logical_not($0, $1) } }
  /// Where both are true.
  public func and(_ other: Tensor) -> Tensor { binary("and", other) { ct_logical_and($0, $1, $2) } }

  /// `value` where `mask` (booleans) is true, else the element.
  public func replaced(where mask: Tensor, with value: Double) -> Tensor {
    binary("maskedFill", mask) { ct_masked_fill($0, $1, $2, value) }
  }

  /// True where no element is infinite or not a number.
  public var isFinite: Bool {
    var finite = false
    must("isFinite", self) { handle.lend { ct_is_finite(&finite, $0) } }
    return finite
  }
}
