// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

extension LabelSpace {
  /// The class indices of a label file; ignored ids become `LabelMap.ignored`.
  ///
  /// - Throws: a `Problem` for a file that cannot be read, has several channels that differ
  ///   where the space names none, or holds an id that the label space does not know.
  public func read(_ path: String, exif: ExifOrientation = .apply) throws -> LabelMap {
    try map(try ImageFile.readIndices(path, exif: exif), path: path)
  }

  /// The class indices of ids already read; `path` names their file in problems.
  ///
  /// The ids are the samples of a file of one channel, of the space's own channel in a file of several, or of any
  /// channel where several are equal, as programs write grey that save every picture in colours.
  public func map(_ image: IndexImage, path: String) throws -> LabelMap {
    let first = try idChannel(of: image, path: path)
    let table = lookup
    var unknown = 0
    let area = image.size.area
    let pixels = [UInt8](unsafeUninitializedCapacity: area) { output, count in
      table.withUnsafeBufferPointer { table in
        image.values.withUnsafeBufferPointer { ids in
          for i in 0..<area {
            let id = Int(ids[first + i * image.channels])
            let index = id < table.count ? table[id] : Self.unknownID
            unknown += Int(index >> 8)
            output[i] = UInt8(truncatingIfNeeded: index)
          }
          count = area
        }
      }
    }
    if unknown > 0 {
      let ids = stride(from: first, to: image.values.count, by: image.channels).map { image.values[$0] }
      throw unknownIDs(in: ids, path: path)
    }
    return LabelMap(size: image.size, pixels: pixels)
  }

  /// The channel of a label file that holds its ids.
  func idChannel(of image: IndexImage, path: String) throws -> Int {
    if image.channels == 1 { return 0 }
    if let channel { return channel }
    guard let place = image.firstColour else { return 0 }
    let values = image.values[image.channels * place..<image.channels * (place + 1)].map(String.init)
    throw Problem(
      "cannot read class ids from this file", at: path,
      because: "it has \(image.channels) channels that differ (\(values.joined(separator: ", ")) at column "
        + "\(place % image.size.width), row \(place / image.size.width)); a label file has one channel, a palette, "
        + "or equal channels",
      remedy: "give the files that hold ids, not colours")
  }

  private static let unknownID: UInt16 = 256

  /// The class index or 255 of each id up to the largest one, `unknownID` for the ids between.
  private var lookup: [UInt16] {
    let last = max(indices.keys.max() ?? 0, ignoredIDs.max() ?? 0)
    var table = [UInt16](repeating: Self.unknownID, count: last + 1)
    for id in ignoredIDs { table[id] = UInt16(LabelMap.ignored) }
    for (id, index) in indices { table[id] = UInt16(index) }
    return table
  }

  private var knownIDs: Set<Int> { ignoredIDs.union(indices.keys) }

  private func knows(_ id: Int) -> Bool { indices[id] != nil || ignoredIDs.contains(id) }

  private func unknownIDs(in values: [UInt16], path: String) -> Problem {
    var counts: [Int: Int] = [:]
    for value in values { counts[Int(value), default: 0] += 1 }
    let unknown = counts.keys.filter { !knows($0) }.sorted()
    let first = unknown[0]
    let more = unknown.dropFirst().prefix(3).map(String.init).joined(separator: ", ")
    let rest = unknown.count == 1 ? "" : " (and \(unknown.count - 1) more unknown ids: \(more))"
    let pixels = counts[first] ?? 0
    let fitting = Self.known.filter { space in space != self && counts.keys.allSatisfy(space.knows) }
    let nearest = fitting.min { $0.knownIDs.count < $1.knownIDs.count }
    let remedy = nearest.map { "its ids would fit --label-space \($0.name), " } ?? ""
    return Problem(
      "the label file holds an id that label space \(name) does not know", at: path,
      because: "id \(first) is on \(pixels) of \(values.count) pixels\(rest), "
        + "known are \(Self.ranges(of: knownIDs))",
      remedy: remedy + "give the label space of these files or add the id to it")
  }

  /// "0-11, 255" for the ids 0 to 11 and 255.
  private static func ranges(of ids: Set<Int>) -> String {
    var runs: [ClosedRange<Int>] = []
    for id in ids.sorted() {
      if let last = runs.last, last.upperBound == id - 1 {
        runs[runs.count - 1] = last.lowerBound...id
      } else {
        runs.append(id...id)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
      .joined(separator: ", ")
  }
}
