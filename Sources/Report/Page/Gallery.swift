// SPDX-License-Identifier: Apache-2.0

import Imaging
import Segmentation

extension RunSection {
  /// Images with both networks' labels, to be compared with a slider.
  var gallery: HTML {
    guard let found = findings.found else { return "" }
    let pictures = found.pictures.enumerated().map { picture($1, id: "\(id)-picture-\($0)", found.classes) }
    return """
      <div class="tools"><label for="\(id)-opacity">Colours over the image</label>
      <input type="range" class="opacity" id="\(id)-opacity" min="0" max="100" value="60"></div>
      <p class="note">Left of the line: before; right of it: after. Move it with the slider below an image, with \
      the arrow keys, or by dragging on the image.</p>
      \(found.classes.legendList)
      <div class="gallery">
      \(pictures)
      </div>
      """
  }

  private func picture(_ shown: ShownPicture, id: String, _ space: LabelSpace) -> HTML {
    let palette = space.palette
    let size = shown.image.size
    func layer(_ map: LabelMap, _ kind: String) -> HTML {
      Embedding.image(
        Embedding.map(map, palette), size, alt: "\(shown.name), classes \(kind): \(space.told(map))",
        kind: "layer \(kind)")
    }
    return """
      <figure class="compare">
      <figcaption><strong>\(shown.name)</strong>\(caption(shown))</figcaption>
      <div class="stack">
      \(Embedding.image(Embedding.photo(shown.image), size, alt: "\(shown.name), the image itself"))
      \(layer(shown.before, "before"))
      \(layer(shown.after, "after"))
      <span class="seam" aria-hidden="true"></span>
      <span class="tag left" aria-hidden="true">before</span><span class="tag right" aria-hidden="true">after</span>
      </div>
      <label class="hidden" for="\(id)">Before and after, \(shown.name)</label>
      <input type="range" class="slider" id="\(id)" min="0" max="100" value="50">
      \(maps(shown, space))
      </figure>
      """
  }

  private func caption(_ shown: ShownPicture) -> HTML {
    let rank: HTML = shown.rank.map { rank -> HTML in " <span class=\"rank\">\(rank)</span>" } ?? ""
    guard let score = shown.score else { return "\(rank) \(percent(shown.changed)) of the pixels changed" }
    return """
      \(rank) mIoU \(points(score.before)) → \(points(score.after)) \
      \(change(points(abs(score.after - score.before)), score.after - score.before))
      """
  }

  /// The true labels and the method's maps.
  private func maps(_ shown: ShownPicture, _ space: LabelSpace) -> HTML {
    var small: [HTML] = []
    func add(_ source: HTML, _ size: PixelSize, _ words: String, _ caption: HTML) {
      small.append(
        """
        <figure>\(Embedding.image(source, size, alt: "\(shown.name), \(words)"))<figcaption>\(caption)</figcaption>\
        </figure>
        """)
    }
    if let truth = shown.truth {
      add(
        Embedding.map(truth, space.palette), truth.size, "true classes: \(space.told(truth))", "true labels")
    }
    if let insight = shown.insight {
      if let map = insight.importance {
        add(
          Embedding.photo(map, quality: 75), map.size,
          "importance of each pixel, \(short(insight.meanImportance)) on average",
          """
          importance, on average \(short(insight.meanImportance)): <span class="ramp" \
          style="background:\(Ramp.css)"></span> 0 to 1
          """)
      }
      add(
        Embedding.photo(insight.agreement, quality: 75), insight.agreement.size,
        "nearest prototype is of the pseudo-label's class in \(percent(insight.agreeing)) of the pixels",
        """
        nearest prototype (of the adapted network) and pseudo-label: \(key(InsightMaps.agreeColour))agree \
        (\(percent(insight.agreeing))), \(key(InsightMaps.differColour))differ
        """)
    }
    return small.isEmpty ? "" : "<div class=\"maps\">\(small)</div>"
  }

  private func key(_ colour: [UInt8]) -> HTML {
    let css = "rgb(\(colour[0]),\(colour[1]),\(colour[2]))"
    return "<span class=\"swatch\" style=\"background:\(css)\"></span>"
  }
}

extension LabelSpace {
  /// A map's largest classes in words.
  fileprivate func told(_ map: LabelMap) -> String {
    var counts = [Int](repeating: 0, count: 256)
    for pixel in map.pixels { counts[Int(pixel)] += 1 }
    let found = classes.enumerated().filter { counts[$0.offset] > 0 }
      .sorted { (counts[$1.offset], $0.offset) < (counts[$0.offset], $1.offset) }
    return found.prefix(4).map { index, item in
      "\(item.name) \(percent(Double(counts[index]) / Double(map.size.area), digits: 0))"
    }.joined(separator: ", ")
  }
}
