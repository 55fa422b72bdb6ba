// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Files
import Foundation
import Imaging
import Segmentation

struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Look a data set over: counts, sizes, missing partners, unknown ids, class shares.",
    discussion: """
      Examples:
        iapc data check --dataset gta5 --data /data/GTA5 --sheet gta5.html
        iapc data check --images frames/ --labels masks/ --label-space cityscapesIds
        iapc data check --dataset my.yaml --split val

      Every file is read; nothing ends at the first bad one. The status is 1 where
      something is wrong: a file that cannot be read, a label of another size than its
      image, an id that the label space does not know, an image or label without its
      partner. --sheet writes a page with images, overlays and class shares to look at.

      Data sets that are built in, with their splits:
      \(listed(DataSet.known.map { ($0.name, $0.splits.map(\.name).joined(separator: ", ")) }))

      One's own is a small YAML file; Documentation/DataSets.md shows its form.
      """)

  @OptionGroup var images: ImageOptions
  @OptionGroup var labels: LabelOptions
  @Flag(help: "Look at the images alone.")
  var noLabels = false
  @Option(
    help: ArgumentHelp("Also write a page to look at there (HTML).", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var sheet: String?
  @Option(help: "How many images the page shows.")
  var shown = 24
  @Option(
    help: ArgumentHelp("Also write everything that was found there.", valueName: "file"),
    completion: .file(extensions: ["json"]))
  var json: String?

  func validate() throws {
    guard !images.isEmpty else { throw ValidationError("Give --images, or --dataset with --data.") }
    guard (1...500).contains(shown) else { throw ValidationError("--shown must be 1 to 500, got \(shown).") }
  }

  func run() throws {
    Signals.watch()
    try checkOutputFile(sheet)
    try checkOutputFile(json)
    var source = images.source(labels)
    // What is missing is told in the result.
    source.allowMissing = true
    let isLabelled = !noLabels && (labels.labels != nil || images.dataset != nil)
    let found = isLabelled ? try source.labelled() : nil
    let list = try found == nil ? source.imageList() : nil
    let display = ProgressDisplay()
    display.begin("check", found?.images.count ?? list?.count ?? 0)
    let progress: (Int) throws -> Void = { count in
      display.advance(count)
      if let signal = Signals.current { throw Interruption(signal: signal) }
    }
    let check =
      if let found { try DataCheck(found.images, progress: progress) } else if let list {
        try DataCheck(list, progress: progress)
      } else { fatalError("a check without images") }
    show(check, found)
    if let json { try writeJSON(check, to: json) }
    if let sheet { try write(sheet, check, found, list) }
    if !check.isSound { throw ExitCode(1) }
  }

  // MARK: Text

  private func show(_ check: DataCheck, _ found: LabelledSource?) {
    print("images     \(check.images)" + (found.map { " of \($0.name)" } ?? ""))
    if let found {
      print("pairs      \(check.pairs), labels in \(found.images.space.name)")
      let absent = found.missing - check.imagesWithoutLabel.count
      if absent > 0 { print("absent     \(absent) images that the data set should have") }
    }
    for (size, count) in check.sizes.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      print("size       \(size): \(count)")
    }
    if check.turned > 0 {
      let ignored = images.exifOrientation == .ignore
      print(
        "turned     \(check.turned) images by their EXIF orientation, "
          + (ignored ? "left as they are stored" : "as viewers turn them"))
    }
    if let space = found?.images.space { classes(check, space) }
    for line in check.leftOut.lines { print("left out   \(line)") }
    list("no label", check.imagesWithoutLabel)
    list("no image", check.labelsWithoutImage)
    for item in check.unknownIDs {
      print("unknown    id \(item.id): \(item.pixels) pixels in \(item.files) files")
    }
    list("bad file", check.badFiles.map { "\($0.path): \($0.why)" })
    print(
      check.isSound
        ? check.leftOut.isEmpty ? "nothing is wrong" : "nothing is wrong with the others"
        : "something is wrong, see above")
  }

  private func classes(_ check: DataCheck, _ space: LabelSpace) {
    let total = Double(max(1, check.classPixels.reduce(check.ignoredPixels, +)))
    let width = space.classes.map(\.name.count).max() ?? 0
    let largest = Double(max(1, check.ignoredPixels, check.classPixels.max() ?? 1))
    func row(_ name: String, _ pixels: Int, _ note: String) {
      let share = String(format: "%7.3f %%", 100 * Double(pixels) / total)
      let bar = String(repeating: "#", count: Int((30 * Double(pixels) / largest).rounded()))
      let padded = name.padding(toLength: max(width, 7), withPad: " ", startingAt: 0)
      print("class      \(padded) \(share) \(note) \(bar)")
    }
    for (index, item) in space.classes.enumerated() {
      let images = String(check.classImages[index])
      let padding = String(repeating: " ", count: max(0, 6 - images.count))
      row(item.name, check.classPixels[index], "in \(padding)\(images)")
    }
    row("ignored", check.ignoredPixels, "         ")
  }

  private func list(_ title: String, _ names: [String]) {
    let padded = title.padding(toLength: 10, withPad: " ", startingAt: 0)
    for name in names.prefix(10) { print("\(padded) \(name)") }
    if names.count > 10 { print("\(padded) and \(names.count - 10) more; --json lists all") }
  }

  // MARK: Page

  private func write(_ path: String, _ check: DataCheck, _ found: LabelledSource?, _ list: ImageList?) throws
  {
    let count = found?.images.count ?? list?.count ?? 0
    let title = found?.name ?? images.images ?? images.dataset ?? ""
    var page = ContactSheet(title: title, check: check, space: found?.images.space)
    for place in 0..<min(shown, count) {
      let index = place * count / min(shown, count)
      // Files that cannot be read were counted already.
      if let pairs = found?.images {
        let entry = pairs.entries[index]
        guard let image = try? entry.image.read() else { continue }
        let label = try? pairs.space.read(entry.labelPath, exif: entry.image.exif)
        page.add(
          name: entry.image.name, image: image,
          label: label?.size == image.size ? label : nil)
      } else if let list, let image = try? list.entries[index].read() {
        page.add(name: list.entries[index].name, image: image)
      }
    }
    try AtomicFile.write(Array(page.html.utf8), to: path)
  }
}
