// SPDX-License-Identifier: Apache-2.0

import Files

extension SeededGenerator {
  /// Uniform in a range.
  mutating func draw(_ range: ClosedRange<Float>) -> Float {
    Float(uniform(Double(range.lowerBound), Double(range.upperBound)))
  }

  /// One of a few values, which must not be empty.
  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }

  /// A colour near another one.
  mutating func vary(_ colour: V3, by share: Float) -> V3 {
    let bright = draw(1 - share...1 + share)
    let third = share / 3
    return colour * bright
      * V3(draw(1 - third...1 + third), draw(1 - third...1 + third), draw(1 - third...1 + third))
  }

  /// 32 bits for a texture.
  mutating func textureSeed() -> UInt32 { UInt32(truncatingIfNeeded: next() >> 16) }
}
