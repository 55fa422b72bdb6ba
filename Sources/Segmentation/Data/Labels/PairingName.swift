// SPDX-License-Identifier: Apache-2.0

/// What the names of an image and of its label file have in common, and what data sets append to either.
struct PairingName: Equatable, Sendable {
  /// The relative name without the usual suffix.
  let stem: String
  /// The suffix that was taken off, or "".
  let suffix: String

  /// How the names of label files of a kind end; a label space takes its own kind.
  private static let kinds = [
    "_labelTrainIds", "_labelIds", "_labelids", "_labellevel3Ids", "_labellevel4Ids", "_labelcsIds",
    "_labelcsTrainIds",
  ]

  /// Source: the file naming of Cityscapes and its foggy copies, ACDC, Dark Zurich, IDD, NTHU's cities, the
  /// original CamVid, and of the train ids that published code writes beside GTA5's and SYNTHIA's labels.
  private static let suffixes =
    ["_gtFine", "_gtCoarse", "_gt", ""].flatMap { stem in kinds.map { stem + $0 } }
    + ["0.005", "0.01", "0.02"].map { "_leftImg8bit_foggy_beta_\($0)" }
    + ["_leftImg8bit", "_rgb_anon", "_labels", "_eval", "_L"]

  /// Files that lie beside label files and hold no class ids: colours for viewing, instances, validity.
  private static let companions = [
    "_gtFine_color", "_gtFine_instanceIds", "_gtFine_instanceTrainIds", "_gtCoarse_color",
    "_gtCoarse_instanceIds", "_gtFine_instanceids", "_gtFine_labelColors", "_gt_labelColor", "_gt_invGray",
    "_gt_invIds",
  ]

  init(_ name: String) {
    suffix = Self.suffixes.first { name.hasSuffix($0) } ?? ""
    stem = String(name.dropLast(suffix.count))
  }

  /// The stem without its folders.
  var last: String { stem.split(separator: "/").last.map(String.init) ?? stem }

  /// Whether the file holds something else than class ids.
  static func isCompanion(_ name: String) -> Bool { companions.contains { name.hasSuffix($0) } }

  /// Whether the name says that the file holds the ids that a label space's files end in; names that say
  /// nothing about it fit every space.
  func fits(_ space: LabelSpace) -> Bool {
    guard let wanted = space.fileSuffix else { return true }
    let said = Self.kinds.first { suffix.hasSuffix($0) }
    return said == nil || said == wanted
  }
}
