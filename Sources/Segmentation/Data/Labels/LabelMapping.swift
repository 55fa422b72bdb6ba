// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// Which class of one label space stands for each class of another: what a network predicts, told in the
/// classes that the labels know.
public struct LabelMapping: Equatable, Sendable {
  /// The classes that are mapped.
  public let source: LabelSpace
  /// The classes that they are told in.
  public let target: LabelSpace
  /// The target's class index for each of the 256 values of a predicted map; 255 where there is none.
  public let table: [UInt8]

  /// The known mapping between two label spaces: the target's own (`LabelSpace.classMapping`) where it is
  /// made for the source; else by name, where the classes of one are all in the other; else Cityscapes'
  /// classes in CamVid's.
  ///
  /// A source class that the target does not have stands for none.
  ///
  /// - Throws: a `Problem` where none is known.
  public init(from source: LabelSpace, to target: LabelSpace) throws {
    let (names, wanted) = (Set(source.classes.map(\.name)), Set(target.classes.map(\.name)))
    if let own = target.classMapping, try names != wanted && Self.isMade(own, for: source) {
      try self.init(from: source, to: target, classes: own.classes.filter { names.contains($0.key) })
    } else if names.isSubset(of: wanted) || wanted.isSubset(of: names) {
      let pairs = names.intersection(wanted).map { ($0, $0) }
      self.init(from: source, to: target, pairs: Dictionary(uniqueKeysWithValues: pairs))
    } else if names.isSubset(of: Self.camvid.keys), target.classes == LabelSpace.camvid11.classes {
      self.init(from: source, to: target, pairs: Self.camvid)
    } else {
      throw Problem(
        "no mapping between these label spaces is known", at: "\(source.name) to \(target.name)",
        because: "the network predicts \(source.count) classes of \(source.name), "
          + "the labels hold \(target.count) classes of \(target.name)",
        remedy: "name spaces of the same classes, or write down which class stands for which")
    }
  }

  /// Whether a mapping speaks of the classes of this space, under whatever name of theirs.
  private static func isMade(_ mapping: LabelSpace.ClassMapping, for space: LabelSpace) throws -> Bool {
    if mapping.source == space.name { return true }
    return try Set(space.classes.map(\.name)).isSubset(
      of: LabelSpace.named(mapping.source).classes.map(\.name))
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

  /// The classes of Cityscapes in CamVid's form of 11.
  private static let camvid: [String: String] = [
    "road": "road", "sidewalk": "pavement", "building": "building", "wall": "building", "fence": "fence",
    "pole": "pole", "traffic light": "sign", "traffic sign": "sign", "vegetation": "tree",
    "terrain": "tree", "sky": "sky", "person": "pedestrian", "rider": "bicyclist",
    "motorcycle": "bicyclist", "bicycle": "bicyclist", "car": "car", "truck": "car", "bus": "car",
    "train": "car",
  ]
}
