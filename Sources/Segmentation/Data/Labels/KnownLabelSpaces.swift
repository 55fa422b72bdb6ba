// SPDX-License-Identifier: Apache-2.0

import Files

extension LabelSpace {
  /// The label spaces that have a name on the command line.
  public static let known = [
    cityscapes19, cityscapesIDs, cityscapes16, cityscapes13, nthuIDs, synthiaIDs, mapillaryV1, iddIDs,
    camvid11,
  ]

  /// The known label space of a name, or the classes that a data set's .yaml file or weights tell in full.
  ///
  /// - Throws: a `Problem` that lists the known names and says which is nearest, or what is wrong with a file.
  public static func named(_ name: String) throws -> LabelSpace {
    if let space = known.first(where: { $0.name == name }) { return space }
    if let space = try told(name) ?? ofFile(name) { return space }
    let found = unknownName(name, of: "label space", known: known.map(\.name))
    throw Problem(
      found.what, at: found.place, because: found.why,
      remedy: found.remedy + ", or give the .yaml file of a data set with classes of its own")
  }
}
