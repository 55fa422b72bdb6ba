// SPDX-License-Identifier: Apache-2.0

import Adaptation
import Files
import Imaging
import Segmentation
import Torch

/// What looking at images with both networks shows.
struct Findings {
  /// What pictures and scores are in.
  let classes: LabelSpace
  /// The networks' input size.
  let size: PixelSize
  /// What the shown images say without a label.
  let before: Glance
  let after: Glance
  /// The network's own classes, which the glances' shares are of.
  let networkClasses: LabelSpace
  let scores: Scores?
  let pictures: [ShownPicture]
  /// How many images a glance was over.
  let seen: Int

  /// - `shown`: how many pictures are shown.
  /// - `widest`: of the pictures, in pixels.
  /// - Throws: `Problem` where something cannot be read; `Interruption` where the user ends it.
  init(
    _ run: RunRecord, _ source: DataSource, labelled: Bool, shown: Int, widest: Int, _ observer: RunObserver
  ) throws {
    var networks = try Networks(run)
    let data = labelled ? try source.labelled(defaultSpace: networks.space).images : nil
    if let data { try networks.show(in: data.space) }
    let list =
      try data.map { try ImageList(source: source.images ?? "", entries: $0.entries.map(\.image)) }
      ?? source.imageList()
    scores = try data.map { try Scores($0, networks, observer) }
    let chosen = Self.choice(of: list, scores, most: shown)
    observer.begin("report: images", chosen.count)
    var images: [RGBImage] = []
    var pictures: [ShownPicture] = []
    for (entry, rank) in chosen {
      let image = try entry.read()
      let truth = try data.flatMap { data in
        try data.entries.first { $0.image == entry }.map {
          try data.space.read($0.labelPath, exif: entry.exif)
        }
      }
      pictures.append(
        ShownPicture(
          entry.name, image, truth, rank, networks, insight: pictures.count < 3 ? run.settings.iapc : nil,
          widest: widest, score: scores?.images.first { $0.name == entry.name }.map { ($0.before, $0.after) })
      )
      images.append(image)
      try observer.advanceOrStop(images.count)
    }
    self.pictures = pictures
    (classes, networkClasses) = (networks.space, networks.source.classes)
    size = networks.size
    before = Glance(networks.source.network, images, networks.size)
    after = Glance(networks.adapted.network, images, networks.size)
    seen = images.count
  }

  /// The images to show: the worst and the best where scores tell them, else some spread over the list.
  private static func choice(
    of list: ImageList, _ scores: Scores?, most: Int
  ) -> [(entry: ImageList.Entry, rank: String?)] {
    guard let scores, !scores.images.isEmpty, list.count > 1 else {
      return list.spread(most).map { ($0, nil) }
    }
    let (worst, best) = scores.extremes(max(1, most / 2))
    func entries(_ names: [String], _ word: String) -> [(entry: ImageList.Entry, rank: String?)] {
      names.enumerated().compactMap { place, name in
        list.entries.first { $0.name == name }.map { ($0, "\(word) \(place + 1)") }
      }
    }
    return entries(worst, "worst") + entries(best, "best")
  }
}
