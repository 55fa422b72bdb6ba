// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging

/// A labelled street scene, drawn from numbers alone.
public struct StreetScene: Sendable {
  /// What the camera sees.
  public let image: RGBImage
  /// The class of each pixel, as an index among the classes asked for.
  public let labels: LabelMap
  /// For each pixel the number of the vehicle, person or rider that it shows, from 1 on; 0 for all else.
  public let instances: [UInt16]

  /// Draws scene `index` of a series: the picture and, from the same geometry, what its pixels show.
  ///
  /// The same arguments give the same bytes on every machine, whatever else is drawn; the classes change
  /// nothing but the labels. It works on some 180 bytes a pixel of memory besides the result.
  public static func render(
    domain: StreetDomain, size: PixelSize, seed: UInt64, index: Int, classes: StreetClasses = .camvid11
  ) -> StreetScene {
    guard size.width > 0, size.height > 0 else {
      fatalError("a street scene needs a size above 0, got \(size)")
    }
    let random = SeededGenerator(seed: seed, purpose: "street " + domain.name, index: index)
    let layout = Layout(domain: domain, random: random)
    var lensRandom = SeededGenerator(seed: seed, purpose: "lens " + domain.name, index: index)
    let drawing = Drawing(layout: layout, size: size, random: &lensRandom)
    drawing.draw()
    let image = domain.lens.develop(drawing.picture(), using: &lensRandom)
    let (labels, instances) = drawing.labels(in: classes)
    return StreetScene(image: image, labels: labels, instances: instances)
  }
}
