// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// A class of a label space: its name and the colour it is drawn in.
public struct LabelClass: Equatable, Hashable, Sendable {
  /// The name, which no other class of the space has.
  public let name: String
  /// Red of the display colour.
  public let red: UInt8
  /// Green of the display colour.
  public let green: UInt8
  /// Blue of the display colour.
  public let blue: UInt8

  /// A class with its display colour.
  public init(_ name: String, _ red: UInt8, _ green: UInt8, _ blue: UInt8) {
    self.name = name
    self.red = red
    self.green = green
    self.blue = blue
  }
}

/// The classes of a data set and the ids that its label files hold for them.
///
/// A class index is a place in `classes`. A file id is the number stored in a label file: it stands for a
/// class, or is ignored, or is unknown, which ends the reading of that file.
public struct LabelSpace: Equatable, Sendable {
  /// The name that options and results use.
  public let name: String
  /// The classes in the order of their indices; 1 to 255 of them, for 255 marks ignored pixels.
  public let classes: [LabelClass]
  /// The class index of each file id.
  public let indices: [Int: Int]
  /// The file ids that are read as `LabelMap.ignored`.
  public let ignoredIDs: Set<Int>
  /// How the names of this space's label files end before the extension, where a data set keeps several
  /// label files of one image side by side: "_labelIds".
  public let fileSuffix: String?
  /// The channel that holds the id in label files of several channels: 0 for red. Without it such files are
  /// taken for colours and refused.
  public let channel: Int?
  /// What the classes of another space are called here, where names alone do not tell.
  public let classMapping: ClassMapping?

  /// The classes here that stand for the classes of another label space.
  public struct ClassMapping: Equatable, Sendable {
    /// The name of the other label space: "cityscapes19".
    public let source: String
    /// The class here for each class there; one that is not listed stands for none.
    public let classes: [String: String]

    /// A mapping from the classes of a known label space.
    public init(from source: String, classes: [String: String]) {
      self.source = source
      self.classes = classes
    }
  }

  /// How many classes there are.
  public var count: Int { classes.count }

  /// A label space of one's own.
  ///
  /// - `indices`: file id to class index; without it the ids are the class indices themselves.
  /// - `ignoredIDs`: file ids of pixels without a class.
  /// - Throws: a `Problem` for no class or more than 255, a name used twice or empty, an id outside
  ///   0...65535, an index without a class, an id that is both a class and ignored, and a mapping that names
  ///   a class or a label space that there is not.
  public init(
    name: String, classes: [LabelClass], indices: [Int: Int]? = nil, ignoredIDs: Set<Int> = [255],
    fileSuffix: String? = nil, channel: Int? = nil, classMapping: ClassMapping? = nil
  ) throws {
    self.init(
      unchecked: name, classes: classes, indices: indices, ignoredIDs: ignoredIDs, fileSuffix: fileSuffix,
      channel: channel, classMapping: classMapping)
    if let (why, remedy) = flaw() {
      throw Problem("cannot use the label space", at: name, because: why, remedy: remedy)
    }
    if let mapping = classMapping {
      _ = try LabelMapping(from: .named(mapping.source), to: self, classes: mapping.classes)
    }
  }

  init(
    unchecked name: String, classes: [LabelClass], indices: [Int: Int]? = nil, ignoredIDs: Set<Int> = [255],
    fileSuffix: String? = nil, channel: Int? = nil, classMapping: ClassMapping? = nil
  ) {
    self.name = name
    self.classes = classes
    self.indices = indices ?? Dictionary(uniqueKeysWithValues: classes.indices.map { ($0, $0) })
    self.ignoredIDs = ignoredIDs
    self.fileSuffix = fileSuffix
    self.channel = channel
    self.classMapping = classMapping
  }

  private func flaw() -> (why: String, remedy: String)? {
    guard (1...255).contains(classes.count) else {
      return ("it has \(classes.count) classes, expected 1 to 255", "list its classes")
    }
    var names: Set<String> = []
    for item in classes where item.name.isEmpty || !names.insert(item.name).inserted {
      return (
        item.name.isEmpty ? "a class has no name" : "two classes are named \(item.name)",
        "give each class a name of its own"
      )
    }
    for (id, index) in indices.sorted(by: { $0.key < $1.key }) where !classes.indices.contains(index) {
      return ("file id \(id) has class index \(index), expected 0 to \(count - 1)", "mend the table of ids")
    }
    for id in Set(indices.keys).union(ignoredIDs).sorted() where !(0...65535).contains(id) {
      return ("file id \(id) is outside 0 to 65535", "mend the table of ids")
    }
    if let id = ignoredIDs.intersection(indices.keys).min() {
      return ("file id \(id) is both a class and ignored", "keep one of the two")
    }
    if let channel, !(0...2).contains(channel) {
      return ("its ids are in channel \(channel), expected 0 (red) to 2 (blue)", "correct the channel")
    }
    return nil
  }

  /// The display colours, for label maps written as PNG files; black where there is no class.
  public var palette: Palette {
    var bytes = [UInt8](repeating: 0, count: 768)
    for (index, item) in classes.enumerated() {
      bytes.replaceSubrange(3 * index..<3 * index + 3, with: [item.red, item.green, item.blue])
    }
    return Palette(bytes: bytes)
  }
}
