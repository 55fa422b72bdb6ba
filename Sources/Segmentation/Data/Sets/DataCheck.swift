// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Synchronization

/// What is in a data set and what is wrong with it, file by file; nothing ends at the first bad one.
public struct DataCheck: Encodable, Equatable, Sendable {
  /// An id that the label space does not know.
  public struct UnknownID: Encodable, Equatable, Sendable {
    /// The id in the label files.
    public let id: Int
    /// Label files that hold it.
    public var files = 0
    /// Pixels that hold it, in all files.
    public var pixels = 0
  }

  /// A file that cannot be used, and why.
  public struct BadFile: Encodable, Equatable, Sendable {
    /// The file.
    public let path: String
    /// Why it cannot be used.
    public let why: String
  }

  /// Images that were looked at.
  public var images = 0
  /// Images with a label file; 0 where only images were looked at.
  public var pairs = 0
  /// Images of each size, "1914x1052" for one.
  public var sizes: [String: Int] = [:]
  /// Images whose EXIF asks viewers to turn them.
  public var turned = 0
  /// Labelled pixels of each class, in the label space's order.
  public var classPixels: [Int] = []
  /// Images that show each class.
  public var classImages: [Int] = []
  /// Labelled pixels without a class.
  public var ignoredPixels = 0
  /// The most frequent first.
  public var unknownIDs: [UnknownID] = []
  /// Files that cannot be read, and labels of another size than their image.
  public var badFiles: [BadFile] = []
  /// Images without a label file.
  public var imagesWithoutLabel: [String] = []
  /// Label files without an image.
  public var labelsWithoutImage: [String] = []

  /// What was found beside the images and could not be taken.
  public var leftOut = LeftOut()

  /// Whether every image can be used and every label id is known.
  public var isSound: Bool {
    badFiles.isEmpty && unknownIDs.isEmpty && imagesWithoutLabel.isEmpty && labelsWithoutImage.isEmpty
      && leftOut.deadLinks.isEmpty
  }

  /// Looks unlabelled images over, on all cores.
  ///
  /// - `progress`: called after every image with the count so far; what it throws ends the work.
  public init(_ list: ImageList, progress: (Int) throws -> Void) throws {
    self.init(classCount: 0)
    leftOut = list.leftOut
    try look(list.count, progress) { index in
      try Sighting(of: list.entries[index])
    } path: {
      list.entries[$0].path
    }
  }

  /// Looks images and labels over, on all cores.
  public init(_ data: LabelledImages, progress: (Int) throws -> Void) throws {
    self.init(classCount: data.space.count)
    imagesWithoutLabel = data.imagesLeftOut
    labelsWithoutImage = data.labelsLeftOut
    pairs = data.count
    leftOut = data.leftOut
    try look(data.count, progress) { index in
      let entry = data.entries[index]
      var sighting = try Sighting(of: entry.image)
      let census = try data.space.census(of: entry.labelPath, exif: entry.image.exif)
      guard census.size == sighting.size else { throw entry.ofOtherSize(sighting.size, label: census.size) }
      sighting.census = census
      return sighting
    } path: {
      data.entries[$0].image.path
    }
    images = data.count + data.imagesLeftOut.count
  }

  private init(classCount: Int) {
    classPixels = [Int](repeating: 0, count: classCount)
    classImages = classPixels
  }

  private struct Sighting: Sendable {
    let size: PixelSize
    let isTurned: Bool
    var census: LabelCensus?

    init(of entry: ImageList.Entry) throws {
      size = try entry.read().size
      isTurned = try ImageFile.isTurned(entry.path)
    }
  }

  private mutating func look(
    _ count: Int, _ progress: (Int) throws -> Void, _ body: @Sendable (Int) throws -> Sighting,
    path: @Sendable (Int) -> String
  ) throws {
    images = count
    let found = Mutex([Result<Sighting, Problem>?](repeating: nil, count: count))
    try checkEach(count, after: progress) { index in
      let result: Result<Sighting, Problem>
      do { result = .success(try body(index)) } catch {
        result = .failure(
          error as? Problem ?? Problem("cannot read", at: path(index), because: "\(error)", remedy: ""))
      }
      found.withLock { $0[index] = result }
    }
    var unknown: [Int: UnknownID] = [:]
    for result in found.withLock({ $0 }) {
      switch result {
      case .success(let sighting): add(sighting, &unknown)
      case .failure(let problem): badFiles.append(BadFile(path: problem.place, why: problem.why))
      case nil: break
      }
    }
    unknownIDs = unknown.values.sorted { ($1.pixels, $0.id) < ($0.pixels, $1.id) }
  }

  private mutating func add(_ sighting: Sighting, _ unknown: inout [Int: UnknownID]) {
    sizes[sighting.size.description, default: 0] += 1
    if sighting.isTurned { turned += 1 }
    guard let census = sighting.census else { return }
    for (index, pixels) in census.classPixels.enumerated() where pixels > 0 {
      classPixels[index] += pixels
      classImages[index] += 1
    }
    ignoredPixels += census.ignoredPixels
    for (id, pixels) in census.unknown {
      unknown[id, default: UnknownID(id: id)].files += 1
      unknown[id]?.pixels += pixels
    }
  }
}
