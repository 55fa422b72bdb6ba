// SPDX-License-Identifier: Apache-2.0

extension LabelSpace {
  /// CamVid in its form of 11 classes; the files hold the indices, and 11 for what has no class.
  ///
  /// Source: Brostow, Fauqueur and Cipolla 2009; grouping and colours of Badrinarayanan et al. (SegNet) 2017.
  public static let camvid11 = LabelSpace(
    unchecked: "camvid11",
    classes: [
      LabelClass("sky", 128, 128, 128), LabelClass("building", 128, 0, 0), LabelClass("pole", 192, 192, 128),
      LabelClass("road", 128, 64, 128), LabelClass("pavement", 60, 40, 222), LabelClass("tree", 128, 128, 0),
      LabelClass("sign", 192, 128, 128), LabelClass("fence", 64, 64, 128), LabelClass("car", 64, 0, 128),
      LabelClass("pedestrian", 64, 64, 0), LabelClass("bicyclist", 0, 128, 192),
    ],
    indices: nil, ignoredIDs: [11, 255], fileSuffix: nil)
}
