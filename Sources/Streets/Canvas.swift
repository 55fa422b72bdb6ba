// SPDX-License-Identifier: Apache-2.0

/// The buffers a scene is drawn into: one entry a sample, rows from the top.
final class Canvas {
  let width: Int
  let height: Int
  /// 1 / distance along the view axis; 0 where nothing is drawn. Larger is nearer.
  let nearness: UnsafeMutablePointer<Float>
  /// Linear light.
  let colour: UnsafeMutablePointer<V3>
  let label: UnsafeMutablePointer<UInt8>
  /// The number of the countable thing drawn here; 0 for all else.
  let instance: UnsafeMutablePointer<UInt16>
  /// Share of the sun that the ground here does not get.
  let shade: UnsafeMutablePointer<Float>
  /// Lamp light that falls on the ground here; below 0, the share of the sky's light that does not.
  let glow: UnsafeMutablePointer<Float>

  /// The label of a sample that nothing has drawn yet.
  static let empty: UInt8 = 255

  init(width: Int, height: Int) {
    self.width = width
    self.height = height
    let count = width * height
    nearness = .allocate(capacity: count)
    colour = .allocate(capacity: count)
    label = .allocate(capacity: count)
    instance = .allocate(capacity: count)
    shade = .allocate(capacity: count)
    glow = .allocate(capacity: count)
    nearness.initialize(repeating: 0, count: count)
    colour.initialize(repeating: .zero, count: count)
    label.initialize(repeating: Canvas.empty, count: count)
    instance.initialize(repeating: 0, count: count)
    shade.initialize(repeating: 0, count: count)
    glow.initialize(repeating: 0, count: count)
  }

  deinit {
    nearness.deallocate()
    colour.deallocate()
    label.deallocate()
    instance.deallocate()
    shade.deallocate()
    glow.deallocate()
  }
}
