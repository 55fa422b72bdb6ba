// SPDX-License-Identifier: Apache-2.0

import Imaging

extension LabelSpace {
  /// The classes of this space as a network learns them: the known space of the same classes whose files hold
  /// class indices, or else this one.
  public var learned: LabelSpace {
    Self.known.first { space in
      space.classes == classes && space.indices.allSatisfy { $0.key == $0.value }
    } ?? self
  }

  /// The label files of this space, read as the classes of another: ids whose class has no counterpart there
  /// are ignored.
  ///
  /// - Throws: a `Problem` where no mapping between the two is known.
  public func told(in other: LabelSpace) throws -> LabelSpace {
    if classes == other.classes, name == other.name { return self }
    let mapping = try LabelMapping(from: self, to: other)
    let mapped = indices.mapValues { Int(mapping.table[$0]) }
    let lost = mapped.filter { $0.value == Int(LabelMap.ignored) }.keys
    return LabelSpace(
      unchecked: other.name, classes: other.classes, indices: mapped.filter { !lost.contains($0.key) },
      ignoredIDs: ignoredIDs.union(lost), fileSuffix: fileSuffix, channel: channel)
  }
}

extension LabelledImages {
  /// The same files with their labels read as the classes of another space.
  public func told(in classes: LabelSpace) throws -> LabelledImages {
    LabelledImages(
      space: try space.told(in: classes), entries: entries, imagesLeftOut: imagesLeftOut,
      labelsLeftOut: labelsLeftOut, leftOut: leftOut)
  }
}
