// SPDX-License-Identifier: Apache-2.0

import Files

extension LabelSpace {
  /// The label spaces that have a name on the command line.
  public static let known = [
    cityscapes19, cityscapesIDs, cityscapes16, cityscapes13, nthuIDs, synthiaIDs, mapillaryV1, iddIDs,
    camvid11,
  ]

  /// The known label space of a name.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest.
  public static func named(_ name: String) throws -> LabelSpace {
    if let space = known.first(where: { $0.name == name }) { return space }
    throw unknownName(name, of: "label space", known: known.map(\.name))
  }
}
