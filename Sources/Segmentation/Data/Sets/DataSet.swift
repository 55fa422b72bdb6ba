// SPDX-License-Identifier: Apache-2.0

import Files

/// A data set as it is shipped: the parts it is split into, where their files are, and what its labels hold.
///
/// Nothing is converted: images and labels are read from the files that its authors give out.
public struct DataSet: Equatable, Sendable {
  /// Files of one kind, below the root of a data set.
  public struct FileGroup: Equatable, Sendable {
    /// The folder that the files' names start from: "leftImg8bit/val"; in one's own set, a list file too.
    public let base: String
    /// The folders below it that are read; "" is the base itself.
    public let folders: [String]
    /// How the names end before the extension; other files stay out.
    public let suffix: String

    /// Files below a base folder, in these folders and with names that end in the suffix.
    public init(_ base: String, folders: [String] = [""], suffix: String = "") {
      self.base = base
      self.folders = folders
      self.suffix = suffix
    }
  }

  /// A part of a data set: "train", "val".
  public struct Split: Equatable, Sendable {
    /// The name that `--split` takes.
    public let name: String
    /// Where the images are.
    public let images: FileGroup
    /// Where the labels may be, the first that is there counts; empty where none are given out.
    public let labels: [FileGroup]
    /// How many images there are, where that is known.
    public let count: Int?

    /// A part whose labels are given out where they are named.
    public init(_ name: String, _ images: FileGroup, labels: [FileGroup] = [], count: Int? = nil) {
      self.name = name
      self.images = images
      self.labels = labels
      self.count = count
    }
  }

  /// The name that `--dataset` takes.
  public let name: String
  /// The classes of its label files; nil in a set of one's own that has none.
  public let labelSpace: LabelSpace?
  /// The parts in the order in which they are told.
  public let splits: [Split]
  /// The split that is meant where none is named: "val" where there is one, else the first.
  public let defaultSplit: String
  /// The folder of a set of one's own; nil for the built-in ones, which every user keeps elsewhere.
  public let root: String?

  init(_ name: String, _ labelSpace: LabelSpace?, root: String? = nil, splits: [Split]) {
    self.name = name
    self.labelSpace = labelSpace
    self.splits = splits
    self.root = root
    defaultSplit = (splits.first { $0.name == "val" } ?? splits.first)?.name ?? ""
  }

  /// The split of a name, or the default one.
  ///
  /// - Throws: a `Problem` that lists the splits and says which is nearest.
  public func split(named name: String?) throws -> Split {
    let wanted = name ?? defaultSplit
    if let split = splits.first(where: { $0.name == wanted }) { return split }
    throw unknownName(wanted, of: "split of \(self.name)", known: splits.map(\.name))
  }

  /// The built-in data set of a name.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest.
  public static func named(_ name: String) throws -> DataSet {
    if let set = known.first(where: { $0.name == name }) { return set }
    let found = unknownName(name, of: "data set", known: known.map(\.name))
    throw Problem(
      found.what, at: found.place, because: found.why,
      remedy: found.remedy + ", or give the .yaml file of a set of your own")
  }
}
