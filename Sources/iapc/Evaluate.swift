// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Segmentation

struct Evaluate: SharedCommand, EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score weights, or label maps, on labelled images: IoU per class and mIoU.",
    discussion: """
      Example:
        iapc evaluate --weights runs/a/adapted.pth --network espnet \\
          --images val/ --labels valannot/ --label-space camvid11 --size 640x480

      One confusion matrix over all images. --protocol says how images are put to
      the network, as others do it; its name is saved with the result, and numbers
      of different protocols cannot be compared. Scores are brought to each label's size, and
      classes mapped to the label space after the argmax.

      Label maps that any program wrote are scored without a network:
        iapc evaluate --predictions maps/ --classes cityscapesIds \\
          --labels gtFine/val --label-space cityscapesIds
      Maps without a label and labels without a map are refused, or left out and
      counted with --allow-missing.

      The mean over a part of the classes can be asked for at once, and later of a
      saved result:
        iapc evaluate --from result.json --class-set synthia16 --class-set synthia13

      `mIoU` in the JSON is the mean over all classes of the label space, whatever
      class sets are asked for; theirs stand under `class_sets`.

      Class sets:
      \(listed(ClassSet.known.map { ($0.name, $0.convention) }))

      Protocols:
      \(listed(EvaluationProtocol.known.map { ($0.name, $0.explanation) }))
      """)

  @Option(
    help: ArgumentHelp("The network's weights: .pth, .safetensors or a TorchScript .pt.", valueName: "file"),
    completion: .weights)
  var weights: String?
  @OptionGroup var network: ForeignNetworkOptions
  @Option(
    help: ArgumentHelp(
      "Label maps (PNG) to score in the place of a network; --classes says what they hold. "
        + "(default: what the label images hold)", valueName: "dir"), completion: .directory)
  var predictions: String?
  @Option(
    help: ArgumentHelp(
      "A saved result to show, and to take the confusion matrix for class sets from.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var from: String?
  @OptionGroup var images: ImageOptions
  @OptionGroup var labels: LabelOptions
  @Option(
    name: .customLong("class-set"), parsing: .singleValue,
    help: ArgumentHelp("Also the mean over class sets; between commas, or repeated.", valueName: "names"),
    completion: .classSets)
  var classSets: [String] = []
  @OptionGroup var prediction: PredictionOptions
  @Flag(help: "Normalise by each image's own statistics instead of the stored ones.")
  var batchStatistics = false
  @Option(
    help: ArgumentHelp("Also write the result there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?
  @OptionGroup var machine: MachineOptions
  @OptionGroup var sharing: ProcessOptions
  @OptionGroup var config: ConfigOptions
  @OptionGroup var events: EventOptions

  func validate() throws {
    guard weights != nil || (sharing.processes ?? 1) == 1 else {
      throw ValidationError("--processes shares the work of a network: give --weights.")
    }
    guard [weights, predictions, from].filter({ $0 != nil }).count == 1 else {
      throw ValidationError("Give one of --weights, --predictions and --from.")
    }
    if from != nil {
      guard prediction.isDefault, !batchStatistics, labels.labelSpace == nil else {
        throw ValidationError(
          "--from takes the result as it was measured: leave out the options that say how.")
      }
      guard images.isEmpty, labels.labels == nil else {
        throw ValidationError("--from takes no images and no labels: its matrix is kept.")
      }
      return
    }
    guard weights != nil || (prediction.isDefault && !batchStatistics) else {
      throw ValidationError("--predictions is not put to a network: leave out the options that say how.")
    }
    guard images.isEmpty == (weights == nil) else {
      throw ValidationError(
        weights == nil
          ? "--predictions takes no --images." : "Missing expected argument '--images <dir-or-list>'")
    }
    guard labels.labels != nil || images.dataset != nil else {
      throw ValidationError("Missing expected argument '--labels <dir>'")
    }
  }

  func run() throws {
    Signals.watch()
    try checkOutputFile(json)
    let peers = weights == nil ? nil : try sharing.join()
    let sets = try classSets.flatMap { $0.split(separator: ",") }.map { try ClassSet.named(String($0)) }
    var report = try saved() ?? scoredLabelMaps(sets) ?? scoredNetwork(sets, peers)
    try peers?.finish()
    guard peers.isFirst else { return }
    try report.score(sets)
    ScoreTable.write(report)
    for set in report.classSets ?? [] where sets.contains(where: { $0.name == set.name }) {
      ScoreTable.write(set)
    }
    if let json {
      try writeJSON(report, to: json)
      EventLog.leave(["json": json])
    }
  }

  private func saved() throws -> EvaluationReport? { try from.map(EvaluationReport.read) }

  private func scoredLabelMaps(_ sets: [ClassSet]) throws -> EvaluationReport? {
    guard let named = predictions, let folder = labels.labels else { return nil }
    let results = LabelMapFolder(named)
    let predictions = results.path
    if predictions != named { ProgressDisplay().note("label maps of \(named): those in \(predictions)") }
    let space = try LabelSpace.named(
      labels.labelSpace ?? network.classes ?? results.classes ?? "cityscapes19")
    try check(sets, space)
    let maps = try (network.classes ?? results.classes).map(LabelSpace.named) ?? space
    let list = try ImageList(at: predictions).reading(images.exifOrientation ?? .apply)
    let data = try LabelledImages(
      images: list, labelFolder: folder, space: space,
      allowing: images.allowMissing ? [.images, .labels] : [], by: "--allow-missing")
    var evaluation = try shown(Evaluator(labelMapsOf: maps, data: data), data.count)
    evaluation.missing = data.imagesLeftOut.count + data.labelsLeftOut.count
    return EvaluationReport(evaluation, ofLabelMaps: predictions, in: maps)
  }

  private func scoredNetwork(_ sets: [ClassSet], _ peers: Peers?) throws -> EvaluationReport {
    guard let weights else { fatalError("an evaluation without weights") }
    let source = images.source(labels)
    let loaded = try network.load(weights, machine.shared(peers))
    let data = try source.labelled(defaultSpace: loaded.classes)
    if peers.isFirst { tell(data.images.leftOut) }
    try check(sets, data.images.space)
    let way = try prediction.resolved().with(mode: batchStatistics ? .batchStatistics : .evaluation)
    loaded.network.store.seal()
    let predictor = Predictor(loaded.network, way.settings)
    try predictor.check()
    let evaluator = try Evaluator(predictor, classes: loaded.classes, data: data.images)
    try peers?.checkAgreement([("weights", loaded.sha256), ("labelled images", data.images.listing)])
    var evaluation = try shown(evaluator, data.images.count, peers)
    evaluation.missing = data.missing
    return EvaluationReport(
      evaluation, of: loaded, under: way,
      statistics: batchStatistics ? "each image's" : "stored")
  }

  /// Before the work, not after it.
  private func check(_ sets: [ClassSet], _ space: LabelSpace) throws {
    for set in sets { try set.check(space.classes.map(\.name)) }
  }

  private func shown(_ evaluator: Evaluator, _ count: Int, _ peers: Peers? = nil) throws -> Evaluation {
    let display = ProgressDisplay(quiet: !peers.isFirst)
    display.begin("evaluate", count)
    return try evaluator.run(peers: peers) { count in
      display.advance(count)
      if let signal = Signals.current { throw Interruption(signal: signal) }
    }
  }
}
