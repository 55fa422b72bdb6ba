// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// Images and the label files that belong to them: to train a source network and to evaluate, never to adapt.
public struct LabelledImages: Equatable, Sendable {
  /// An image with its label file.
  public struct Entry: Equatable, Hashable, Sendable {
    /// The image.
    public let image: ImageList.Entry
    /// The label file.
    public let labelPath: String
  }

  /// An image with its label map, of the same size.
  public struct Sample: Equatable, Sendable {
    /// The name of the image's results.
    public let name: String
    /// The image as it was read.
    public let image: RGBImage
    /// The label in class indices.
    public let label: LabelMap
  }

  /// What may be without a partner.
  public struct Unpaired: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// Images without a label file are left out.
    public static let images = Unpaired(rawValue: 1)
    /// Label files without an image are left out.
    public static let labels = Unpaired(rawValue: 2)
  }

  /// What the label files hold.
  public let space: LabelSpace
  /// The pairs in their order.
  public let entries: [Entry]
  /// The names of the images left out for want of a label file.
  public let imagesLeftOut: [String]
  /// The names of the label files left out for want of an image.
  public let labelsLeftOut: [String]

  /// What was found beside the images and could not be taken.
  public let leftOut: LeftOut

  /// How many pairs there are.
  public var count: Int { entries.count }

  init(
    space: LabelSpace, entries: [Entry], imagesLeftOut: [String], labelsLeftOut: [String],
    leftOut: LeftOut = LeftOut()
  ) {
    self.space = space
    self.entries = entries
    self.imagesLeftOut = imagesLeftOut
    self.labelsLeftOut = labelsLeftOut
    self.leftOut = leftOut
  }

  /// Pairs images with the label files of a folder: PNG, TIFF, BMP or lossless WebP.
  ///
  /// The names decide, in this order: equal; equal without the suffixes that data sets append
  /// ("_leftImg8bit", "_gtFine_labelIds", ...); equal without folders, where that names one of each.
  ///
  /// - `allowing`: what may be without a partner; by default nothing.
  /// - `option`: what a user types to allow it, for problems; nil where there is no way to.
  /// - Throws: a `Problem` for images or labels without a partner, for two that share one, and for no pair.
  public init(
    images: ImageList, labelFolder: String, space: LabelSpace, allowing: Unpaired = [],
    by option: String? = nil
  ) throws {
    let files = try ImageList(folder: labelFolder, endings: ImageList.labelEndings, of: "labels").entries
    try self.init(
      images: images, labels: files, from: labelFolder, space: space, allowing: allowing, by: option)
  }

  /// Pairs images with label files; `folder` names where these are in problems.
  init(
    images: ImageList, labels: [ImageList.Entry], from folder: String, space: LabelSpace, allowing: Unpaired,
    by option: String?
  ) throws {
    let files = labels.filter { !PairingName.isCompanion($0.name) }
    let labels = files.filter { PairingName($0.name).fits(space) }
    let partners = Partners(images: images.entries, labels: labels)
    var entries: [Entry] = []
    var lonely: [String] = []
    var taken: [String: String] = [:]
    for image in images.entries {
      guard let label = partners.label(of: image) else {
        lonely.append(image.name)
        continue
      }
      if let other = taken.updateValue(image.path, forKey: label.path) {
        throw Problem(
          "two images share one label file", at: label.path, because: "it fits \(other) and \(image.path)",
          remedy: "give images and labels the same relative names")
      }
      entries.append(Entry(image: image, labelPath: label.path))
    }
    self.space = space
    self.entries = entries
    imagesLeftOut = lonely
    leftOut = images.leftOut
    labelsLeftOut = labels.filter { taken[$0.path] == nil }.map(\.name)
    try check(images: images, folder: folder, otherKind: files.count - labels.count, allowing, option)
  }

  private func check(
    images: ImageList, folder: String, otherKind: Int, _ allowing: Unpaired, _ option: String?
  ) throws {
    let hint =
      otherKind == 0
      ? ""
      : ", \(otherKind) label files whose names say other ids than \(space.name)'s "
        + "(\(space.fileSuffix ?? "")) are left out"
    if !imagesLeftOut.isEmpty && (entries.isEmpty || !allowing.contains(.images)) {
      throw Problem(
        "images have no label file", at: folder,
        because:
          "\(imagesLeftOut.count) of \(images.count) images have none: \(firstThree(imagesLeftOut))\(hint)"
          + (labelsLeftOut.first.map { "; a label file that belongs to no image is \($0)" } ?? ""),
        remedy:
          "add the label files, give both the same names, or name the label space that these files hold"
          + (entries.isEmpty ? "" : option.map { ", or leave these images out with \($0)" } ?? ""))
    }
    if !labelsLeftOut.isEmpty && !allowing.contains(.labels) {
      throw Problem(
        "label files have no image", at: folder,
        because: "\(labelsLeftOut.count) label files belong to no image of \(images.source): "
          + firstThree(labelsLeftOut) + (images.entries.first.map { "; an image is \($0.name)" } ?? ""),
        remedy: "give all the images" + (option.map { ", or leave these labels out with \($0)" } ?? ""))
    }
  }

  /// Reads a pair.
  ///
  /// - Throws: a `Problem` for a file that cannot be read and for a label of another size than its image.
  public func read(_ index: Int) throws -> Sample {
    try UnreadableFile.unmarking { try readMarked(index) }
  }

  /// Reads a pair.
  ///
  /// - Throws: `UnreadableFile` for a file that cannot be read; a `Problem` for one that can and does not fit.
  func readMarked(_ index: Int) throws -> Sample {
    let entry = entries[index]
    let image = try UnreadableFile.marking(entry.image.path) { try entry.image.read() }
    let ids = try UnreadableFile.marking(entry.labelPath) {
      try ImageFile.readIndices(entry.labelPath, exif: entry.image.exif)
    }
    let label = try space.map(ids, path: entry.labelPath)
    guard label.size == image.size else { throw entry.ofOtherSize(image.size, label: label.size) }
    return Sample(name: entry.image.name, image: image, label: label)
  }
}

