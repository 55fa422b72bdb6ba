// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// Which class of one label space stands for each class of another: what a network predicts, told in the
/// classes that the labels know.
public struct LabelMapping: Equatable, Sendable {
  public let source: LabelSpace
  public let target: LabelSpace
  /// The target's class index for each of the 256 values of a predicted map; 255 where there is none.
  public let table: [UInt8]

  /// The known mapping between two label spaces; the identity where their classes are the same.
  ///
  /// - Throws: a `Problem` where none is known.
  public init(from source: LabelSpace, to target: LabelSpace) throws {
    if source.classes.map(\.name) == target.classes.map(\.name) {
      let names = source.classes.map { ($0.name, $0.name) }
      self.init(from: source, to: target, pairs: Dictionary(uniqueKeysWithValues: names))
    } else if let pairs = Self.known["\(source.name) -> \(target.name)"] {
      try self.init(from: source, to: target, classes: pairs)
    } else {
      throw Problem(
        "no mapping between these label spaces is known", at: "\(source.name) to \(target.name)",
        because: "the network predicts \(source.count) classes of \(source.name), "
          + "the labels hold \(target.count) classes of \(target.name)",
        remedy: "name spaces of the same classes, or write down which class stands for which")
    }
  }

  /// A mapping of one's own: the target class of each source class, by name. A source class that is not
  /// listed stands for none.
  ///
  /// - Throws: a `Problem` for a name that its label space does not have.
  public init(from source: LabelSpace, to target: LabelSpace, classes: [String: String]) throws {
    for (from, to) in classes.sorted(by: { $0.key < $1.key }) {
      for (name, space) in [(from, source), (to, target)]
      where !space.classes.contains(where: { $0.name == name }) {
        let names = space.classes.map(\.name)
        throw unknownName(name, of: "class of \(space.name)", known: names)
      }
    }
    self.init(from: source, to: target, pairs: classes)
  }

  private init(from source: LabelSpace, to target: LabelSpace, pairs: [String: String]) {
    self.source = source
    self.target = target
    var table = [UInt8](repeating: LabelMap.ignored, count: 256)
    for (index, item) in source.classes.enumerated() {
      guard let name = pairs[item.name] else { continue }
      guard let place = target.classes.firstIndex(where: { $0.name == name }) else { continue }
      table[index] = UInt8(place)
    }
    self.table = table
  }

  /// A predicted map in the target's classes.
  public func callAsFunction(_ map: LabelMap) -> LabelMap {
    let pixels = [UInt8](unsafeUninitializedCapacity: map.pixels.count) { output, count in
      table.withUnsafeBufferPointer { table in
        map.pixels.withUnsafeBufferPointer { input in
          for i in 0..<input.count { output[i] = table[Int(input[i])] }
          count = input.count
        }
      }
    }
    return LabelMap(size: map.size, pixels: pixels)
  }

  private static let known: [String: [String: String]] = {
    let camvid = [
      "road": "road", "sidewalk": "pavement", "building": "building", "wall": "building", "fence": "fence",
      "pole": "pole", "traffic light": "sign", "traffic sign": "sign", "vegetation": "tree",
      "terrain": "tree", "sky": "sky", "person": "pedestrian", "rider": "bicyclist",
      "motorcycle": "bicyclist", "bicycle": "bicyclist", "car": "car", "truck": "car", "bus": "car",
      "train": "car",
    ]
    return ["cityscapes19 -> camvid11": camvid, "cityscapesIds -> camvid11": camvid]
  }()
}
