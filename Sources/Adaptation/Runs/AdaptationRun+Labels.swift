// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Torch

/// Where the pseudo-labels of a run are kept, and what makes them.
struct LabelPlace {
  let path: String
  /// The images that are labeled.
  let images: ImageList
  var labeler: PseudoLabeler
}

extension AdaptationRun {
  func pseudoLabelPlace(
    _ loaded: LoadedNetwork, _ images: ImageList, _ imagesHash: String, _ size: PixelSize
  ) throws -> LabelPlace {
    let wanted = settings.pseudoLabels
    var prediction = PredictionSettings(
      size: wanted.size ?? size, scales: wanted.scales ?? wanted.candidates, mirror: wanted.mirror)
    prediction.precision = settings.learning.precision
    var labeler = PseudoLabeler(loaded, prediction)
    labeler.predictor.exposure = settings.exposure(for: loaded.network)
    let labeled = try labeled(images)
    let state = labelState(size, labeled: labeled.count, of: images)
    return LabelPlace(
      path: "\(cache)/pseudo-labels/\(labeler.key(imagesHash: imagesHash, state: state))", images: labeled,
      labeler: labeler)
  }

  /// The images that the steps see, and those that may take the places of unreadable ones.
  private func labeled(_ images: ImageList) throws -> ImageList {
    let order = BatchOrder(count: images.count, batchSize: settings.batch, seed: settings.seed)
    let chosen = order.items(ofFirst: settings.steps, spare: settings.mostUnreadable)
    guard chosen.count < images.count else { return images }
    return try ImageList(source: images.source, entries: chosen.map { images.entries[$0] })
  }

  /// What the labels depend on besides weights, images and the way of predicting, in words.
  ///
  /// - `labeled`: the number of the images that are labeled.
  private func labelState(_ size: PixelSize, labeled: Int, of images: ImageList) -> String {
    let wanted = settings.pseudoLabels
    var parts: [String] = []
    if settings.initialStatistics != .source {
      parts.append("statistics \(size) \(settings.batch) \(settings.seed)")
    }
    if needsScales {
      parts.append(
        "scales \(wanted.statistics) \(wanted.scales == nil) \(wanted.balance) \(settings.seed)")
    }
    if settings.sourceShare != 0 { parts.append("source share \(settings.sourceShare.settingText)") }
    if settings.exposure != .own { parts.append("exposure \(settings.exposure)") }
    if labeled < images.count { parts.append("\(labeled) images \(settings.batch) \(settings.seed)") }
    return parts.joined(separator: "\n")
  }

  /// Whether the network is looked at, scale by scale, before it labels.
  private var needsScales: Bool {
    let wanted = settings.pseudoLabels
    return wanted.scales == nil || wanted.statistics == .scale || wanted.balance != 0
  }

  /// The labels that the method learns from, made or taken from the cache; none for a method that needs none.
  func pseudoLabels(
    _ images: ImageList, _ place: LabelPlace, of network: any Segmenter
  ) throws -> any PseudoLabelSource {
    guard settings.method.needsPseudoLabels else { return NoPseudoLabels() }
    var place = try writable(place)
    if needsScales, !place.labeler.isDone(in: place.path) {
      place.labeler.predictor = try scaled(place.labeler.predictor, network, images)
    }
    observer.begin("pseudo-labels", place.images.count)
    let (labels, cached) = try place.labeler.labels(place.images, in: place.path, peers: peers) {
      try observer.advanceOrStop($0)
    }
    if cached {
      observer.advance(place.images.count)
      observer.note("pseudo-labels taken from \(place.path)")
    }
    return labels
  }

  /// The place itself, or, where the cache cannot be written, one in the system's folder for temporary files.
  private func writable(_ place: LabelPlace) throws -> LabelPlace {
    guard !place.labeler.isDone(in: place.path) else { return place }
    let trial = PartialFolder(of: place.path)
    defer { trial.remove() }
    do {
      try trial.make()
      return place
    } catch {
      let why = (error as? Problem).map { "\($0.place): \($0.why)" } ?? "\(error)"
      let name = place.path.dropFirst(cache.count)
      let other = LabelPlace(
        path: "\(try PartialFolder.temporary())\(name)", images: place.images, labeler: place.labeler)
      if peers.isFirst {
        observer.note(
          "the cache folder cannot be written (\(why)): pseudo-labels are kept in \(other.path); choose another "
            + "with IAPC_CACHE")
      }
      return other
    }
  }

  /// The predictor with the scales that are to be used, their networks, and the balance of the classes.
  private func scaled(
    _ predictor: Predictor, _ network: any Segmenter, _ images: ImageList
  ) throws -> Predictor {
    let wanted = settings.pseudoLabels
    guard let size = predictor.settings.size else { fatalError("sizes were resolved") }
    let study = LabelScales(network, sourceStatistics, images, at: size, settings, observer)
    let scales = try study.chosen()
    var settings = predictor.settings
    settings.scales = scales.map(\.factor)
    var result = Predictor(network, settings)
    result.exposure = predictor.exposure
    for scale in scales where wanted.statistics == .scale {
      result.scaleNetworks[scale.factor] = scale.network
    }
    if wanted.balance != 0 { result.classFactors = LabelScales.factors(of: scales, power: wanted.balance) }
    let texts = scales.map {
      "\($0.factor.settingText) (score \(String(format: "%.3f", $0.score.value)))"
    }
    observer.note("pseudo-labels at scales \(texts.joined(separator: ", "))")
    return result
  }
}
