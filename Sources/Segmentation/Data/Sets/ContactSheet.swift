// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging

/// A page to look a data set over: some of its images with their labels laid over, and what was counted.
///
/// One HTML file with everything in it.
public struct ContactSheet {
  /// An image as it is shown.
  private struct Picture {
    let name: String
    let plain: String
    let overlay: String?
  }

  private static let widest = 480

  private let title: String
  private let check: DataCheck
  private let space: LabelSpace?
  private var pictures: [Picture] = []

  /// - `space`: the label space of the pictures' labels; nil where there are none.
  public init(title: String, check: DataCheck, space: LabelSpace?) {
    (self.title, self.check, self.space) = (title, check, space)
  }

  /// Adds an image, shrunk to what is easily looked at.
  public mutating func add(name: String, image: RGBImage, label: LabelMap? = nil) {
    let width = min(Self.widest, image.width)
    let size = PixelSize(width: width, height: max(1, image.height * width / image.width))
    let small = image.resizedBicubic(to: size)
    let overlay = space.flatMap { space in
      label.map { space.overlay($0.resizedNearest(to: size), on: small, opacity: 0.65) }
    }
    pictures.append(
      Picture(name: name, plain: Self.embedded(small), overlay: overlay.map(Self.embedded)))
  }

  /// The page, one HTML text that needs no other file.
  public var html: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(title))</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <style>
    :root { color-scheme: light dark }
    body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 1500px; padding: 0 1rem }
    h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
    table { border-collapse: collapse } td, th { padding: 2px 10px 2px 0; text-align: left }
    td.n { text-align: right; font-variant-numeric: tabular-nums }
    .swatch { display: inline-block; width: 1.6em; height: 1em; border: 1px solid #8888; vertical-align: middle }
    .bar { height: .8em; min-width: 1px }
    .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 12px }
    figure { margin: 0 } figure img { width: 100%; display: block }
    figcaption { font-size: 12px; overflow-wrap: anywhere }
    .bad { color: #c22 }
    </style></head><body>
    <h1>\(Self.escaped(title))</h1>
    \(summary)
    \(classes)
    <h2>Images</h2>
    <div class="grid">
    \(pictures.map(figure).joined(separator: "\n"))
    </div></body></html>

    """
  }

  private var summary: String {
    var lines = [
      "\(check.images) images" + (space.map { ", \(check.pairs) with labels in \($0.name)" } ?? "")
    ]
    lines += check.sizes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) of \($0.key)" }
    let troubles =
      check.unknownIDs.map { "unknown id \($0.id): \($0.pixels) pixels in \($0.files) files" }
      + check.badFiles.map { "\($0.path): \($0.why)" }
      + check.imagesWithoutLabel.map { "no label: \($0)" }
      + check.labelsWithoutImage.map { "no image: \($0)" }
    let shown = troubles.prefix(20).map { "<li class=\"bad\">\(Self.escaped($0))</li>" }
    let more = troubles.count > 20 ? ["<li class=\"bad\">and \(troubles.count - 20) more</li>"] : []
    return "<ul>" + (lines.map { "<li>\(Self.escaped($0))</li>" } + shown + more).joined() + "</ul>"
  }

  private var classes: String {
    guard let space else { return "" }
    let total = Double(max(1, check.classPixels.reduce(check.ignoredPixels, +)))
    let largest = Double(max(1, check.classPixels.max() ?? 1))
    let rows = space.classes.enumerated().map { index, item in
      let (pixels, colour) = (check.classPixels[index], "rgb(\(item.red),\(item.green),\(item.blue))")
      let share = String(format: "%.3f %%", 100 * Double(pixels) / total)
      let width = String(format: "%.1f", 240 * Double(pixels) / largest)
      return "<tr><td><span class=\"swatch\" style=\"background:\(colour)\"></span></td>"
        + "<td>\(Self.escaped(item.name))</td><td class=\"n\">\(share)</td>"
        + "<td class=\"n\">\(check.classImages[index])</td>"
        + "<td><div class=\"bar\" style=\"width:\(width)px;background:\(colour)\"></div></td></tr>"
    }
    let ignored = String(format: "%.3f %%", 100 * Double(check.ignoredPixels) / total)
    return "<h2>Classes</h2><table><tr><th></th><th>class</th><th>pixels</th><th>images</th><th></th></tr>"
      + rows.joined() + "<tr><td></td><td>ignored</td><td class=\"n\">\(ignored)</td></tr></table>"
  }

  private func figure(_ picture: Picture) -> String {
    let images = [picture.plain, picture.overlay].compactMap { $0 }.map { "<img src=\"\($0)\" alt=\"\">" }
    return "<figure>\(images.joined())<figcaption>\(Self.escaped(picture.name))</figcaption></figure>"
  }

  private static func embedded(_ image: RGBImage) -> String {
    "data:image/png;base64,\(Data(image.pngBytes()).base64EncodedString())"
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
  }
}
