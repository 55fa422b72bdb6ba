// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation
import Torch

struct Inspect: EventCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what a weights file is, and whether it fits a network.",
    discussion: """
      Example:
        iapc inspect unknown.pth
        iapc inspect --weights unknown.pth --images new-city/ --size 1024x512

      With --images, a few of them are put to every reading of the weights that names
      and shapes allow, in each colour convention. A wrong reading loads without
      complaint; its predictions are unsure, alike everywhere, or change when the
      image is mirrored. No label is needed; give the size that the network was
      trained for. Another reading than the assumed one stands first only where the
      images speak clearly for it, else a line says why they do not: images of a
      shifted place make wrong colors look right.
      """)

  @Argument(
    help: ArgumentHelp("The weights: .pth, .safetensors or a TorchScript .pt.", valueName: "file"),
    completion: .weights)
  var file: String?
  @Option(
    name: .customLong("weights"),
    help: ArgumentHelp("The same, as other commands have it.", valueName: "file"),
    completion: .weights)
  var named: String?
  @Option(help: "The network to hold it against. (default: every known one)", completion: .families)
  var network: String?
  @Option(
    help: "What the network predicts: a label space, or the .yaml of one's own.", completion: .labelSpaces)
  var classes: String?
  @Flag(help: "List every entry with its type and shape.")
  var entries = false
  @OptionGroup var images: ImageOptions
  @Option(
    help: ArgumentHelp("The size that the images are brought to. (default: their own)", valueName: "WxH"))
  var size: PixelSize?
  @Option(help: "How many images are looked at.")
  var shown = 4
  @OptionGroup var machine: MachineOptions
  @OptionGroup var events: EventOptions

  private var weights: String { named ?? file ?? "" }

  func validate() throws {
    guard (named == nil) != (file == nil) else {
      throw ValidationError("Name one weights file: iapc inspect FILE, or --weights FILE.")
    }
  }

  func run() throws {
    if try CheckpointFile.isTorchScript(NetworkFile.weightsFile(weights)) { return try inspectModule() }
    let checkpoint = try NetworkFile.read(weights)
    let count = checkpoint.tensors.reduce(0) { $0 + $1.tensor.shape.reduce(1, *) }
    let size = checkpoint.tensors.reduce(0) { $0 + $1.tensor.bytes.count }
    print("file       \(weights)")
    print("sha256     \(try FileHash.sha256(ofFile: NetworkFile.weightsFile(weights)))")
    print("format     \(checkpoint.format.words)")
    if let wrapper = checkpoint.wrapper { print("inside     \(wrapper)") }
    if !checkpoint.others.isEmpty { print("beside     \(checkpoint.others.joined(separator: ", "))") }
    print("entries    \(checkpoint.tensors.count), \(count) numbers, \(size) bytes")
    for (key, value) in checkpoint.metadata.sorted(by: { $0.key < $1.key }) {
      print("says       \(key) = \(value)")
    }
    if entries {
      for (name, tensor) in checkpoint.tensors { print("  \(name) \(tensor.dtype) \(tensor.shape)") }
    }
    for note in checkpoint.notes { print("note       \(note)") }
    let spoiled = NetworkFile.notFinite(checkpoint)
    show(spoiled)
    if NetworkFile.isOfModule(checkpoint) { return try showModule() }
    let fits = try NetworkFile.fits(checkpoint, family: network, classes: classes)
    let (others, known) = (fits.filter(\.isOther), fits.filter { !$0.isOther })
    for fit in known {
      show(fit, isSound: spoiled.isEmpty)
      if let weights = fit.weights { show(weights, of: checkpoint) }
      // A file that says what it is leaves one guess, which `says` has told.
      let guesses = fit.weights == nil ? [] : try NetworkFile.plausible(checkpoint, family: fit.family)
      for guess in guesses where guesses.count > 1 {
        print("may be     --variant \(guess.variant) --normalisation \(guess.normalisation.name)")
      }
    }
    if known.isEmpty {
      print("network    not \(others.map(\.family).joined(separator: ", "))")
      print("way in     \(NetworkFile.wayIn)")
    }
    if !images.isEmpty { try compareReadings(checkpoint) }
  }

  /// A TorchScript module: what is in it, and whether it can be used.
  private func inspectModule() throws {
    let module = try NetworkFile.module(weights, on: machine.apply())
    let entries = module.entries
    let count = entries.reduce(0) { $0 + $1.tensor.elementCount }
    let size = entries.reduce(0) { $0 + $1.tensor.elementCount * $1.tensor.dtype.byteWidth }
    print("file       \(weights)")
    print("sha256     \(try FileHash.sha256(ofFile: weights))")
    print("format     TorchScript module: a program with its weights")
    print("entries    \(entries.count), \(count) numbers, \(size) bytes")
    if self.entries {
      for entry in entries { print("  \(entry.name) \(entry.tensor.dtype) \(entry.tensor.shape)") }
    }
    show(NetworkFile.notFinite(module))
    try showModule()
  }

  /// Tries a module as every command that runs one does.
  private func showModule() throws {
    do {
      let loaded = try NetworkFile.load(weights, family: network, classes: classes, device: machine.apply())
      print("network    \(loaded.network.name) (\(loaded.network.variant)): runs")
      print("takes      images \(loaded.network.takenSizes)")
      print("predicts   \(loaded.classes.name)")
      print("colors     \(loaded.network.normalisation.name)")
      for note in loaded.notes { print("note       \(note)") }
    } catch let problem as Problem {
      print("network    torchscript, of no use so: \(problem.why)")
      print("way in     \(problem.remedy)")
    }
    if !images.isEmpty {
      print(
        "readings   none: a module has one; `iapc predict --normalisation NAME` shows what colours do to it")
    }
  }

  /// Entries with values that are no numbers.
  private func show(_ spoiled: [NotFiniteEntry]) {
    for entry in spoiled.prefix(entries ? .max : 8) { print("warning    in \(entry.name) \(entry.words)") }
    if !entries, spoiled.count > 8 { print("warning    and so in \(spoiled.count - 8) more entries") }
    if !spoiled.isEmpty { print("warning    no command takes weights with such values") }
  }

  /// Puts a few images to every plausible reading of the weights.
  private func compareReadings(_ checkpoint: Checkpoint) throws {
    _ = try machine.apply()
    let space = try NetworkFile.classes(of: checkpoint, named: classes)
    let display = ProgressDisplay()
    let found = try PlausibleReadings.compare(
      checkpoint, at: weights, family: network, classes: space, images: pictures()
    ) { done, total in
      if done == 0 { display.begin("readings", total) }
      display.advance(done)
    }
    guard let found else { return print("readings   none: the weights are of no known network") }
    print("readings   entropy  information  mirrored alike       shift  classes")
    for reading in found.ranked {
      let check = reading.check
      let numbers =
        String(
          format: "%7.3f  %11.3f  %14.3f", check.meanEntropy, check.information, check.mirrorAgreement)
        + (reading.shift.map { String(format: "  %10.4g", $0) } ?? "           -")
      print("           \(numbers)  \(classShares(check, space))  \(words(reading.guess))")
    }
    let assumed = words(found.assumed.guess)
    switch found.verdict {
    case .advised(let reading):
      print(
        "warning    the images speak for \(words(reading.guess)), "
          + "not for what is assumed without it: \(assumed)")
      print("sure       \(sureness(reading, found.assumed))")
    case .unsure(let reading, let why):
      print("assumed    \(assumed): nothing speaks clearly against it")
      print("not sure   \(words(reading.guess)) is more plausible, but \(why)")
    case .agreed:
      print("assumed    \(assumed): nothing speaks clearly against it")
    }
  }

  /// What the plausibilities are, and on how many images the first is larger.
  private func sureness(_ a: PlausibleReadings.Reading, _ b: PlausibleReadings.Reading) -> String {
    func said(_ a: LabelFreeCheck, _ b: LabelFreeCheck, _ statistics: String) -> String {
      let images = zip(a.plausibilities, b.plausibilities).count { $0 > $1 }
      return String(
        format: "%.2f against %.2f, larger on %d of %d images, ", a.plausibility, b.plausibility, images,
        a.plausibilities.count) + "with \(statistics) statistics"
    }
    guard let own = a.own, let other = b.own else { fatalError("advice without a second opinion") }
    let shifts = zip([a.shift, b.shift], ["", " against "]).map { shift, word in
      word + (shift.map { String(format: "%.2g", $0) } ?? "-")
    }.joined()
    return "\(said(a.check, b.check, "stored")); \(said(own, other, "each image's own")); shift \(shifts)"
  }

  /// A few images of the list, evenly chosen, of one size.
  private func pictures() throws -> [RGBImage] {
    let list = try images.list()
    let count = min(max(1, shown), list.count)
    let first = try list.entries[0].read()
    // What every known network takes.
    func length(_ side: Int) -> Int { max(32, side / 8 * 8) }
    let target = size ?? PixelSize(width: length(first.width), height: length(first.height))
    return try (0..<count).map {
      try list.entries[$0 * list.count / count].read().resizedBicubic(to: target)
    }
  }

  private func words(_ guess: NetworkFile.Guess) -> String {
    (guess.variant.isEmpty ? "" : "--variant \(guess.variant) ")
      + "--normalisation \(guess.normalisation.name)"
  }

  /// The three largest classes: "road 35 %".
  private func classShares(_ check: LabelFreeCheck, _ space: LabelSpace) -> String {
    check.histogram.enumerated().sorted { $0.element > $1.element }.prefix(3).map {
      "\(space.classes[$0.offset].name) \(Int(($0.element * 100).rounded())) %"
    }.joined(separator: ", ")
  }

  /// How the entries were recognised, where the file has names of its own.
  private func show(_ weights: RecognisedWeights, of checkpoint: Checkpoint) {
    guard let dialect = weights.dialect else { return }
    let keys = weights.checkpoint.places.keys.mapValues { $0.joined(separator: ".") }
    print("dialect    \(dialect.name): \(keys.count) entries renamed")
    let renamed = weights.checkpoint.tensors.compactMap { entry in keys[entry.name].map { (entry.name, $0) } }
    for (name, key) in entries ? renamed[...] : renamed.suffix(1) { print("  renamed     \(key) to \(name)") }
    for note in weights.notes { print("  note        \(note)") }
    for name in weights.ignored.prefix(entries ? .max : 4) { print("  unused      \(name)") }
    if !entries, weights.ignored.count > 4 { print("  unused      and \(weights.ignored.count - 4) more") }
  }

  private func show(_ fit: NetworkFile.Fit, isSound: Bool) {
    guard let report = fit.report else {
      return print("network    not \(fit.family)\(fit.why.map { ": \($0)" } ?? "")")
    }
    let fits =
      !report.isExact
      ? "does not fit"
      : isSound ? "fits exactly" : "fits by names and shapes, with values that are no numbers"
    print("network    \(fit.family) (\(fit.variant)): \(fits)")
    for name in report.missing { print("  missing     \(name)") }
    for name in report.unexpected { print("  unexpected  \(name)") }
    for item in report.misshapen {
      print("  misshapen   \(item.name) \(item.found), expected \(item.expected)")
    }
  }
}

extension NetworkFile.Fit {
  /// Whether nothing of the entries is of the family.
  fileprivate var isOther: Bool { report == nil && why == nil && weights == nil }
}

extension CheckpointFormat {
  var words: String {
    switch self {
    case .zip: ".pth of PyTorch 1.6 or later (zip)"
    case .legacyPickle: ".pth of PyTorch before 1.6 (pickle stream)"
    case .safetensors: "safetensors"
    }
  }
}
