// SPDX-License-Identifier: Apache-2.0

import Files

/// Classes over which a mean IoU is taken, by name, with the convention by which the others are left out.
///
/// The field averages over 16 classes in two ways that give other numbers: over 16 rows of the whole matrix,
/// or with the labels of the other classes ignored. So each has a name of its own.
public struct ClassSet: Equatable, Sendable {
  /// The name that `--class-set` takes.
  public let name: String
  /// The convention in words.
  public let convention: String
  /// The classes whose labelled pixels count; those of other classes are as if they had no label, and what
  /// is predicted as another class there is a miss.
  public let labelled: [String]
  /// The classes whose IoUs are averaged, some or all of `labelled`.
  public let averaged: [String]

  /// A set of classes by name.
  public init(name: String, convention: String, labelled: [String], averaged: [String]) {
    self.name = name
    self.convention = convention
    self.labelled = labelled
    self.averaged = averaged
  }

  /// Refuses labels of which this set cannot be scored.
  ///
  /// - `classes`: the names of the labels' classes.
  /// - Throws: a `Problem` where they lack one whose labelled pixels count here.
  public func check(_ classes: [String]) throws {
    let lacking = labelled.filter { !classes.contains($0) }
    guard lacking.isEmpty else {
      throw Problem(
        "cannot score the class set", at: name,
        because: "it counts the labels of \(labelled.count) classes, and the labels scored hold none of "
          + lacking.joined(separator: ", "),
        remedy: "ask for another of \(Self.known.map(\.name).joined(separator: ", ")), "
          + "or score labels that hold them")
    }
  }

  /// The scores of these classes.
  ///
  /// - `classes`: the names of the matrix's classes.
  /// - Throws: a `Problem` as `check` does.
  public func score(_ matrix: ConfusionMatrix, of classes: [String]) throws -> ClassSetScore {
    try check(classes)
    let kept = matrix.keepingLabels(of: Set(classes.indices.filter { labelled.contains(classes[$0]) }))
    let scores = averaged.compactMap { name in
      classes.firstIndex(of: name).map {
        ClassScore(name: name, iou: kept.iou($0), pixels: kept.pixels(of: $0))
      }
    }
    return ClassSetScore(name: name, convention: convention, classes: scores)
  }
}

/// The mean IoU over a class set, and what it is the mean of.
public struct ClassSetScore: Equatable, Codable, Sendable {
  /// The class set's name.
  public let name: String
  /// The convention in words.
  public let convention: String
  /// The mean over the averaged classes that have an IoU, 0 ... 1; nil where none has.
  @Measured public internal(set) var mIoU: Double?
  /// The averaged classes with their scores.
  public let classes: [ClassScore]

  init(name: String, convention: String, classes: [ClassScore]) {
    self.name = name
    self.convention = convention
    self.classes = classes
    let known = classes.compactMap(\.iou)
    mIoU = known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
  }
}

extension ClassSet {
  /// The class sets that have a name on the command line.
  public static let known = [cityscapes19, synthia16, synthia16Compact, synthia13, nthu13]

  /// The known class set of a name.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest.
  public static func named(_ name: String) throws -> ClassSet {
    if let set = known.first(where: { $0.name == name }) { return set }
    throw unknownName(name, of: "class set", known: known.map(\.name))
  }

  private static let all = LabelSpace.cityscapes19.classes.map(\.name)
  private static let sixteen = all.filter { !["terrain", "truck", "train"].contains($0) }
  private static let thirteen = sixteen.filter { !["wall", "fence", "pole"].contains($0) }

  private static let cityscapes19 = ClassSet(
    name: "cityscapes19", convention: "all 19 classes of Cityscapes", labelled: all, averaged: all)

  /// Source: lhoyer/DAFormer and lhoyer/HRDA, README: the mean over 19 rows times 19/16, which is this where
  /// the other three classes score 0.
  private static let synthia16 = ClassSet(
    name: "synthia16",
    convention: "the 19 classes' matrix, averaged over the 16 of SYNTHIA; labels of terrain, truck and train "
      + "count as false positives of what is predicted there",
    labelled: all, averaged: sixteen)

  /// Source: valeoai/DADA, info16class.json; DZhaoXd/DT-ST; ZJULearning/MaxSquareLoss.
  private static let synthia16Compact = ClassSet(
    name: "synthia16-compact",
    convention: "labels of terrain, truck and train ignored; pixels of the 16 classes of SYNTHIA that are "
      + "predicted as these count as misses",
    labelled: sixteen, averaged: sixteen)

  private static let synthia13 = ClassSet(
    name: "synthia13",
    convention: "13 of the 16 classes of synthia16-compact, without wall, fence and pole, whose labels still "
      + "count as false positives of what is predicted there",
    labelled: sixteen, averaged: thirteen)

  /// Source: Chen et al. 2017, whose cities are labelled in these 13 classes.
  private static let nthu13 = ClassSet(
    name: "nthu13",
    convention: "labels of all but the 13 classes of the NTHU cities ignored; pixels of the 13 that are "
      + "predicted as others count as misses",
    labelled: thirteen, averaged: thirteen)
}
