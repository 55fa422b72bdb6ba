// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Imaging
import Segmentation

/// An image with what both networks see in it, shrunk to what is easily looked at.
struct ShownPicture {
  let name: String
  let image: RGBImage
  let before: LabelMap
  let after: LabelMap
  let truth: LabelMap?
  let insight: InsightMaps?
  /// The mean IoU before and after; nil without labels.
  let score: (before: Double, after: Double)?
  /// "worst 1", "best 2"; nil where images are not ranked.
  let rank: String?

  /// - `insight`: the method's settings, where its maps are shown too.
  init(
    _ name: String, _ image: RGBImage, _ truth: LabelMap?, _ rank: String?, _ networks: Networks,
    insight: IAPCSettings?, widest: Int, score: (before: Double, after: Double)?
  ) {
    let size = image.size.fitted(width: widest)
    self.name = name
    self.rank = rank
    self.score = score
    self.image = image.resizedBicubic(to: size)
    before = networks.shown(networks.before.labels(of: image, at: size))
    after = networks.shown(networks.after.labels(of: image, at: size))
    self.truth = truth?.resizedNearest(to: image.size.fitted(width: 320))
    self.insight = insight.map {
      InsightMaps(
        image, source: networks.source.network, adapted: networks.adapted.network, $0, networks.size,
        shown: image.size.fitted(width: 320))
    }
  }

  /// The share of the pixels whose class is another after adaptation.
  var changed: Double {
    let different = zip(before.pixels, after.pixels).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
    return Double(different) / Double(max(1, before.pixels.count))
  }
}
