// SPDX-License-Identifier: Apache-2.0

import Imaging

extension LabelSpace {
  /// A label map in the classes' colours; black where there is no class.
  public func colours(of map: LabelMap) -> RGBImage { blend(map, over: nil, opacity: 1) }

  /// An image with a label map's colours over it; pixels without a class stay as they are.
  ///
  /// - `opacity`: the colours' share, 0 to 1.
  public func overlay(_ map: LabelMap, on image: RGBImage, opacity: Double = 0.5) -> RGBImage {
    guard map.size == image.size else {
      fatalError("a label map of \(map.size) on an image of \(image.size)")
    }
    return blend(map, over: image, opacity: opacity)
  }

  private func blend(_ map: LabelMap, over image: RGBImage?, opacity: Double) -> RGBImage {
    var result = image ?? RGBImage(size: map.size)
    let share = Int((opacity * 256).rounded())
    let colours = palette.bytes
    result.pixels.withUnsafeMutableBufferPointer { output in
      map.pixels.withUnsafeBufferPointer { labels in
        for i in 0..<labels.count where Int(labels[i]) < count {
          for channel in 0..<3 {
            let old = Int(output[3 * i + channel])
            let new = Int(colours[3 * Int(labels[i]) + channel])
            output[3 * i + channel] = UInt8((old * (256 - share) + new * share + 128) >> 8)
          }
        }
      }
    }
    return result
  }

  /// The classes' names beside their colours, as a drawing in SVG.
  public var legend: String {
    let height = 28 * count + 12
    var svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"240\" height=\"\(height)\" "
    svg += "font-family=\"sans-serif\" font-size=\"15\">\n<title>Classes of \(name)</title>\n"
    svg += "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    for (index, item) in classes.enumerated() {
      let y = 28 * index + 8
      let fill = "rgb(\(item.red),\(item.green),\(item.blue))"
      let escaped = item.name.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      svg += "<rect x=\"10\" y=\"\(y)\" width=\"32\" height=\"22\" fill=\"\(fill)\" stroke=\"#444\"/>\n"
      svg += "<text x=\"54\" y=\"\(y + 16)\">\(index) \(escaped)</text>\n"
    }
    return svg + "</svg>\n"
  }
}
