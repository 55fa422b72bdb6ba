// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation

/// The files that a benchmark's server takes label maps in.
public enum Submission: String, CaseIterable, Sendable {
  /// One flat folder of files named as the images, which hold label ids, not train ids.
  ///
  /// Source: cityscapesscripts 2.3.0, evalPixelLevelSemanticLabeling.py: any file that begins with
  /// `<city>_<sequence>_<frame>` is the image's, and there must be one.
  case cityscapes
  /// A folder `labelTrainIds` of files named as the images, which hold train ids.
  ///
  /// Source: lhoyer/HRDA, README: `imgfile_prefix=labelTrainIds to_label_id=False`.
  case acdc
  /// As `acdc`, with two more folders that the server asks for: `labelTrainIds_invalid`, here the same maps,
  /// and `confidence`, here zero, so that the server's IoU counts and its uncertainty-aware scores do not.
  ///
  /// Source: BIT-DA/SePiCo, README; W-zx-Y/DANNet, issue 11.
  case darkZurich = "dark-zurich"

  /// What a server is told of one image.
  public struct File: Equatable, Sendable {
    /// The path in the submission.
    public let name: String
    /// What it holds.
    public let map: LabelMap
  }

  /// The folders that label maps lie in; "" for the submission's own.
  var folders: [String] {
    switch self {
    case .cityscapes: [""]
    case .acdc: ["labelTrainIds/"]
    case .darkZurich: ["labelTrainIds/", "labelTrainIds_invalid/", "confidence/"]
    }
  }

  /// How a name without folders and ending must begin, for people.
  var pattern: String {
    self == .cityscapes ? "CITY_123456_123456" : "SEQUENCE_frame_123456"
  }

  /// The part of a name by which the server knows the image; nil where it is none of the benchmark's names.
  func key(_ name: String) -> String? {
    let parts = name.split(separator: "_", omittingEmptySubsequences: false)
    func isNumber(_ part: Substring) -> Bool {
      part.utf8.count == 6 && part.utf8.allSatisfy { 48...57 ~= $0 }
    }
    guard parts.count >= 3, !parts[0].isEmpty, isNumber(parts[2]) else { return nil }
    guard self == .cityscapes ? isNumber(parts[1]) : parts[1] == "frame" else { return nil }
    return parts[0...2].joined(separator: "_")
  }
}

/// Turns the label maps of a list of images into the files of a submission.
public struct SubmissionWriter {
  /// What it is written for.
  public let submission: Submission
  private let images: ImageList
  /// The value in the file of each predicted class.
  private let values: [UInt8]

  /// - `classes`: the label space that the network predicts.
  /// - Throws: a `Problem` for classes that are not Cityscapes', an image whose name is not the benchmark's,
  ///   and two images that the server would take for one.
  public init(_ submission: Submission, of images: ImageList, classes: LabelSpace) throws {
    self.submission = submission
    self.images = images
    let ids = Dictionary(
      LabelSpace.cityscapesIDs.indices.map { ($0.value, $0.key) }, uniquingKeysWith: { min($0, $1) })
    let names = LabelSpace.cityscapes19.classes.map(\.name)
    var values = [UInt8](repeating: 255, count: 256)
    for (index, item) in classes.classes.enumerated() {
      guard let trainID = names.firstIndex(of: item.name), let id = ids[trainID] else {
        throw Problem(
          "cannot make the submission", at: submission.rawValue,
          because: "the network predicts \(classes.name), whose \(item.name) is no class of Cityscapes",
          remedy: "give weights of a network for Cityscapes' classes")
      }
      values[index] = UInt8(submission == .cityscapes ? id : trainID)
    }
    self.values = values
    try Self.check(images, submission)
  }

  private static func check(_ images: ImageList, _ submission: Submission) throws {
    var seen: [String: String] = [:]
    for entry in images.entries {
      let name = (entry.name as NSString).lastPathComponent
      guard let key = submission.key(name) else {
        throw Problem(
          "cannot make the submission", at: entry.path,
          because: "the server knows images by names that begin as \(submission.pattern)",
          remedy: "give the benchmark's images under their own names")
      }
      guard let other = seen.updateValue(entry.path, forKey: key) else { continue }
      throw Problem(
        "cannot make the submission", at: entry.path,
        because: "\(other) is \(key) too, and the server wants one",
        remedy: "give each image of the benchmark once")
    }
  }

  /// The names of all files, as `files(of:_:)` gives them.
  public var names: [String] {
    images.entries.flatMap { entry in submission.folders.map { $0 + base(of: entry) } }
  }

  /// The files of one image. The map is of the image's own size, in the network's classes.
  public func files(of entry: ImageList.Entry, _ map: LabelMap) -> [Submission.File] {
    let labels = LabelMap(size: map.size, pixels: map.pixels.map { values[Int($0)] })
    return submission.folders.map { folder in
      let content = folder == "confidence/" ? LabelMap(size: map.size, filledWith: 0) : labels
      return Submission.File(name: folder + base(of: entry), map: content)
    }
  }

  private func base(of entry: ImageList.Entry) -> String {
    (entry.name as NSString).lastPathComponent + ".png"
  }
}
