// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging

/// Where a command's images and labels come from: a data set by its name or file, or folders.
public struct DataSource: Equatable, Sendable {
  /// A built-in data set's name, or the .yaml file of one's own.
  public var dataset: String?
  /// The root folder of the data set; a set of one's own knows its own.
  public var data: String?
  /// The data set's part; without it the preferred one, or else the set's default.
  public var split: String?
  /// The part to take where none is named and the data set has it: "train" for what trains.
  public var preferredSplit: String?
  /// A folder, list or image; goes before `dataset`, which then tells nothing.
  public var images: String?
  /// The folder of label files; goes before the data set's own.
  public var labels: String?
  /// The name of the label files' label space; goes before the data set's own.
  public var labelSpace: String?
  /// Whether to go on where images or labels are missing.
  public var allowMissing: Bool
  /// What a user types to go on where some are missing, for problems.
  public var missingOption = "--allow-missing"
  /// What becomes of the orientation that the EXIF of images and labels tells.
  public var exifOrientation: ExifOrientation

  /// A source of what is named; an empty one by default.
  public init(
    dataset: String? = nil, data: String? = nil, split: String? = nil, preferredSplit: String? = nil,
    images: String? = nil, labels: String? = nil, labelSpace: String? = nil, allowMissing: Bool = false,
    exifOrientation: ExifOrientation = .apply
  ) {
    self.dataset = dataset
    self.data = data
    self.split = split
    self.preferredSplit = preferredSplit
    self.images = images
    self.labels = labels
    self.labelSpace = labelSpace
    self.allowMissing = allowMissing
    self.exifOrientation = exifOrientation
  }

  /// Whether neither images nor a data set are named.
  public var isEmpty: Bool { images == nil && dataset == nil }

  /// The images, without a look at any label.
  ///
  /// - Throws: a `Problem` where no images are named or found, and for fewer images than the data set has,
  ///   unless they may be missing.
  public func imageList() throws -> ImageList {
    if let images { return try ImageList(at: images).reading(exifOrientation) }
    return try images(of: choice()).list
  }

  /// The images with their labels.
  ///
  /// - Parameter defaultSpace: the label space of files for which neither this nor the data set names one.
  /// - Throws: as `imageList()`, and a `Problem` for labels that are not given out, not named or not found,
  ///   and for images without a label file, unless they may be missing.
  public func labelled(defaultSpace: LabelSpace? = nil) throws -> LabelledSource {
    if let images { return try folders(images, defaultSpace) }
    let choice = try choice()
    let space = try labelSpace.map(LabelSpace.named) ?? choice.set.labelSpace ?? defaultSpace
    guard let space else { throw unknownSpace(at: choice.name) }
    let found = try images(of: choice)
    // Where all the images are there, a label beyond them is an extra file and not a missing image.
    let allowing: LabelledImages.Unpaired =
      allowMissing ? [.images, .labels] : choice.split.count == nil ? [] : .labels
    let pairs =
      if let labels {
        try LabelledImages(
          images: found.list, labelFolder: labels, space: space, allowing: allowing,
          by: missingOption)
      } else {
        try choice.set.labelled(
          found.list, of: choice.split, in: choice.root, space: space, allowing: allowing,
          by: missingOption)
      }
    return LabelledSource(
      images: pairs, missing: found.missing + pairs.imagesLeftOut.count, name: choice.name)
  }

  private func folders(_ images: String, _ defaultSpace: LabelSpace?) throws -> LabelledSource {
    guard let labels else {
      throw Problem(
        "no labels are named", at: images, because: "--images gives images only",
        remedy: "give their folder with --labels, or a data set with --dataset and --data")
    }
    guard let space = try labelSpace.map(LabelSpace.named) ?? defaultSpace else {
      throw unknownSpace(at: labels)
    }
    let pairs = try LabelledImages(
      images: ImageList(at: images).reading(exifOrientation), labelFolder: labels, space: space,
      allowing: allowMissing ? [.images, .labels] : [], by: missingOption)
    return LabelledSource(images: pairs, missing: pairs.imagesLeftOut.count, name: images)
  }

  private struct Choice {
    let set: DataSet
    let split: DataSet.Split
    let root: String
    var name: String { "\(set.name) \(split.name)" }
  }

  private func choice() throws -> Choice {
    guard let dataset else {
      throw Problem(
        "no images are named", at: data.map { "--data \($0)" } ?? split.map { "--split \($0)" } ?? "options",
        because: "neither --dataset nor --images is given",
        remedy: "give --dataset NAME --data FOLDER, --dataset FILE.yaml, or --images FOLDER")
    }
    let isFile = ["yaml", "yml"].contains((dataset as NSString).pathExtension.lowercased())
    let set = try isFile ? DataSet(file: dataset) : .named(dataset)
    let preferred = set.splits.first { $0.name == preferredSplit }?.name
    let split = try set.split(named: split ?? preferred)
    guard let root = data ?? set.root else {
      throw Problem(
        "the data set's folder is not named", at: "--dataset \(dataset)",
        because: "a built-in data set does not know where its files are",
        remedy: "give its root folder with --data")
    }
    return Choice(set: set, split: split, root: root)
  }

  private func images(of choice: Choice) throws -> (list: ImageList, missing: Int) {
    let list = try choice.set.images(of: choice.split, in: choice.root).reading(exifOrientation)
    let count = choice.split.count ?? list.count
    let missing = max(0, count - list.count)
    guard missing == 0 || allowMissing else {
      throw Problem(
        "images are missing", at: list.source,
        because: "\(missing) of the \(count) images of \(choice.name) are not there",
        remedy: "complete the data set, or go on without them with \(missingOption)")
    }
    return (list, missing)
  }

  private func unknownSpace(at place: String) -> Problem {
    Problem(
      "the labels have no label space", at: place, because: "nothing tells what their ids stand for",
      remedy: "name it with --label-space")
  }
}

/// Images with labels as a `DataSource` found them.
public struct LabelledSource: Equatable, Sendable {
  /// The pairs that were found.
  public let images: LabelledImages
  /// The images that are known to be missing, with those left out for want of a label file.
  public let missing: Int
  /// The data set and split, "cityscapes val", or the images' folder.
  public let name: String
}
