// SPDX-License-Identifier: Apache-2.0

import Files

extension LabelSpace {
  /// The label space of a network's outputs from their names alone: a known one that has these classes in this order,
  /// or else one of its own, whose classes are called and coloured as in a known space of the same names.
  ///
  /// Letters' case does not count, nor whether words stand apart by spaces, hyphens or underscores.
  /// - `name`: what a space of its own is called.
  /// - Throws: as a label space of one's own.
  init(naming name: String, _ names: [String]) throws {
    let plain = names.map(Self.plain)
    if let known = Self.known.first(where: { $0.classes.map { Self.plain($0.name) } == plain }) {
      self = known
      return
    }
    let same = Self.known.filter { Set($0.classes.map { Self.plain($0.name) }) == Set(plain) }
    let likely = (same + [.cityscapes19]).flatMap(\.classes)
    let classes = names.enumerated().map { index, own in
      likely.first { Self.plain($0.name) == plain[index] } ?? LabelClass(indexed: own, index)
    }
    let isTaken = Self.known.contains { $0.name == name }
    try self.init(name: isTaken ? "\(name)-own" : name, classes: classes)
  }

  /// Whether the classes are called so, in this order.
  func hasNames(_ names: [String]) -> Bool {
    classes.map { Self.plain($0.name) } == names.map(Self.plain)
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().split { " -_".contains($0) }.joined(separator: " ")
  }
}

extension LabelClass {
  /// A class in a colour of its index: the bits of the index, three by three, from the top of red, green and
  /// blue, as the Pascal VOC palette does.
  init(indexed name: String, _ index: Int) {
    var (red, green, blue) = (0, 0, 0)
    for bit in 0..<3 {
      let value = (index + 1) >> (3 * bit)
      red |= (value & 1) << (7 - bit)
      green |= (value >> 1 & 1) << (7 - bit)
      blue |= (value >> 2 & 1) << (7 - bit)
    }
    self.init(name, UInt8(red), UInt8(green), UInt8(blue))
  }
}