extension LabelledImages.Entry {
  /// The problem of a label that has another size than its image.
  func ofOtherSize(_ image: PixelSize, label: PixelSize) -> Problem {
    let isTurned = self.image.exif == .apply && (try? ImageFile.isTurned(self.image.path)) == true
    return Problem(
      "the label has another size than its image", at: labelPath,
      because: "the image \(self.image.path) is \(image)"
        + (isTurned ? ", turned as its EXIF says" : "") + ", the label is \(label)",
      remedy: isTurned && label == PixelSize(width: image.height, height: image.width)
        ? "turn the label, too, or leave both as they are stored with --exif-orientation ignore"
        : "give labels of the images' own size")
  }
}

/// Finds the label file of an image by name.
private struct Partners {
  private var byName: [String: ImageList.Entry] = [:]
  private var byStem: [String: [ImageList.Entry]] = [:]
  private var byLast: [String: [ImageList.Entry]] = [:]
  private var imagesOfLast: [String: Int] = [:]

  init(images: [ImageList.Entry], labels: [ImageList.Entry]) {
    for label in labels {
      let name = PairingName(label.name)
      byName[label.name] = label
      byStem[name.stem, default: []].append(label)
      byLast[name.last, default: []].append(label)
    }
    for image in images { imagesOfLast[PairingName(image.name).last, default: 0] += 1 }
  }

  func label(of image: ImageList.Entry) -> ImageList.Entry? {
    if let same = byName[image.name] { return same }
    let name = PairingName(image.name)
    if let labels = byStem[name.stem], labels.count == 1 { return labels[0] }
    guard let labels = byLast[name.last], labels.count == 1, imagesOfLast[name.last] == 1 else { return nil }
    return labels[0]
  }
}
